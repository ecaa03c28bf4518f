import Custody
import CustodyModel

/// Says how far a version tells whom its records are about.
enum StatePrinter {
  /// Adds how far a version says whom its records are about.
  static func add(
    _ state: Datasets.State, _ ancestors: [Datasets.Ancestor], to facts: inout Facts,
    _ format: OutputFormat
  ) {
    facts.add("state", "state", state.kind.rawValue)
    guard format == .table else {
      facts.add("pseudonyms", "tokens", .json(json(state)))
      facts.add("measured", "measured", state.measured.map { .json(json($0)) } ?? .absent)
      facts.add("claimed", "claimed", state.claim?.method)
      return addReasons(state, ancestors, to: &facts, format)
    }
    if let source = state.source {
      facts.add("", "values in", "\(source.dataset)@v\(source.version)")
    }
    for column in state.columns { facts.add("", "tokens", text(column)) }
    if let measured = state.measured { facts.add("", "measured", text(measured)) }
    if let claim = state.claim {
      facts.add("", "claimed", "\(claim.method), at \(claim.position.value)")
    }
    addReasons(state, ancestors, to: &facts, format)
  }

  /// Adds what leads from the version to people, and what it was made of.
  static func addReasons(
    _ state: Datasets.State, _ ancestors: [Datasets.Ancestor], to facts: inout Facts,
    _ format: OutputFormat
  ) {
    guard format == .table else {
      facts.add("links", "in this store", .json(json(state.links)))
      facts.add("madeOf", "made of", .json(json(ancestors)))
      return
    }
    for link in state.links { facts.add("", "in this store", text(link)) }
    for made in ancestors {
      facts.add("", "made of", "\(made.dataset)@v\(made.version), \(made.state.rawValue)")
    }
  }

  private static func text(_ link: Datasets.State.Link) -> String {
    switch link {
    case .table(let table): return "\(table) leads back from tokens"
    case .key(_, let purpose): return "the key for \(purpose) makes the tokens again"
    case .column(let column): return "\(column) says whom each record is about"
    case .people: return "records are sealed under keys of people"
    case .values(let dataset, let version, let joins):
      let ways = joins.map { join in
        switch join {
        case .key(let name): "the natural key \(name)"
        case .order: "the order"
        case .run: "the run that made the tokens"
        }
      }
      return
        "\(dataset)@v\(version) has the values, and is joined by \(ways.joined(separator: ", "))"
    }
  }

  private static func json(_ links: [Datasets.State.Link]) -> String {
    let objects = links.map { link in
      var object = JSONWriter()
      switch link {
      case .table(let table):
        object.member("link", "table")
        object.member("table", table)
      case .key(let key, let purpose):
        object.member("link", "key")
        object.member("key", key.hex)
        object.member("purpose", purpose)
      case .column(let column):
        object.member("link", "column")
        object.member("column", column)
      case .people: object.member("link", "people")
      case .values(let dataset, let version, let joins):
        object.member("link", "values")
        object.member("dataset", dataset)
        object.member("version", version)
        object.member("by", strings: joins.map(name))
      }
      return object.object
    }
    return "[\(objects.joined(separator: ","))]"
  }

  private static func name(_ join: Datasets.State.Link.Join) -> String {
    switch join {
    case .key: "key"
    case .order: "order"
    case .run: "run"
    }
  }

  private static func json(_ ancestors: [Datasets.Ancestor]) -> String {
    let objects = ancestors.map { made in
      var object = JSONWriter()
      object.member("dataset", made.dataset)
      object.member("version", made.version)
      object.member("state", made.state.rawValue)
      return object.object
    }
    return "[\(objects.joined(separator: ","))]"
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
