import Custody
import CustodyModel

/// What a file for others proves, for people and for programs.
struct EvidencePrinter {
  let report: EvidenceReport
  let file: String

  func print(_ format: OutputFormat, explain: Bool) {
    switch format {
    case .json, .ndjson: Terminal.print(json)
    case .csv: printSteps(.csv)
    case .table:
      if explain || !report.holds { printSteps(.table) }
      printSummary()
    }
  }

  private func printSteps(_ format: OutputFormat) {
    var writer = RecordWriter(
      format,
      [
        .init("holds", "holds"), .init("check", wrapped: true),
        .init("rests", "rests on", wrapped: true), .init("fault", "fault", wrapped: true),
      ])
    for step in report.steps {
      writer.write([
        format == .table ? .text(step.fault == nil ? "yes" : "no") : .flag(step.fault == nil),
        .text(step.what), .text(step.basis), step.fault.map { .text($0) } ?? .absent,
      ])
    }
    writer.finish()
  }

  private func printSummary() {
    let verdict =
      report.holds ? Terminal.styled("holds", .green) : Terminal.styled("does not hold", .red)
    var line = "\(Terminal.visible(file)), \(name): \(verdict)"
    if report.holds, let checkpoint = report.checkpoint {
      line += "; \(what) under the checkpoint of \(checkpoint.size.counted("event")) of "
      line += Terminal.visible("\(checkpoint.origin)")
    } else if let fault = report.steps.last?.fault {
      line += "; \(Terminal.visible(fault))"
    }
    Terminal.print(line)
    if report.holds, let header = report.event {
      let (claim, place) = (header.claim, header.place)
      Terminal.print(
        "position \(place.position): \(Terminal.visible(claim.type.text)) on "
          + "\(Terminal.visible(claim.stream.text)), recorded \(place.recordedAt) by "
          + "\(Terminal.visible(claim.actor.text))")
    }
    if let content = report.content { printContent(content) }
    if let erasure = report.erasure { CertifiedErasurePrinter(erasure: erasure).print() }
  }

  private func printContent(_ content: [UInt8]) {
    guard let text = String(validating: content, as: UTF8.self) else {
      return Terminal.print("content: \(content.count.asBytes) that are no text")
    }
    Terminal.print("content: \(Terminal.visible(text))")
  }

  private var name: String {
    switch report.kind {
    case .proof: "a proof"
    case .consistency: "a proof of consistency"
    case .disclosure: "a disclosure"
    case .events: "a range of events"
    case .tiles: "tiles"
    case .certificate: "a certificate of an erasure"
    }
  }

  private var what: String {
    switch report.kind {
    case .proof: "the event is in the ledger"
    case .consistency:
      report.eventCount == 0
        ? "it begins with nothing, as every ledger does,"
        : "the first \(report.eventCount.counted("event")) are the same"
    case .disclosure: "the content is that of the event"
    case .events: "\(report.eventCount.counted("event"))\(range), none left out,"
    case .tiles: "\(report.eventCount.counted("event")), all of them,"
    case .certificate: "the erasure is in the ledger"
    }
  }

  private var range: String {
    var text = report.positions.map { ", positions \($0.lowerBound) to \($0.upperBound)" } ?? ""
    if let since = report.since { text += ", since \(since)" }
    if let until = report.until { text += ", until \(until)" }
    return text
  }

  private var json: String {
    var writer = JSONWriter()
    writer.member("holds", report.holds)
    writer.member("kind", report.kind.rawValue)
    writer.member("events", report.eventCount)
    writer.member("origin", report.checkpoint.map { "\($0.origin)" })
    writer.member("size", report.checkpoint?.size)
    writer.member("root", report.checkpoint?.root.hex)
    writer.member("position", report.event?.place.position.value)
    writer.member("id", report.event.map { "\($0.claim.eventID)" })
    writer.member("from", report.positions?.lowerBound)
    writer.member("to", report.positions?.upperBound)
    writer.member("since", report.since.map { "\($0)" })
    writer.member("until", report.until.map { "\($0)" })
    writer.member("contentBase64", report.content.map { Base64.encode($0) })
    if let erasure = report.erasure {
      writer.member("erasure", json: CertifiedErasurePrinter(erasure: erasure).json)
    }
    writer.member("steps", report.steps) { step, writer in
      writer.member("check", step.what)
      writer.member("restsOn", step.basis)
      writer.member("fault", step.fault)
    }
    return writer.object
  }
}
