/// What the caller says of an event, known before any lock is taken.
///
/// Its bytes are the additional data of the sealed content, so a body belongs to exactly one claim.
public struct Claim: Hashable, Sendable {
  /// The most keys that may seal one content.
  public static let keyCountMax = 8
  static let magic = Array("CUST".utf8)
  static let version: UInt8 = 1

  public var flags: Flags
  public var ledgerID: LedgerID
  public var eventID: EventID
  /// What this event has in common with others, or nil.
  public var correlationID: EventID?
  /// The event that this one follows from, or nil.
  public var causationID: EventID?
  /// The caller's time of the fact.
  public var occurredAt: Timestamp
  public var stream: Name
  public var type: Name
  public var typeVersion: UInt16
  public var actor: Name
  /// The keys that seal the content, ascending; empty for the library's own events.
  public let keyIDs: [KeyID]
  /// All zero when there is no key.
  public var nonce: Nonce

  /// What flags bits mean.
  public struct Flags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Bit 0: the content was compressed with raw DEFLATE.
    public static let compressed = Flags(rawValue: 1)
    /// The bits that version 1 knows.
    static let known: Flags = [.compressed]
  }

  /// - Throws: ``ClaimError`` when the keys, the nonce or the event id cannot be.
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

  /// The bytes of `ledger-format` §1.
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

/// Why a claim cannot be.
public enum ClaimError: Error, Equatable {
  case zeroEventID
  case tooManyKeys(Int)
  case keysNotAscending
  case nonceAndKeysDisagree
  case reservedFlag
}
