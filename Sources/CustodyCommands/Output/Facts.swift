import CustodyModel

/// A handful of named values about one thing: lines for people, one object for programs.
struct Facts {
  private var rows: [(name: String, title: String, cell: Cell)] = []

  mutating func add(_ name: String, _ title: String, _ cell: Cell) {
    rows.append((name, title, cell))
  }

  mutating func add(_ name: String, _ title: String, _ text: String?) {
    add(name, title, text.map { .text($0) } ?? .absent)
  }

  mutating func add(_ name: String, _ title: String, _ number: Int) {
    add(name, title, .number(number))
  }

  func write(_ format: OutputFormat) {
    switch format {
    case .table:
      let width = rows.map(\.title.count).max() ?? 0
      for row in rows {
        switch row.cell {
        case .absent, .list([]): continue
        default: break
        }
        let padding = String(repeating: " ", count: width - row.title.count)
        Terminal.print(
          "\(Terminal.styled(row.title, .dim))\(padding)  \(Terminal.visible(row.cell.plain))")
      }
    case .json, .ndjson:
      var writer = JSONWriter()
      for row in rows { writer.member(row.name, json: row.cell.json) }
      Terminal.print(writer.object)
    case .csv:
      Terminal.print(rows.map { RecordWriter.csv($0.name) }.joined(separator: ","))
      Terminal.print(rows.map { RecordWriter.csv($0.cell.plain) }.joined(separator: ","))
    }
  }
}

extension Cell {
  /// A number that people would not know the unit of.
  static func count(_ number: Int, _ noun: String, _ format: OutputFormat) -> Cell {
    format == .table ? .text(number.counted(noun)) : .number(number)
  }
}

extension Int {
  /// Bytes as people read them: `1.5 MB`.
  var asBytes: String {
    var value = Double(self)
    for unit in ["bytes", "kB", "MB", "GB", "TB"] {
      if value < 1000 || unit == "TB" {
        if unit == "bytes" { return "\(self) \(self == 1 ? "byte" : unit)" }
        return "\((value * 10).rounded() / 10) \(unit)"
      }
      value /= 1000
    }
    return "\(self)"
  }

  /// `1 event`, `2 events`.
  func counted(_ noun: String) -> String { self == 1 ? "1 \(noun)" : "\(self) \(noun)s" }
}
