import CustodyLedger

/// Seals contents into objects and opens them; for one thread at a time.
package final class ObjectSealer {
  /// An object that was opened.
  package struct Opened {
    package let content: [UInt8]
    package let isList: Bool
  }

  private let ledgerID: LedgerID
  private let environment: Environment
  private let sealer = ContentSealer()
  private let sha256 = SHA256()
  private let hmac: RepeatedHMAC

  package init(ledgerID: LedgerID, environment: Environment) {
    self.ledgerID = ledgerID
    self.environment = environment
    hmac = RepeatedHMAC(key: SecretBytes(count: 32) { _ in }, using: sha256)
  }

  /// What an equal content under the same keys is found by.
  package func tag(of content: [UInt8], isList: Bool, keys: SealingKeys) -> ObjectStore.Tag {
    hmac.rekey(keys.tagKey)
    let code = withUnsafeBytes(of: UInt8(isList ? 1 : 0)) { kind in
      content.withUnsafeBytes { hmac.code(kind, $0) }
    }
    return code.withUnsafeBytes {
      ObjectStore.Tag(loading: UnsafeRawBufferPointer(rebasing: $0[..<16]))
    }
  }

  package func seal(
    _ content: [UInt8], isList: Bool, keys: SealingKeys, tag: ObjectStore.Tag?
  ) -> ObjectStore.New {
    let (nonce, salt) = randomness()
    let object = SealedObject(
      sealing: content, isList: isList, ledgerID: ledgerID, keyIDs: keys.ids, keys: keys.secrets,
      nonce: nonce, salt: salt, with: sealer)
    return ObjectStore.New(object, address: sha256.hash(object.bytes), tag: tag)
  }

  /// Both at once: each question to the kernel costs as much as some hashing.
  private func randomness() -> (Nonce, salt: Digest) {
    var bytes = environment.random(Nonce.byteCount + Digest.byteCount)
    defer { bytes.wipe() }
    return bytes.withUnsafeBytes {
      (
        Nonce(loading: UnsafeRawBufferPointer(rebasing: $0[..<Nonce.byteCount])),
        Digest(loading: UnsafeRawBufferPointer(rebasing: $0[Nonce.byteCount...]))
      )
    }
  }

  /// - Returns: nil when one of its keys is gone.
  /// - Throws: `damaged` when the bytes are no object of this ledger or do not open.
  package func open(_ bytes: [UInt8], keys: LedgerStore.Keys) throws -> Opened? {
    do {
      let object = try SealedObject(parsing: bytes)
      guard object.ledgerID == ledgerID else { throw SealedObjectError.malformed }
      guard let secrets = try JointKey.secrets(of: object.keyIDs, keys) else { return nil }
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
