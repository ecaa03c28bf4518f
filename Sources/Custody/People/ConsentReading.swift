import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// That data that may be about people was read, whatever they allowed.
struct ConsentReading {
  let kind: ConsentGap.Kind
  var run: EventID?
  var job: String?
  let position: Position
  let startedAt: Timestamp
  let actor: String?
  let purpose: String?
  let input: ConsentGap.Input
  /// The keys that seal what was read; nil for everything in the version.
  var keys: [KeyID]?
  /// Whether what was restricted then was left out.
  var isWithoutRestricted = false

  /// Whether it is about everybody in the version.
  var isOfWholeVersion: Bool { keys == nil && !isWithoutRestricted }
}

extension ConsentReading {
  fileprivate init(
    _ kind: ConsentGap.Kind, _ header: Header, for purpose: String?, _ input: ConsentGap.Input
  ) {
    self.init(
      kind: kind, position: header.place.position, startedAt: header.place.recordedAt,
      actor: header.claim.actor.text, purpose: purpose, input: input)
  }
}

extension Consents {
  /// What Custody's own events say was read.
  func ownReadings(_ filter: EventFilter) async throws -> [ConsentReading] {
    var found: [ConsentReading] = []
    for type in [RunStarted.type, DatasetRestored.type, DisclosureMade.type] {
      var filter = filter
      filter.type = type
      for try await event in store.events(filter) {
        guard let content = try store.content(of: event) else { continue }
        found += try readings(event.header, content)
      }
    }
    return found
  }

  /// What a caller appended under one of these types elsewhere says nothing.
  private func readings(_ header: Header, _ content: [UInt8]) throws -> [ConsentReading] {
    let (stream, version) = (header.claim.stream.text, header.claim.typeVersion)
    switch header.claim.type.text {
    case RunStarted.type where stream.hasPrefix(RunProjection.streamPrefix):
      guard let said = RunStarted(content: content, version: version) else { return [] }
      return said.inputs.map { input in
        var reading = ConsentReading(
          .run, header, for: said.purpose,
          .version(dataset: input.dataset, number: input.number))
        reading.run = header.claim.eventID
        reading.job = said.job
        reading.isWithoutRestricted = input.restricted > 0
        return reading
      }
    case DatasetRestored.type where stream.hasPrefix(DatasetProjection.streamPrefix):
      guard let said = DatasetRestored(content: content, version: version),
        // What a run restored for itself, it read.
        try header.claim.correlationID.map({ try !isOwnRun($0) }) ?? true
      else { return [] }
      var reading = ConsentReading(
        .restore, header, for: said.purpose, .version(dataset: said.dataset, number: said.number))
      reading.keys = said.keys?.compactMap { KeyID(hex: $0) }
      reading.isWithoutRestricted = said.restricted > 0
      return [reading]
    case DisclosureMade.type where stream == DisclosureMade.stream:
      guard let said = DisclosureMade(content: content, version: version),
        let event = try store.event(at: Position(said.position)),
        "\(event.header.claim.eventID)" == said.event
      else { return [] }
      var reading = ConsentReading(
        .disclosure, header, for: said.purpose, .event(event.position))
      reading.keys = event.header.claim.keyIDs
      return [reading]
    default: return []
    }
  }

  /// Whether a run is one of Custody's own.
  func isOwnRun(_ id: EventID) throws -> Bool {
    try store.folder.read { try $0.nameID("\(RunProjection.streamPrefix)\(id)") != nil }
  }
}
