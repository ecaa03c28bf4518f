/// Checks headers one after another by what they show without bodies: steps 1 to 3 of section 6 of
/// <doc:Format>.
///
/// Memory grows with their number, by an id each, and with their streams.
package struct HeaderChain {
  private let ledgerID: LedgerID
  private let isFromStart: Bool
  private var next: Int
  private var last: (leaf: Leaf, recordedAt: Timestamp)?
  private var eventIDs: Set<EventID> = []
  private var revisions: [Name: Int] = [:]

  /// - Parameter position: of the first header; what stands before it is not known.
  package init(ledgerID: LedgerID, from position: Int) {
    self.ledgerID = ledgerID
    isFromStart = position == 0
    next = position
  }

  /// Takes the next header.
  ///
  /// - Returns: its leaf.
  /// - Throws: ``HeaderFault`` when it cannot stand there.
  package mutating func append(_ header: Header) throws(HeaderFault) -> Leaf {
    let (claim, place) = (header.claim, header.place)
    guard place.position.value == next, claim.ledgerID == ledgerID,
      place.previousLeaf == last?.leaf ?? (isFromStart ? Leaf() : place.previousLeaf)
    else { throw .anotherEvent }
    if let last, place.recordedAt < last.recordedAt { throw .timeDecreases }
    guard Self.isTypeAllowed(claim, at: next) else { throw .type }
    guard eventIDs.insert(claim.eventID).inserted else { throw .eventIDRepeated }
    let revision = place.revision.value
    guard revision == revisions[claim.stream] ?? (isFromStart ? 0 : revision) else {
      throw .revision
    }
    // A header can name the largest number there is, after which none can follow.
    revisions[claim.stream] = revision &+ 1
    let leaf = header.leaf
    last = (leaf, place.recordedAt)
    next += 1
    return leaf
  }

  /// Types that are the library's own have no keys, their stream, and version 1 unless the format
  /// leaves open what they hold; all others have keys.
  private static func isTypeAllowed(_ claim: Claim, at position: Int) -> Bool {
    let type = claim.type.text
    guard (type == SystemEvent.types[0]) == (position == 0) else { return false }
    guard SystemEvent.isReserved(type: Array(type.utf8)) else { return !claim.keyIDs.isEmpty }
    return claim.keyIDs.isEmpty && claim.stream.text == SystemEvent.stream
      && (type == "checkpoint.timestamped"
        || SystemEvent.types.contains(type) && claim.typeVersion == SystemEvent.typeVersion)
  }
}

/// Why a header cannot stand where it does.
package enum HeaderFault: Error, Equatable {
  /// Of another position or ledger, or after another event.
  case anotherEvent
  case timeDecreases
  /// Type, keys, stream and position do not go together.
  case type
  case eventIDRepeated
  case revision
}
