import CustodyLedger
import CustodyModel

/// An event that keeps data from being destroyed or used, as it was recorded: sealed, in its own words.
///
/// The guard keeps these beside the ledger, so that a recovery that loses events loses no hold. They are
/// sealed under the operations key and name people by key ids.
package struct Safeguard: JournalLine {
  package let header: Header
  let body: [UInt8]

  /// Which types they are of, by the beginning of their streams' names.
  static let types = [
    HoldPlaced.streamPrefix: [HoldPlaced.type, HoldReleased.type],
    ErasureRequested.streamPrefix: [ErasureDenied.type, ErasureWithdrawn.type],
    RestrictionPlaced.streamPrefix: [RestrictionPlaced.type, RestrictionLifted.type],
  ]

  private static let allTypes = Set(types.values.joined())

  /// - Returns: nil for an event of another kind, or without the body that was recorded.
  init?(_ event: StoredEvent) {
    guard Self.is(event.header.claim), let body = event.body,
      SHA256.hash(body) == event.header.seal.bodyHash
    else { return nil }
    (header, self.body) = (event.header, body)
  }

  /// Whether an event of this claim is one. A type alone says nothing: callers may give an event any,
  /// in streams of their own.
  static func `is`(_ claim: Claim) -> Bool {
    allTypes.contains(claim.type.text)
      && types.contains { prefix, types in Self.is(claim, types, prefix) }
  }

  static func `is`(_ claim: Claim, _ types: [String], _ prefix: String) -> Bool {
    types.contains(claim.type.text) && claim.stream.text.hasPrefix(prefix)
  }

  var id: EventID { header.claim.eventID }

  /// The order in which they were made: what the claim says is sealed with the content, a place is not.
  var order: (Timestamp, Position) { (header.claim.occurredAt, header.place.position) }

  /// The event as the ledger that has lost it had it.
  var event: StoredEvent { StoredEvent(header: header, body: body, leaf: header.leaf) }

  /// `event <header> <body>`, both as hexadecimal digits.
  package var text: String { "event \(Hex.encode(header.bytes)) \(Hex.encode(body))" }

  package init?(text: some StringProtocol) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "event", let bytes = Hex.decode(parts[1].utf8),
      let header = try? Header(parsing: bytes),
      let body = Hex.decode(parts[2].utf8)
    else { return nil }
    (self.header, self.body) = (header, body)
    // One way to write each: a header has one, and digits are small.
    guard !text.utf8.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) })
    else {
      return nil
    }
  }
}

extension Journal where Line == Safeguard {
  static var fileName: String { "safeguards" }
}
