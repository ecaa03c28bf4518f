/// What follows from sealing the content.
public struct Seal: Hashable, Sendable {
  /// Bytes of the body as stored.
  public let bodyLength: Int
  /// SHA-256 of the body.
  public let bodyHash: Digest
  /// SHA-256(0x00 ‖ salt ‖ content).
  public let commitment: Digest

  /// The seal of a body of `bodyLength` bytes.
  public init(bodyLength: Int, bodyHash: Digest, commitment: Digest) {
    self.bodyLength = bodyLength
    self.bodyHash = bodyHash
    self.commitment = commitment
  }

  package func write(to writer: inout ByteWriter) {
    writer.write(UInt64(bodyLength))
    writer.write(bodyHash)
    writer.write(commitment)
  }
}

/// What the one writer that orders events gives.
public struct Place: Hashable, Sendable {
  /// The place in the ledger.
  public let position: Position
  /// The leaf of the event before, 32 zero bytes at position 0.
  public let previousLeaf: Leaf
  /// The writer's clock, never before the event before.
  public let recordedAt: Timestamp
  /// The place in the claim's stream.
  public let revision: Revision

  /// The place that follows the event whose leaf is `previousLeaf`.
  public init(
    position: Position, previousLeaf: Leaf, recordedAt: Timestamp, revision: Revision
  ) {
    self.position = position
    self.previousLeaf = previousLeaf
    self.recordedAt = recordedAt
    self.revision = revision
  }

  package func write(to writer: inout ByteWriter) {
    writer.write(UInt64(position.value))
    writer.write(previousLeaf)
    writer.write(recordedAt.microseconds)
    writer.write(UInt64(revision.value))
  }
}

/// Claim, seal and place: everything of an event but its body.
public struct Header: Hashable, Sendable {
  /// What the caller says.
  public let claim: Claim
  /// What was stored of the content.
  public let seal: Seal
  /// Where the event stands.
  public let place: Place

  /// A header of its three parts; whether they fit a ledger is for verification to say.
  public init(claim: Claim, seal: Seal, place: Place) {
    self.claim = claim
    self.seal = seal
    self.place = place
  }

  /// The bytes that the leaf hashes.
  public var bytes: [UInt8] {
    var writer = ByteWriter(capacity: 512)
    claim.write(to: &writer)
    seal.write(to: &writer)
    place.write(to: &writer)
    return writer.bytes
  }

  /// SHA-256(0x00 ‖ claim ‖ seal ‖ place).
  public var leaf: Leaf { LeafHasher().leaf(headerBytes: bytes) }
}

/// Hashes headers to leaves, with one context for all of them.
package struct LeafHasher {
  package let sha256 = SHA256()

  package init() {}

  package func leaf(headerBytes: [UInt8]) -> Leaf {
    headerBytes.withUnsafeBytes { leaf(header: $0) }
  }

  @inline(__always)
  package func leaf(header: UnsafeRawBufferPointer) -> Leaf {
    // RFC 6962 §2.1: "MTH({d(0)}) = SHA-256(0x00 || d(0))".
    sha256.begin()
    sha256.update(UInt8(0))
    sha256.update(header)
    return sha256.end()
  }
}

extension Header {
  /// Reads a header from hostile bytes.
  ///
  /// - Throws: ``HeaderError`` at the first thing that is not as the format says.
  public init(parsing bytes: [UInt8]) throws(HeaderError) {
    var reader = ByteReader(bytes)
    func need<T>(_ value: T?) throws(HeaderError) -> T {
      guard let value else { throw .truncated }
      return value
    }
    func name(_ bytes: ArraySlice<UInt8>) throws(HeaderError) -> Name {
      guard let text = String(validating: bytes, as: UTF8.self) else { throw .name(.notUTF8) }
      do { return try Name(stored: text) } catch { throw .name(error) }
    }
    func nonNegative(_ value: UInt64) throws(HeaderError) -> Int {
      guard let value = Int(exactly: value) else { throw .numberTooLarge }
      return value
    }
    func optional(_ id: EventID) -> EventID? { id.isZero ? nil : id }

    guard try Array(need(reader.read(count: 4))) == Claim.magic else { throw .notAnEvent }
    guard try need(reader.read(UInt8.self)) == Claim.version else { throw .unknownVersion }
    let flags = Claim.Flags(rawValue: try need(reader.read(UInt8.self)))
    let ledgerID = try need(reader.read(LedgerID.self))
    let eventID = try need(reader.read(EventID.self))
    let correlationID = optional(try need(reader.read(EventID.self)))
    let causationID = optional(try need(reader.read(EventID.self)))
    let occurredAt = Timestamp(microseconds: try need(reader.read(Int64.self)))
    let stream = try name(need(reader.readString()))
    let type = try name(need(reader.readString()))
    let typeVersion = try need(reader.read(UInt16.self))
    let actor = try name(need(reader.readString()))
    let keyCount = Int(try need(reader.read(UInt8.self)))
    var keyIDs: [KeyID] = []
    for _ in 0..<keyCount { keyIDs.append(try need(reader.read(KeyID.self))) }
    let nonce = try need(reader.read(Nonce.self))
    let claim: Claim
    do {
      claim = try Claim(
        flags: flags, ledgerID: ledgerID, eventID: eventID, correlationID: correlationID,
        causationID: causationID, occurredAt: occurredAt, stream: stream, type: type,
        typeVersion: typeVersion, actor: actor, keyIDs: keyIDs, nonce: nonce)
    } catch {
      throw .claim(error)
    }
    let seal = Seal(
      bodyLength: try nonNegative(need(reader.read(UInt64.self))),
      bodyHash: try need(reader.read(Digest.self)),
      commitment: try need(reader.read(Digest.self)))
    let position = Position(try nonNegative(need(reader.read(UInt64.self))))
    let previousLeaf = try need(reader.read(Leaf.self))
    let recordedAt = Timestamp(microseconds: try need(reader.read(Int64.self)))
    let revision = Revision(try nonNegative(need(reader.read(UInt64.self))))
    guard reader.isAtEnd else { throw .trailingBytes }
    self.init(
      claim: claim, seal: seal,
      place: Place(
        position: position, previousLeaf: previousLeaf, recordedAt: recordedAt,
        revision: revision))
  }
}

/// Why bytes are not a header of version 1.
public enum HeaderError: Error, Equatable {
  /// They do not begin with `CUST`: they are something else.
  case notAnEvent
  /// The version is not 1; a newer program may know it.
  case unknownVersion
  /// They end before the place does.
  case truncated
  /// Something follows the place.
  case trailingBytes
  /// A length, position or revision of 2⁶³ or more.
  case numberTooLarge
  /// Stream, type or actor cannot be a name.
  case name(NameError)
  /// The parts of the claim do not fit each other.
  case claim(ClaimError)
}
