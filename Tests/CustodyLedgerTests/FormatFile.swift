import CustodyLedger
import CustodyTesting
import Foundation

/// A file of worked examples of the format, made by another implementation.
///
/// The shared vectors and the project's own examples have one shape; what only the latter have is
/// optional here.
struct FormatFile: Decodable {
  let ledgerId: Bytes
  let dataKeys: [String: Bytes]
  let jointKeys: [JointKeyExample]
  let xaes: [XAESExample]
  let events: [EventExample]
  let objects: [ObjectExample]
  let objectContents: [Bytes]
  let pieces: PiecesExample?
  let versionRoot: VersionRootExample
  let signingSeed: Bytes
  let verifierKey: String
  let witnessSeed: Bytes
  let witnessName: String
  let witnessKey: String?
  let checkpoints: [CheckpointExample]
  let inclusion: [InclusionExample]
  let consistency: [ConsistencyExample]
  let refuse: Refusals

  /// Bytes, written as hexadecimal digits.
  struct Bytes: Decodable {
    let bytes: [UInt8]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      guard let bytes = Hex.decode(try container.decode(String.self).utf8) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "not hexadecimal")
      }
      self.bytes = bytes
    }

    /// The bytes as a value of fixed size; another size is a fault of the file.
    func fixed<T: FixedBytes>(_ type: T.Type = T.self) -> T { T(bytes)! }
  }

  struct JointKeyExample: Decodable {
    let keyIds: [String]
    let key: Bytes
  }

  struct XAESExample: Decodable {
    let key: Bytes
    let nonce: Bytes
    /// Kₓ of the specification.
    let messageKey: Bytes?
    let aad: Bytes
    let plaintext: Bytes
    let ciphertext: Bytes
  }

  struct EventExample: Decodable {
    let position: Int
    let eventId: Bytes
    let correlationId: Bytes
    let causationId: Bytes
    let occurredAt: Int64
    let recordedAt: Int64
    let stream: String
    let revision: Int
    let type: String
    let typeVersion: UInt16
    let actor: String
    let keyIds: [String]
    let flags: UInt8
    let nonce: Bytes
    let salt: Bytes
    let content: Bytes
    let compressed: Bytes?
    /// Salt, stored content and padding.
    let plaintext: Bytes?
    let claim: Bytes
    let body: Bytes
    let bodyHash: Bytes
    let commitment: Bytes
    let previous: Bytes
    let header: Bytes
    let leaf: Bytes
  }

  struct ObjectExample: Decodable {
    let object: Bytes
    let address: Bytes
  }

  /// A record of more than a mebibyte: byte n of it is (n · n) mod 251.
  struct PiecesExample: Decodable {
    struct Piece: Decodable {
      let nonce: Bytes
      let salt: Bytes
      let address: Bytes
    }
    let keyId: String
    let naturalKey: Bytes
    let totalBytes: Int
    let pieces: [Piece]
    let listNonce: Bytes
    let listSalt: Bytes
    let listContent: Bytes
    let list: Bytes
    let address: Bytes
  }

  struct VersionRootExample: Decodable {
    struct Entry: Decodable {
      let ordinal: UInt64
      let address: Bytes

      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        ordinal = try container.decode(UInt64.self)
        address = try container.decode(Bytes.self)
      }
    }
    let entries: [Entry]
    let root: Bytes
  }

  struct CheckpointExample: Decodable {
    let size: Int
    let origin: String
    let root: Bytes
    let text: String
    let note: String
    let cosignature: String
  }

  struct InclusionExample: Decodable {
    let index: Int
    let size: Int
    let path: [Bytes]
    let proof: String
  }

  struct ConsistencyExample: Decodable {
    let old: Int
    let new: Int
    let hashes: [Bytes]
    /// The body of the witness protocol.
    let file: String?
  }

  struct Refusals: Decodable {
    struct Opening: Decodable {
      let why: String
      let position: Int
      let key: Bytes
      let body: Bytes
    }
    struct Sample: Decodable {
      let why: String
      let bytes: Bytes
    }
    struct Proof: Decodable {
      let why: String
      let proof: String
    }
    struct RecordContent: Decodable {
      let why: String
      let isList: Bool
      let content: Bytes
    }
    let notes: [String: String]
    let systemContent: [String: [String]]
    let opening: [Opening]
    let strings: [String]
    let headers: [Sample]?
    let objects: [Sample]?
    let proofs: [Proof]?
    let recordContents: [RecordContent]?
  }
}

extension FormatFile {
  static func shared() throws -> FormatFile {
    try Vectors.decode(FormatFile.self, from: "custody-format-v1.json")
  }

  func key(_ id: String) -> SecretBytes { secret(dataKeys[id]!.bytes) }
  func keys(_ ids: [String]) -> [SecretBytes] { ids.map { key($0) } }

  var leaves: [Digest] { events.map { $0.leaf.fixed() } }
  var reader: TreeReader<LeafSource> { TreeReader(LeafSource(leaves: leaves)) }

  func checkpoint(size: Int) -> CheckpointExample? { checkpoints.first { $0.size == size } }
}

extension FormatFile.EventExample {
  var isOpen: Bool { keyIds.isEmpty }

  /// The claim, put together from what the file says of it.
  func makeClaim(in ledger: LedgerID) throws -> Claim {
    func optional(_ id: FormatFile.Bytes) -> EventID? {
      id.fixed(EventID.self).isZero ? nil : id.fixed()
    }
    return try Claim(
      flags: Claim.Flags(rawValue: flags), ledgerID: ledger, eventID: eventId.fixed(),
      correlationID: optional(correlationId), causationID: optional(causationId),
      occurredAt: Timestamp(microseconds: occurredAt), stream: Name(stream), type: Name(type),
      typeVersion: typeVersion, actor: Name(actor), keyIDs: keyIds.map { KeyID(hex: $0)! },
      nonce: nonce.fixed())
  }

  /// What opening `body` under this event's claim gives.
  func open(
    _ body: [UInt8], keys: [SecretBytes]
  ) -> Result<(salt: Digest, content: [UInt8]), OpeningError> {
    body.withUnsafeBytes { body in
      claim.bytes.withUnsafeBytes { claim in
        Result { () throws(OpeningError) in
          try ContentSealer().opened(
            body, nonce: nonce.fixed(), aad: claim, keyIDs: keyIds.map { KeyID(hex: $0)! },
            isCompressed: flags & 1 == 1, commitment: commitment.fixed(), keys: keys)
        }
      }
    }
  }
}
