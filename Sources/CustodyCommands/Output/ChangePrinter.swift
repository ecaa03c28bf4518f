import Custody
import CustodyModel

/// Prints records that differ, and how.
struct ChangePrinter {
  private let format: OutputFormat
  private let withContent: Bool
  private var writer: RecordWriter
  private var counts: [Datasets.Change.Kind: Int] = [:]

  init(_ format: OutputFormat, withContent: Bool = false) {
    self.format = format
    self.withContent = withContent
    var columns: [RecordWriter.Column] = [
      .init("change"), .init("record", long: true), .init("from", detail: true),
      .init("fromPlace", "from place", detail: true), .init("toPlace", "to place", detail: true),
    ]
    if withContent { columns.append(.init("content", detail: true)) }
    writer = RecordWriter(format, columns)
  }

  mutating func write(_ change: Datasets.Change) {
    counts[change.kind, default: 0] += 1
    if format == .table, withContent { return writeText(change) }
    let isTable = format == .table
    var row: [Cell] = [
      .text(change.kind.rawValue), .text(isTable ? Self.title(change) : change.key),
      change.oldKey.map { .text($0) } ?? .absent, change.oldPlace.map { .number($0) } ?? .absent,
      change.newPlace.map { .number($0) } ?? .absent,
    ]
    if withContent { row.append(change.content.map { .json($0.json) } ?? .absent) }
    writer.write(row)
  }

  /// Ends the output; for people, with a sentence that counts.
  ///
  /// - Parameters:
  ///   - none: what to say when nothing differs.
  ///   - summary: what to make of the sentence.
  mutating func finish(none: String, _ summary: (String) -> String = { $0 }) {
    let isTable = format == .table
    guard isTable, !counts.isEmpty else { return writer.finish(none: none) }
    if !withContent { writer.finish() }
    Terminal.print(summary(sentence))
  }

  /// `12 records added, 3 changed`.
  private var sentence: String {
    let said: [(Datasets.Change.Kind, String)] = [
      (.added, "added"), (.changed, "changed"), (.moved, "moved"), (.removed, "removed"),
      (.erased, "gone on one side because of erasure"),
    ]
    guard counts.keys.contains(where: { $0 != .frame }) else {
      return "no record differs, but what is around them does"
    }
    var parts = said.compactMap { kind, word in counts[kind].map { "\($0) \(word)" } }
    if let first = said.first(where: { counts[$0.0] != nil }), let count = counts[first.0] {
      parts[0] = "\(count.counted("record")) \(first.1)"
    }
    if counts[.frame] != nil { parts.append("and what is around them") }
    return parts.joined(separator: ", ")
  }

  /// The record, and of one that moved whence and whither.
  private static func title(_ change: Datasets.Change) -> String {
    let arrow = Terminal.arrow
    if let old = change.oldKey { return "\(old) \(arrow) \(change.key)" }
    guard let old = change.oldPlace, let new = change.newPlace else { return change.key }
    return "\(change.key) (row \(old) \(arrow) row \(new))"
  }

  private func writeText(_ change: Datasets.Change) {
    let style: Terminal.Style =
      switch change.kind {
      case .added: .green
      case .removed, .erased: .red
      case .changed, .moved, .frame: .yellow
      }
    Terminal.print(
      "\(Terminal.styled(change.kind.rawValue, style)) \(Terminal.visible(Self.title(change)))")
    if let content = change.content { DifferenceText(indent: 2).print(content) }
  }
}
