/// A sealed record content, addressed by the SHA-256 of its bytes: section 7 of <doc:Format>.
package struct SealedObject: Sendable {
  static let magic = Array("CUSO".utf8)
  static let version: UInt8 = 1
  /// Where the ledger's id stands in an object's bytes, after magic, version and flags.
  package static let ledgerIDBytes = 6..<22

  /// What flags bits mean.
  package struct Flags: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Bit 0: the content was compressed with raw DEFLATE.
    package static let compressed = Flags(rawValue: 1)
    /// Bit 1: the content is a list of addresses.
    package static let list = Flags(rawValue: 2)
    static let known: Flags = [.compressed, .list]
  }

  package let flags: Flags
  package let ledgerID: LedgerID
  package let keyIDs: [KeyID]
  package let nonce: Nonce
  package let commitment: Digest
  /// Header and body: what is stored, and what the address hashes.
  package let bytes: [UInt8]
  private let headerCount: Int

  package var address: Digest { SHA256.hash(bytes) }

  /// Seals `content`; `keys` in the order of `keyIDs`, which are ascending and not empty.
  package init(
    sealing content: [UInt8], stored: ContentSealer.Stored? = nil, isList: Bool, ledgerID: LedgerID,
    keyIDs: [KeyID], keys: [SecretBytes], nonce: Nonce, salt: Digest, with sealer: ContentSealer
  ) {
    precondition((1...Claim.keyCountMax).contains(keyIDs.count))
    let commitment = content.withUnsafeBytes { sealer.commitment(salt: salt, content: $0) }
    (flags, bytes, headerCount) = content.withUnsafeBytes { content in
      let stored = stored ?? ContentSealer.Stored(content, compressing: true)
      var flags: Flags = isList ? .list : []
      if stored.isCompressed { flags.insert(.compressed) }
      let header = Self.header(flags, ledgerID, keyIDs, nonce, commitment)
      let bytes = stored.withBytes(of: content) {
        sealer.sealed(
          $0, salt: salt, nonce: nonce, aad: header, isPrefixed: true, keyIDs: keyIDs, keys: keys)
      }
      return (flags, bytes, header.count)
    }
    self.ledgerID = ledgerID
    self.keyIDs = keyIDs
    self.nonce = nonce
    self.commitment = commitment
  }

  private static func header(
    _ flags: Flags, _ ledgerID: LedgerID, _ keyIDs: [KeyID], _ nonce: Nonce, _ commitment: Digest
  ) -> [UInt8] {
    var writer = ByteWriter(capacity: 96 + 16 * keyIDs.count)
    writer.write(magic)
    writer.write(version)
    writer.write(flags.rawValue)
    writer.write(ledgerID)
    writer.write(UInt8(keyIDs.count))
    for key in keyIDs { writer.write(key) }
    writer.write(nonce)
    writer.write(commitment)
    return writer.bytes
  }

  /// Reads the header of hostile bytes.
  ///
  /// - Throws: ``SealedObjectError``.
  package init(parsing bytes: [UInt8]) throws(SealedObjectError) {
    var reader = ByteReader(bytes)
    guard reader.read(count: 4)?.elementsEqual(Self.magic) == true else { throw .notAnObject }
    guard reader.read(UInt8.self) == Self.version else { throw .unknownVersion }
    guard let flags = reader.read(UInt8.self).map({ Flags(rawValue: $0) }),
      let ledgerID = reader.read(LedgerID.self), let count = reader.read(UInt8.self)
    else { throw .truncated }
    guard flags.isSubset(of: .known), (1...Claim.keyCountMax).contains(Int(count)) else {
      throw .malformed
    }
    var keyIDs: [KeyID] = []
    for _ in 0..<count {
      guard let key = reader.read(KeyID.self) else { throw .truncated }
      keyIDs.append(key)
    }
    guard zip(keyIDs, keyIDs.dropFirst()).allSatisfy({ $0 < $1 }) else { throw .malformed }
    guard let nonce = reader.read(Nonce.self), let commitment = reader.read(Digest.self) else {
      throw .truncated
    }
    self.flags = flags
    self.ledgerID = ledgerID
    self.keyIDs = keyIDs
    self.nonce = nonce
    self.commitment = commitment
    self.bytes = bytes
    headerCount = bytes.count - reader.remaining.count
  }

  /// The content, checked against its commitment.
  package func open(
    keys: [SecretBytes], with sealer: ContentSealer
  ) throws(OpeningError) -> [UInt8] {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(OpeningError) in
        try sealer.opened(
          UnsafeRawBufferPointer(rebasing: bytes[headerCount...]), nonce: nonce,
          aad: UnsafeRawBufferPointer(rebasing: bytes[..<headerCount]), keyIDs: keyIDs,
          isCompressed: flags.contains(.compressed), commitment: commitment, keys: keys
        ).content
      }
    }
    return try result.get()
  }
}

/// Why bytes are not an object of version 1.
package enum SealedObjectError: Error, Equatable {
  case notAnObject
  case unknownVersion
  case truncated
  case malformed
}
