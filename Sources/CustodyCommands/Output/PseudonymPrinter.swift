import Custody
import CustodyModel

/// Says what became of a version that got tokens.
enum PseudonymPrinter {
  static func print(_ done: Datasets.Pseudonymized, _ format: OutputFormat) {
    if format == .table { Terminal.print(text(done)) } else { facts(done).write(format) }
    if let column = done.namingColumn.map({ Terminal.visible($0) }) {
      Terminal.note(
        "\(column) still says whom each record is about: --column \(column) gives it tokens too")
    }
    if let key = done.openKey.map({ Terminal.visible($0) }) {
      Terminal.note(
        "by \(key), the natural key, and by the order of records whoever has another release joins the "
          + "two: --column \(key) gives it tokens too, and records stand in the order of these")
    } else if done.isOrderKept {
      Terminal.note(
        "by the order of records, which is kept, whoever has another release joins the two")
    }
  }

  private static func text(_ done: Datasets.Pseudonymized) -> String {
    let names = done.columns.map(\.name).joined(separator: ", ")
    let source = "\(done.source.dataset)@v\(done.source.version)"
    let values = done.columns.reduce(0) { $0 + $1.values }.counted("value")
    let missing =
      done.missing == 0
      ? "" : "; \(done.missing.counted("record")) missing because of erasure"
    var lines: [String] = []
    switch done.commit {
    case nil:
      lines.append(
        "would pseudonymize \(names) of \(source) in \(done.dataset): "
          + "\(done.records.counted("record")), \(values)\(missing)")
    case let commit? where done.run == nil:
      lines.append(
        "nothing changed: \(done.dataset)@v\(commit.version) has these tokens already\(missing)")
    case let commit?:
      lines.append(
        "pseudonymized \(names) of \(source) as \(done.dataset)@v\(commit.version): "
          + "\(CommitPrinter.counts(of: commit))\(missing)")
    }
    if let table = done.table {
      let new = done.columns.reduce(0) { $0 + $1.newTokens }.counted("new token")
      lines.append("\(new) for \(values); \(table) leads back")
    } else {
      lines.append("\(values); key \(done.key?.hex ?? "to be made") makes the tokens")
    }
    return lines.map { Terminal.visible($0) }.joined(separator: "\n")
  }

  private static func facts(_ done: Datasets.Pseudonymized) -> Facts {
    var facts = Facts()
    facts.add("dataset", "dataset", done.dataset)
    facts.add("version", "version", done.commit.map { .number($0.version) } ?? .absent)
    facts.add("new", "new", .flag(done.run != nil))
    facts.add("sourceDataset", "of", done.source.dataset)
    facts.add("sourceVersion", "version of it", done.source.version)
    facts.add("records", "records", done.records)
    facts.add("missing", "missing", done.missing)
    var columns = "["
    for (index, column) in done.columns.enumerated() {
      var object = JSONWriter()
      object.member("column", column.name)
      object.member("values", column.values)
      object.member("newTokens", column.newTokens)
      columns += (index == 0 ? "" : ",") + object.object
    }
    facts.add("columns", "columns", .json(columns + "]"))
    facts.add("table", "table", done.table)
    facts.add("key", "key", done.key?.hex)
    facts.add("run", "run", done.run.map { "\($0)" })
    facts.add("namingColumn", "names people", done.namingColumn)
    facts.add("openKey", "natural key", done.openKey)
    facts.add("orderKept", "order kept", .flag(done.isOrderKept))
    return facts
  }
}
