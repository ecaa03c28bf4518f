import CustodyLedger

/// An event as the ledger holds it: its header and, unless purged, its sealed body.
public struct StoredEvent: Sendable {
  /// Claim, seal and place, as stored: readable without a key, and not verified by reading it.
  public let header: Header
  /// Sealed, unless the claim names no key; nil after a purge.
  public let body: [UInt8]?
  /// The hash of the header, as stored.
  public let leaf: Leaf

  /// Where the event stands in the ledger.
  public var position: Position { header.place.position }
}

/// Which events a read returns: those that every part that is given lets through.
public struct EventFilter: Sendable {
  /// Only events of this stream, by its exact name; it has an index.
  public var stream: String?
  /// Only events of this type, by its exact name.
  public var type: String?
  /// Only events sealed under one of these keys; nil for all.
  public var keys: [KeyID]?
  /// The first position, inclusive.
  public var from: Position?
  /// The position after the last.
  public var to: Position?
  /// Only events recorded at or after this time.
  public var since: Timestamp?
  /// Only events recorded before or at this time.
  public var until: Timestamp?
  /// From the newest to the oldest.
  public var isReversed: Bool

  /// A filter of these parts; without any, every event from the oldest to the newest.
  public init(
    stream: String? = nil, type: String? = nil, keys: [KeyID]? = nil, from: Position? = nil,
    to: Position? = nil,
    since: Timestamp? = nil, until: Timestamp? = nil, isReversed: Bool = false
  ) {
    self.stream = stream
    self.type = type
    self.keys = keys
    self.from = from
    self.to = to
    self.since = since
    self.until = until
    self.isReversed = isReversed
  }
}
