import Custody
import CustodyModel

/// A value in a row of output, in every format.
enum Cell {
  case text(String)
  /// RFC 3339; tables leave out the fraction of a second.
  case time(Timestamp)
  /// A time whose zone nobody said: tables mark it, and other formats leave the zone out.
  case naiveTime(Timestamp)
  case number(Int)
  case flag(Bool)
  /// An array of strings; in tables and CSV, with spaces between them.
  case list([String])
  /// JSON as it is; in tables and CSV, its text.
  case json(String)
  case absent

  /// The text of a value, or nothing.
  init(_ value: (some CustomStringConvertible)?) {
    self = value.map { .text($0.description) } ?? .absent
  }

  /// A time, or a date as it was given.
  init(_ moment: DateOrTime) {
    switch moment {
    case .date(let date): self = .text(date.description)
    case .time(let time): self = .time(time)
    }
  }

  var plain: String {
    switch self {
    case .text(let text), .json(let text): text
    case .time(let time): time.description
    case .naiveTime(let time): time.withoutZone
    case .list(let texts): texts.joined(separator: " ")
    case .number(let number): String(number)
    case .flag(let flag): flag ? "yes" : "no"
    case .absent: ""
    }
  }

  var json: String {
    switch self {
    case .text(let text): JSONWriter.quoted(text)
    case .time(let time): JSONWriter.quoted(time.description)
    case .naiveTime(let time): JSONWriter.quoted(time.withoutZone)
    case .list(let texts): "[\(texts.map(JSONWriter.quoted).joined(separator: ","))]"
    case .number(let number): String(number)
    case .flag(let flag): flag ? "true" : "false"
    case .json(let text): text
    case .absent: "null"
    }
  }

  /// What a table shows.
  fileprivate var shown: String {
    switch self {
    case .time(let time): time.toTheSecond
    case .naiveTime(let time): time.toTheSecond.dropLast() + "~"
    default: Terminal.visible(plain)
    }
  }

  /// What the mark of a naive time means.
  static let naiveLegend = "~ said without a time zone: read as UTC, orders nothing"
}

extension Timestamp {
  /// Without the fraction of a second.
  var toTheSecond: String {
    let text = description
    return text.firstIndex(of: ".").map { text[..<$0] + "Z" } ?? text
  }
}

/// Writes rows as a table, JSON, NDJSON or CSV, as they come.
struct RecordWriter {
  /// A column: its name in machine formats; tables show the ones that are not `detail`.
  struct Column {
    let name: String
    let title: String
    let isRight: Bool
    let isDetail: Bool
    /// What does not fit is shown in further lines; other columns cut it.
    let isWrapped: Bool
    /// Made narrower before others.
    let isLong: Bool

    init(
      _ name: String, _ title: String? = nil, right: Bool = false, detail: Bool = false,
      wrapped: Bool = false, long: Bool = false
    ) {
      self.name = name
      self.title = title ?? name
      isRight = right
      isDetail = detail
      isWrapped = wrapped
      isLong = long
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
  private var hasNaiveTimes = false

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
      for case .naiveTime in row { hasNaiveTimes = true }
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
      if hasNaiveTimes { line(Cell.naiveLegend) }
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
    let rows = page.map { row in shown.map { row[$0].shown } }
    for row in rows {
      for (place, index) in shown.enumerated() {
        widths[index] = max(widths[index], row[place].columnCount)
      }
    }
    if let width = Terminal.width { shrink(to: width) }
    if isFirst {
      for text in layout(shown.map { columns[$0].title }) {
        line(Terminal.styled(text, .bold))
      }
    }
    for row in rows { layout(row).forEach(line) }
    page = []
  }

  /// Makes the widest columns narrower until a row fits: first the long ones, but none below twelve
  /// characters, then all, but none below eight.
  private mutating func shrink(to width: Int) {
    for (indices, least) in [(shown.filter { columns[$0].isLong }, 12), (shown, 8)] {
      while shown.reduce(-2, { $0 + widths[$1] + 2 }) > width {
        guard let widest = indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > least
        else { break }
        widths[widest] -= 1
      }
    }
  }

  /// A row as lines: one, unless a wrapped cell takes more.
  private func layout(_ row: [String]) -> [String] {
    let cells = zip(shown, row).map { index, text in
      columns[index].isWrapped && Terminal.width != nil
        ? text.wrapped(to: widths[index]) : [fit(text, widths[index])]
    }
    return (0..<(cells.map(\.count).max() ?? 0)).map { number in
      var text = ""
      for (place, index) in shown.enumerated() {
        let cell = number < cells[place].count ? cells[place][number] : ""
        let padding = String(repeating: " ", count: max(0, widths[index] - cell.columnCount))
        if place > 0 { text += "  " }
        text += columns[index].isRight ? padding + cell : cell + padding
      }
      while text.last == " " { text.removeLast() }
      return text
    }
  }

  private func fit(_ text: String, _ width: Int) -> String {
    guard Terminal.width != nil, text.columnCount > width else { return text }
    return text.prefix(columns: max(0, width - Terminal.ellipsis.count)) + Terminal.ellipsis
  }
}
