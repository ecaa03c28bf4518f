import CustodyLedger

/// Seals contents into objects and opens them; for one thread at a time.
package final class ObjectSealer {
  /// An object that was opened.
  package struct Opened {
    package let content: [UInt8]
    package let isList: Bool
  }

  private struct TagKey {
    let keys: [SecretBytes]
    let hmac: RepeatedHMAC
  }

  private let ledgerID: LedgerID
  private let environment: Environment
  private let sealer = ContentSealer()
  private let sha256 = SHA256()
  private var tagKeys: [[KeyID]: TagKey] = [:]
  private static let tagKeyCountMax = 1 << 17

  package init(ledgerID: LedgerID, environment: Environment) {
    self.ledgerID = ledgerID
    self.environment = environment
  }

  /// What an equal content under the same keys is found by.
  package func tag(
    of content: [UInt8], isList: Bool, keyIDs: [KeyID], keys: [SecretBytes]
  ) throws -> ObjectStore.Tag {
    let hmac = try tagKey(keyIDs, keys)
    let code = withUnsafeBytes(of: UInt8(isList ? 1 : 0)) { kind in
      content.withUnsafeBytes { hmac.code(kind, $0) }
    }
    return code.withUnsafeBytes {
      ObjectStore.Tag(loading: UnsafeRawBufferPointer(rebasing: $0[..<16]))
    }
  }

  private func tagKey(_ keyIDs: [KeyID], _ keys: [SecretBytes]) throws -> RepeatedHMAC {
    if let known = tagKeys[keyIDs], zip(known.keys, keys).allSatisfy({ $0 === $1 }) {
      return known.hmac
    }
    if tagKeys.count >= Self.tagKeyCountMax { tagKeys.removeAll(keepingCapacity: true) }
    let base = keys.count == 1 ? keys[0] : JointKey.derive(keys)
    let secret = try base.withUnsafeBytes {
      try KeyDerivation.hkdf(
        $0, salt: [], info: Array("custody/content-tag/v1".utf8), count: 32)
    }
    let hmac = RepeatedHMAC(key: secret, using: sha256)
    tagKeys[keyIDs] = TagKey(keys: keys, hmac: hmac)
    return hmac
  }

  package func seal(
    _ content: [UInt8], isList: Bool, keyIDs: [KeyID], keys: [SecretBytes], tag: ObjectStore.Tag?
  ) -> ObjectStore.New {
    ObjectStore.New(
      SealedObject(
        sealing: content, isList: isList, ledgerID: ledgerID, keyIDs: keyIDs, keys: keys,
        nonce: environment.value(Nonce.self), salt: environment.value(Digest.self), with: sealer),
      tag: tag)
  }

  /// - Returns: nil when one of its keys is gone.
  /// - Throws: `damaged` when the bytes are no object of this ledger or do not open.
  package func open(_ bytes: [UInt8], keys: LedgerStore.Keys) throws -> Opened? {
    do {
      let object = try SealedObject(parsing: bytes)
      guard object.ledgerID == ledgerID else { throw SealedObjectError.malformed }
      var secrets: [SecretBytes] = []
      for id in object.keyIDs {
        guard let secret = try keys(id) else { return nil }
        secrets.append(secret)
      }
      return Opened(
        content: try object.open(keys: secrets, with: sealer),
        isList: object.flags.contains(.list))
    } catch let error as CustodyError {
      throw error
    } catch {
      throw CustodyError(
        .damaged, "A stored object does not open. Run: custody verify --level contents",
        cause: error)
    }
  }
}
