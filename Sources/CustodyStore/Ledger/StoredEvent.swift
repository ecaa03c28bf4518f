import CustodyLedger

/// An event as the ledger holds it: its header and, unless purged, its sealed body.
public struct StoredEvent: Sendable {
  public let header: Header
  /// Sealed, unless the claim names no key; nil after a purge.
  public let body: [UInt8]?
  public let leaf: Leaf

  public var position: Position { header.place.position }
}

/// Which events a read returns.
public struct EventFilter: Sendable {
  public var stream: String?
  public var type: String?
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

  public init(
    stream: String? = nil, type: String? = nil, from: Position? = nil, to: Position? = nil,
    since: Timestamp? = nil, until: Timestamp? = nil, isReversed: Bool = false
  ) {
    self.stream = stream
    self.type = type
    self.from = from
    self.to = to
    self.since = since
    self.until = until
    self.isReversed = isReversed
  }
}
