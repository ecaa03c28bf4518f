/// What the caller says of an event, known before any lock is taken.
///
/// Its bytes are the additional data of the sealed content, so a body belongs to exactly one claim.
public struct Claim: Hashable, Sendable {
  /// The most keys that may seal one content.
  public static let keyCountMax = 8
  static let magic = Array("CUST".utf8)
  static let version: UInt8 = 1

  /// How the content was stored before it was sealed.
  public package(set) var flags: Flags
  /// The ledger that the event is for: a body cannot be moved to another one.
  public var ledgerID: LedgerID
  /// The event's own id, unique in its ledger and never all zero.
  public let eventID: EventID
  /// What this event has in common with others, or nil.
  public var correlationID: EventID?
  /// The event that this one follows from, or nil.
  public var causationID: EventID?
  /// The caller's time of the fact; it may be any time, and orders nothing.
  public package(set) var occurredAt: Timestamp
  /// What the event belongs to, and in what it has a ``Revision``. Readable for ever.
  public var stream: Name
  /// What happened, `noun.verbed`. Readable for ever.
  public var type: Name
  /// The version of the type's content.
  public var typeVersion: UInt16
  /// Who acts, as the caller asserts; nothing verifies it. Readable for ever.
  public var actor: Name
  /// The keys that seal the content, ascending; empty for the library's own events.
  public let keyIDs: [KeyID]
  /// All zero when there is no key.
  public package(set) var nonce: Nonce

  /// What flags bits mean.
  public struct Flags: OptionSet, Hashable, Sendable {
    /// The byte of the header.
    public let rawValue: UInt8
    /// The flags of a header's byte; ``Claim`` refuses bits that version 1 does not know.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Bit 0: the content was compressed with raw DEFLATE.
    public static let compressed = Flags(rawValue: 1)
    /// The bits that version 1 knows.
    static let known: Flags = [.compressed]
  }

  /// A claim of these parts, checked against each other.
  ///
  /// `keyIDs` are strictly ascending, at most ``keyCountMax``, and empty for the library's own
  /// events alone; `nonce` is random when there are keys and all zero when there are none.
  ///
  /// - Throws: ``ClaimError`` when flags, keys, nonce or event id cannot be.
  public init(
    flags: Flags = [], ledgerID: LedgerID, eventID: EventID, correlationID: EventID? = nil,
    causationID: EventID? = nil, occurredAt: Timestamp, stream: Name, type: Name,
    typeVersion: UInt16, actor: Name, keyIDs: [KeyID], nonce: Nonce
  ) throws(ClaimError) {
    guard !eventID.isZero else { throw .zeroEventID }
    guard keyIDs.count <= Self.keyCountMax else { throw .tooManyKeys(keyIDs.count) }
    guard zip(keyIDs, keyIDs.dropFirst()).allSatisfy({ $0 < $1 }) else { throw .keysNotAscending }
    guard keyIDs.isEmpty == nonce.isZero else { throw .nonceAndKeysDisagree }
    guard flags.isSubset(of: .known) else { throw .reservedFlag }
    guard !(keyIDs.isEmpty && flags.contains(.compressed)) else { throw .reservedFlag }
    self.flags = flags
    self.ledgerID = ledgerID
    self.eventID = eventID
    self.correlationID = correlationID
    self.causationID = causationID
    self.occurredAt = occurredAt
    self.stream = stream
    self.type = type
    self.typeVersion = typeVersion
    self.actor = actor
    self.keyIDs = keyIDs
    self.nonce = nonce
  }

  /// The bytes that section 1 of <doc:Format> lays out: a header's first, and the additional data
  /// of the sealed body.
  public var bytes: [UInt8] {
    var writer = ByteWriter(capacity: 256)
    write(to: &writer)
    return writer.bytes
  }

  package func write(to writer: inout ByteWriter) {
    writer.write(Self.magic)
    writer.write(Self.version)
    writer.write(flags.rawValue)
    writer.write(ledgerID)
    writer.write(eventID)
    writer.write(correlationID ?? EventID())
    writer.write(causationID ?? EventID())
    writer.write(occurredAt.microseconds)
    writer.write(stream)
    writer.write(type)
    writer.write(typeVersion)
    writer.write(actor)
    writer.write(UInt8(keyIDs.count))
    for key in keyIDs { writer.write(key) }
    writer.write(nonce)
  }
}

/// Why a claim cannot be. In bytes from outside it means that they are no event of version 1.
public enum ClaimError: Error, Equatable {
  /// The event id is all zero, which stands for none.
  case zeroEventID
  /// This many keys, which is more than ``Claim/keyCountMax``.
  case tooManyKeys(Int)
  /// Key ids out of order, or one that stands twice.
  case keysNotAscending
  /// A nonce without a key to use it with, or keys with a nonce that is all zero.
  case nonceAndKeysDisagree
  /// A flag that version 1 does not know, or compression of a content that is not sealed.
  case reservedFlag
}
