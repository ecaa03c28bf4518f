import Custody
import CustodyModel

/// What was read that people did not allow, a row for each version or event.
enum ConsentGapPrinter {
  static func print(_ gaps: [ConsentGap], _ format: OutputFormat) {
    var writer = RecordWriter(
      format,
      [
        .init("startedAt", "began"), .init("kind"), .init("run"), .init("job", long: true),
        .init("purpose", long: true), .init("input", long: true),
        .init("position", detail: true), .init("actor", detail: true),
        .init("people", right: true), .init("outside", right: true),
      ] + ConsentGap.Reason.allCases.map { .init($0.rawValue, detail: true) } + [
        .init("finding", wrapped: true), .init("erased", detail: true),
      ] + (hasKeys(format) ? [.init("subjects", detail: true)] : []))
    for gap in gaps { writer.write(row(gap, format)) }
    writer.finish(none: "no processing outside of what people allow")
  }

  private static func hasKeys(_ format: OutputFormat) -> Bool {
    format == .json || format == .ndjson
  }

  private static func row(_ gap: ConsentGap, _ format: OutputFormat) -> [Cell] {
    let run = gap.run.map { format == .table ? String("\($0)".suffix(8)) : "\($0)" }
    var row: [Cell] = [
      .time(gap.startedAt), .text(gap.kind.rawValue), Cell(run), Cell(gap.job), Cell(gap.purpose),
      Cell(gap.input), .number(gap.position.value), Cell(gap.actor), .number(gap.people),
      .number(gap.count),
    ]
    row += ConsentGap.Reason.allCases.map { .number(gap.outside[$0]?.count ?? 0) }
    row += [.text(finding(gap)), .number(gap.erased)]
    if hasKeys(format) { row.append(.json(subjects(gap))) }
    return row
  }

  private static func finding(_ gap: ConsentGap) -> String {
    guard gap.purpose != nil else { return "names no purpose" }
    var parts = ConsentGap.Reason.allCases.compactMap { reason in
      gap.outside[reason].map { "\($0.count) \(reason.rawValue)" }
    }
    if gap.erased > 0 { parts.append("\(gap.erased) erased since") }
    return parts.joined(separator: ", ")
  }

  /// The key ids of people, by why.
  private static func subjects(_ gap: ConsentGap) -> String {
    var writer = JSONWriter()
    for (reason, people) in gap.outside.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      writer.member(reason.rawValue, strings: people.map(\.hex))
    }
    return writer.object
  }
}
