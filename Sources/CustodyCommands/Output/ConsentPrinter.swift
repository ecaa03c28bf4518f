import Custody
import CustodyModel

/// What people allow, as rows, and everything about one of them.
enum ConsentPrinter {
  private static let columns: [RecordWriter.Column] = [
    .init("subject"), .init("purpose", long: true), .init("state"), .init("basis"),
    .init("textVersion", "text"), .init("textDigest", detail: true), .init("from"),
    .init("expires", detail: true), .init("withdrawn", detail: true), .init("until"),
    .init("for", long: true), .init("givenBy", "given by", detail: true),
    .init("grant", detail: true), .init("position", right: true),
    .init("recordedAt", detail: true),
  ]

  private static func row(_ consent: Consent, at time: Timestamp) -> [Cell] {
    [
      .text(consent.subject.hex), .text(consent.purpose),
      .text(consent.state(at: time).rawValue), .text(consent.basis.rawValue),
      .text(consent.textVersion), consent.textDigest.map { .text($0) } ?? .absent,
      .time(consent.from), .optional(consent.expires), .optional(consent.withdrawn),
      .optional(consent.end), .list(consent.recipients), .text(consent.giver.rawValue),
      .text("\(consent.grant)"), .number(consent.position.value), .time(consent.recordedAt),
    ]
  }

  /// What was found, with what held at a time.
  static func print(_ consents: [Consent], at time: Timestamp, _ format: OutputFormat) {
    var writer = RecordWriter(format, columns)
    for consent in consents { writer.write(row(consent, at: time)) }
    writer.finish(none: "no consents")
  }

  /// What was recorded.
  static func print(_ recorded: [Consents.Recorded], _ format: OutputFormat) {
    var writer = RecordWriter(format, [.init("subject"), .init("event"), .init("purposes")])
    for recorded in recorded {
      writer.write([
        .text(recorded.subject.hex), .text("\(recorded.event)"), .list(recorded.purposes),
      ])
    }
    writer.finish()
  }

  // MARK: - One person

  static func print(_ record: ConsentRecord, at time: Timestamp, _ format: OutputFormat) {
    let standing = record.standing(at: time)
    switch format {
    case .csv: print(standing, at: time, .csv)
    case .json, .ndjson: Terminal.print(json(record, standing, at: time))
    case .table:
      print(standing, at: time, .table)
      printHistory(record)
    }
  }

  private static func printHistory(_ record: ConsentRecord) {
    guard !record.history.isEmpty else { return }
    Terminal.print("")
    var writer = RecordWriter(
      .table,
      [
        .init("position", right: true), .init("recorded at"), .init("what"),
        .init("purposes", wrapped: true), .init("from"), .init("by"),
      ])
    for entry in record.history {
      let purposes = entry.purposes.isEmpty ? "all" : entry.purposes.joined(separator: " ")
      writer.write([
        .number(entry.position.value), .time(entry.recordedAt), .text(entry.kind.rawValue),
        .text(purposes), .time(entry.from), .text(entry.actor),
      ])
    }
    writer.finish()
  }

  private static func json(
    _ record: ConsentRecord, _ standing: [Consent], at time: Timestamp
  ) -> String {
    var writer = JSONWriter()
    writer.member("subject", record.subject.hex)
    writer.member("when", "\(time)")
    writer.member("purposes", standing) { write($0, at: time, &$1) }
    writer.member("consents", record.consents) { write($0, at: time, &$1) }
    writer.member("history", record.history) { entry, object in
      object.member("position", entry.position.value)
      object.member("event", "\(entry.event)")
      object.member("recordedAt", "\(entry.recordedAt)")
      object.member("actor", entry.actor)
      object.member("what", entry.kind.rawValue)
      object.member("purposes", strings: entry.purposes)
      object.member("from", "\(entry.from)")
      object.member("grants", strings: entry.grants.map { "\($0)" })
    }
    return writer.object
  }

  private static func write(_ consent: Consent, at time: Timestamp, _ object: inout JSONWriter) {
    for (column, cell) in zip(columns, row(consent, at: time)) {
      object.member(column.name, json: cell.json)
    }
  }
}

extension Cell {
  fileprivate static func optional(_ time: Timestamp?) -> Cell { time.map { .time($0) } ?? .absent }
}
