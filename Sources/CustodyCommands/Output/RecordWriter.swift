import CustodyModel

/// A value in a row of output, in every format.
enum Cell {
  case text(String)
  case number(Int)
  case flag(Bool)
  /// JSON as it is; in tables and CSV, its text.
  case json(String)
  case absent

  var plain: String {
    switch self {
    case .text(let text), .json(let text): text
    case .number(let number): String(number)
    case .flag(let flag): flag ? "yes" : "no"
    case .absent: ""
    }
  }

  var json: String {
    switch self {
    case .text(let text): JSONWriter.quoted(text)
    case .number(let number): String(number)
    case .flag(let flag): flag ? "true" : "false"
    case .json(let text): text
    case .absent: "null"
    }
  }
}

/// Writes rows as a table, JSON, NDJSON or CSV, as they come.
struct RecordWriter {
  /// A column: its name in machine formats; tables show the ones that are not `detail`.
  struct Column {
    let name: String
    let title: String
    var isRight = false
    var isDetail = false

    init(_ name: String, _ title: String? = nil, right: Bool = false, detail: Bool = false) {
      self.name = name
      self.title = title ?? name
      isRight = right
      isDetail = detail
    }
  }

  /// Rows of a table that are laid out together.
  private static let pageSize = 256

  private let format: OutputFormat
  private let columns: [Column]
  private let shown: [Int]
  private var page: [[Cell]] = []
  private var widths: [Int]
  private var count = 0

  init(_ format: OutputFormat, _ columns: [Column]) {
    self.format = format
    self.columns = columns
    shown = columns.indices.filter { !columns[$0].isDetail }
    widths = columns.map(\.title.count)
    if format == .csv { line(columns.map { Self.csv($0.name) }.joined(separator: ",")) }
    if format == .json { Terminal.write([UInt8(ascii: "[")]) }
  }

  mutating func write(_ row: [Cell]) {
    defer { count += 1 }
    switch format {
    case .table:
      page.append(row)
      if page.count == Self.pageSize { flush() }
    case .json:
      Terminal.write(Array((count == 0 ? "\n  " : ",\n  ").utf8) + Array(object(row).utf8))
    case .ndjson: line(object(row))
    case .csv: line(row.map { Self.csv($0.plain) }.joined(separator: ","))
    }
  }

  /// Ends the output; a table without rows says `none`.
  mutating func finish(none: String = "none") {
    switch format {
    case .table:
      if count == 0 { Terminal.note(none) } else { flush() }
    case .json: Terminal.write(Array((count == 0 ? "]\n" : "\n]\n").utf8))
    case .ndjson, .csv: break
    }
  }

  private func line(_ text: String) { Terminal.print(text) }

  private func object(_ row: [Cell]) -> String {
    var writer = JSONWriter()
    for (column, cell) in zip(columns, row) { writer.member(column.name, json: cell.json) }
    return writer.object
  }

  /// RFC 4180: fields with a comma, a quote or a line end are quoted.
  static func csv(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  // MARK: - Tables

  private mutating func flush() {
    let isFirst = count <= Self.pageSize
    for row in page {
      for index in shown { widths[index] = max(widths[index], row[index].plain.count) }
    }
    if let width = Terminal.width { shrink(to: width) }
    if isFirst { line(Terminal.styled(layout(columns.map { .text($0.title) }), .bold)) }
    for row in page { line(layout(row)) }
    page = []
  }

  /// Makes the widest columns narrower until a row fits, but none below eight characters.
  private mutating func shrink(to width: Int) {
    while shown.reduce(-2, { $0 + widths[$1] + 2 }) > width {
      guard let widest = shown.max(by: { widths[$0] < widths[$1] }), widths[widest] > 8 else {
        return
      }
      widths[widest] -= 1
    }
  }

  private func layout(_ row: [Cell]) -> String {
    var text = ""
    for (place, index) in shown.enumerated() {
      let cell = fit(row[index].plain, widths[index])
      let padding = String(repeating: " ", count: max(0, widths[index] - cell.count))
      if place > 0 { text += "  " }
      if columns[index].isRight {
        text += padding + cell
      } else {
        text += place == shown.count - 1 ? cell : cell + padding
      }
    }
    return text
  }

  private func fit(_ text: String, _ width: Int) -> String {
    let text =
      text.contains(where: \.isNewline) ? String(text.map { $0.isNewline ? " " : $0 }) : text
    guard Terminal.width != nil, text.count > width else { return text }
    let mark = Terminal.isUTF8 ? "\u{2026}" : "..."
    return text.prefix(max(0, width - mark.count)) + mark
  }
}
