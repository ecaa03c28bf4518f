import CustodyLedger
import CustodyStore

/// Reads events for projections: headers of all, contents of those that a projection reads, opened
/// on all cores.
struct EventSource {
  /// Bytes of bodies opened at a time; one event may be larger.
  private static let bodiesSizeMax = 32 << 20

  let folder: StoreFolder
  let objects: any ProjectedObjects
  let contentTypes: Set<String>

  /// The events of a range, in order. Fewer when contents are large; none at the end.
  func events(from low: Int, to high: Int) throws -> [ProjectedEvent] {
    let ledgerID = folder.ledgerID
    var stored = try folder.read { reader in
      try reader.events(
        EventFilter(from: Position(low), to: Position(high)), ledgerID: ledgerID,
        limit: high - low, withBodies: false)
    }
    var size = 0
    if let end = stored.firstIndex(where: { event in
      guard isRead(event) else { return false }
      defer { size += event.header.seal.bodyLength }
      return size > Self.bodiesSizeMax
    }) {
      stored.removeSubrange(end...)
    }
    let events = stored
    guard events.contains(where: isRead) else {
      return events.map {
        ProjectedEvent(header: $0.header, leaf: $0.leaf, content: .unread, objects: objects)
      }
    }
    return try Parallel.map(events.count) { range in
      try folder.read { reader in
        try range.map { index in
          let event = events[index]
          guard isRead(event) else {
            return ProjectedEvent(
              header: event.header, leaf: event.leaf, content: .unread, objects: objects)
          }
          let whole = try reader.event(at: event.position, ledgerID: ledgerID)
          let content = try whole.flatMap { try folder.openedContent(of: $0) }
          return ProjectedEvent(
            header: event.header, leaf: event.leaf,
            content: content.map { .opened($0) } ?? .gone, objects: objects)
        }
      }
    }
  }

  private func isRead(_ event: StoredEvent) -> Bool {
    contentTypes.contains(event.header.claim.type.text)
  }
}
