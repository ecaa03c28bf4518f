import CustodyLedger
import CustodyStore

/// An object that an event names.
package enum ObjectContent: Sendable {
  case opened([UInt8], isList: Bool)
  /// It was removed, or its key destroyed.
  case gone
}

/// The objects of a store, opened: a function of the ledger and the keys that are left.
package final class StoredObjects: @unchecked Sendable {
  private let folder: StoreFolder
  private let sealer: ObjectSealer
  private let reader: ObjectReader
  private let hashes: RepeatedHMAC
  private let block = AES256Block()
  private var nameKeys: [KeyID: SecretBytes] = [:]
  private static let nameKeyCountMax = 1 << 16

  /// For one thread at a time.
  package init(folder: StoreFolder) throws {
    guard let keyring = folder.keyring else {
      throw CustodyError(.usage, "Projections need the store's secrets.")
    }
    self.folder = folder
    reader = try folder.objects.reader()
    sealer = ObjectSealer(ledgerID: folder.ledgerID, environment: folder.environment)
    hashes = RepeatedHMAC(key: try keyring.derivedKey(for: "natural-key"))
  }

  deinit { folder.objects.takeBack(reader) }

  package func content(at address: Digest) throws -> ObjectContent {
    guard let bytes = try reader.bytes(at: address),
      let opened = try sealer.open(bytes, keys: folder.dataKeys)
    else { return .gone }
    return .opened(opened.content, isList: opened.isList)
  }

  /// Reads many objects as of one moment, which is quicker than one by one.
  package func atOnce<R>(_ body: () throws -> R) throws -> R { try reader.atOnce(body) }

  /// The address of the object with an equal content under the same keys, if there is one.
  ///
  /// - Parameters:
  ///   - expected: where it probably is.
  ///   - filter: knows which tags there are.
  package func address(
    of tag: ObjectStore.Tag, expecting expected: Digest?, _ filter: TagFilter
  ) throws -> Digest? {
    guard filter.mayHold(tag) else { return nil }
    if let found = try reader.address(of: tag, expecting: expected) { return found }
    try filter.missed(reader)
    return nil
  }

  /// Whether an object has this content.
  package func holds(_ content: [UInt8], isList: Bool, at address: Digest) throws -> Bool {
    guard case .opened(let found, let foundIsList) = try self.content(at: address) else {
      return false
    }
    return found == content && foundIsList == isList
  }

  /// Whether there is such an object.
  package func contains(_ address: Digest) throws -> Bool { try reader.contains(address) }

  /// A keyed hash of a record's natural key.
  package func keyHash(of naturalKey: [UInt8], in dataset: String) -> EventID {
    var dataset = dataset
    let code = dataset.withUTF8 { dataset in
      withUnsafeBytes(of: UInt16(dataset.count).bigEndian) { count in
        naturalKey.withUnsafeBytes { hashes.code(count, UnsafeRawBufferPointer(dataset), $0) }
      }
    }
    return code.withUnsafeBytes {
      EventID(loading: UnsafeRawBufferPointer(rebasing: $0[..<16]))
    }
  }

  // MARK: - Names in change sets

  /// The hash of a natural key, sealed under the keys of its record.
  ///
  /// One block of AES under a key derived from them: a hash has no more to hide than its value, and
  /// goes with any one of the keys.
  ///
  /// - Throws: `keyDestroyed` when one is gone.
  package func sealedName(_ hash: EventID, under keyIDs: [KeyID]) throws -> EventID {
    guard let key = try nameKey(keyIDs) else {
      throw CustodyError(
        .keyDestroyed, "A key of the record is gone: nothing is written under it any more.")
    }
    return block.encrypt(hash, key: key)
  }

  /// The hash that was sealed, or nil when a key is gone.
  func openedName(_ name: EventID, under keys: KeySet) throws -> EventID? {
    if case .one(let id) = keys, let known = nameKeys[id] { return block.decrypt(name, key: known) }
    return try nameKey(keys.keyIDs).map { block.decrypt(name, key: $0) }
  }

  private func nameKey(_ keyIDs: [KeyID]) throws -> SecretBytes? {
    if keyIDs.count == 1, let known = nameKeys[keyIDs[0]] { return known }
    guard let keys = try JointKey.secrets(of: keyIDs, folder.dataKeys) else { return nil }
    let base = keys.count == 1 ? keys[0] : JointKey.derive(keys)
    let key = try base.withUnsafeBytes {
      try KeyDerivation.hkdf(
        $0, salt: [], info: Array("custody/natural-key/v1".utf8), count: AES256Block.keySize)
    }
    if keyIDs.count == 1 {
      if nameKeys.count >= Self.nameKeyCountMax { nameKeys.removeAll(keepingCapacity: true) }
      nameKeys[keyIDs[0]] = key
    }
    return key
  }
}
