import Custody
import CustodyModel

/// An event as a row: every field for programs, the telling ones for people.
enum EventRecord {
  static func columns(withContent: Bool) -> [RecordWriter.Column] {
    var columns: [RecordWriter.Column] = [
      .init("position", right: true), .init("recordedAt", "recorded at"),
      .init("stream", long: true), .init("type"), .init("id", detail: true),
      .init("typeVersion", "type version", detail: true),
      .init("occurredAt", "occurred at", detail: true), .init("actor", detail: true),
      .init("correlation", detail: true), .init("causation", detail: true),
      .init("revision", detail: true), .init("keys", detail: true),
      .init("bodyLength", "body length", detail: true),
      .init("bodyHash", "body hash", detail: true),
      .init("commitment", detail: true), .init("leaf", detail: true),
    ]
    if withContent {
      columns += [
        .init("content", long: true), .init("contentBase64", detail: true),
        .init("contentGone", detail: true), .init("contentRestricted", detail: true),
      ]
    }
    return columns
  }

  /// - Parameter content: nil where nobody asked for it.
  static func row(_ event: StoredEvent, _ content: ContentReader.Content? = nil) -> [Cell] {
    let claim = event.header.claim
    let place = event.header.place
    let row: [Cell] = [
      .number(place.position.value), .time(place.recordedAt),
      .text(claim.stream.text), .text(claim.type.text), .text(claim.eventID.description),
      .number(Int(claim.typeVersion)), .time(claim.occurredAt),
      .text(claim.actor.text), claim.correlationID.map { .text($0.description) } ?? .absent,
      claim.causationID.map { .text($0.description) } ?? .absent, .number(place.revision.value),
      .list(claim.keyIDs.map(\.hex)),
      .number(event.header.seal.bodyLength), .text(event.header.seal.bodyHash.hex),
      .text(event.header.seal.commitment.hex), .text(event.leaf.hex),
    ]
    return row + (content.map(cells) ?? [])
  }

  /// JSON content as itself, other bytes as base64; of what is not shown, why.
  private static func cells(of content: ContentReader.Content) -> [Cell] {
    switch content {
    case .opened(let bytes): cells(of: bytes) + [.flag(false), .flag(false)]
    case .gone: [.absent, .absent, .flag(true), .flag(false)]
    case .restricted: [.text("restricted"), .absent, .flag(false), .flag(true)]
    }
  }

  private static func cells(of content: [UInt8]) -> [Cell] {
    let isJSON = content.withUnsafeBytes { (try? JSONText.validate($0)) != nil }
    // NDJSON has a line a record: content that is spread over lines goes as base64.
    guard isJSON, !content.contains(0x0a) else {
      return [.absent, .text(Base64.encode(content))]
    }
    return [.json(String(decoding: content, as: UTF8.self)), .absent]
  }
}
