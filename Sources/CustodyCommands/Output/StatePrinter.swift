import Custody
import CustodyModel

/// Says how far a version tells whom its records are about.
enum StatePrinter {
  /// Adds how far a version says whom its records are about.
  static func add(_ state: Datasets.State, to facts: inout Facts, _ format: OutputFormat) {
    facts.add("state", "state", state.kind.rawValue)
    guard format == .table else {
      facts.add("pseudonyms", "tokens", .json(json(state)))
      facts.add("measured", "measured", state.measured.map { .json(json($0)) } ?? .absent)
      facts.add("claimed", "claimed", state.claim?.method)
      return
    }
    if let source = state.source {
      facts.add("", "values in", "\(source.dataset)@v\(source.version)")
    }
    for column in state.columns { facts.add("", "tokens", text(column)) }
    if let measured = state.measured { facts.add("", "measured", text(measured)) }
    if let claim = state.claim {
      facts.add("", "claimed", "\(claim.method), at \(claim.position.value)")
    }
  }

  /// `at 17: 3 people at least share city, year; 5 are asked for`.
  private static func text(_ measured: Datasets.Measurement) -> String {
    let others =
      measured.otherCount == 0
      ? "" : "; \(measured.otherCount.counted("column")) not looked at"
    return (measured.position.map { "at \($0.value): " } ?? "")
      + "\(measured.smallest) at least share \(measured.columns.joined(separator: ", ")); "
      + "\(measured.required) asked for\(others)"
  }

  static func json(_ measured: Datasets.Measurement) -> String {
    var object = JSONWriter()
    object.member("columns", strings: measured.columns)
    object.member("sensitive", strings: measured.sensitive)
    object.member("others", measured.otherCount)
    object.member("records", measured.records)
    object.member("missing", measured.missing)
    object.member("groups", measured.groups)
    object.member("smallest", measured.smallest)
    object.member("unique", measured.unique)
    object.member("required", measured.required)
    object.member("reached", measured.isReached)
    object.member("position", measured.position?.value)
    return object.object
  }

  private static func text(_ column: Datasets.State.Column) -> String {
    let way: String
    switch column.wayBack {
    case .open: way = column.table.map { "\($0) leads back" } ?? "key \(column.key?.hex ?? "")"
    case .keyDestroyed(let position): way = "key destroyed at \(position.value)"
    case .tableErased: way = "\(column.table ?? "the table") is erased"
    }
    switch column.tokens {
    case .random: return "\(column.name), random; \(way)"
    case .keyed(let purpose): return "\(column.name), keyed for \(purpose); \(way)"
    }
  }

  private static func json(_ state: Datasets.State) -> String {
    var objects: [String] = []
    for column in state.columns {
      var object = JSONWriter()
      object.member("column", column.name)
      switch column.tokens {
      case .random:
        object.member("tokens", "random")
        object.member("table", column.table)
      case .keyed(let purpose):
        object.member("tokens", "keyed")
        object.member("purpose", purpose)
        object.member("key", column.key?.hex)
      }
      switch column.wayBack {
      case .open: object.member("open", true)
      case .keyDestroyed(let position):
        object.member("open", false)
        object.member("destroyedAt", position.value)
      case .tableErased: object.member("open", false)
      }
      objects.append(object.object)
    }
    return "[\(objects.joined(separator: ","))]"
  }
}
