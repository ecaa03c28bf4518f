import CustodyLedger
import CustodyStore

/// The objects that events name, as a projection sees them: a function of the ledger and the keys
/// that are left.
package protocol ProjectedObjects: Sendable {
  func content(at address: Digest) throws -> ObjectContent
  /// A keyed hash of a record's natural key.
  func keyHash(of naturalKey: [UInt8], in dataset: String) -> EventID
}

/// An object that an event names.
package enum ObjectContent: Sendable {
  case opened([UInt8], isList: Bool)
  /// It was removed, or its key destroyed.
  case gone
}

/// The objects of a store.
package final class StoredObjects: ProjectedObjects, @unchecked Sendable {
  private let folder: StoreFolder
  private let sealer: ObjectSealer
  private let hashKey: SecretBytes

  /// For one thread at a time.
  package init(folder: StoreFolder) throws {
    guard let keyring = folder.keyring else {
      throw CustodyError(.usage, "Projections need the store's secrets.")
    }
    self.folder = folder
    sealer = ObjectSealer(ledgerID: folder.ledgerID, environment: folder.environment)
    hashKey = try keyring.derivedKey(for: "natural-key")
  }

  package func content(at address: Digest) throws -> ObjectContent {
    guard let bytes = try folder.objects.read({ try $0.bytes(at: address) }),
      let opened = try sealer.open(bytes, keys: folder.dataKeys)
    else { return .gone }
    return .opened(opened.content, isList: opened.isList)
  }

  package func keyHash(of naturalKey: [UInt8], in dataset: String) -> EventID {
    var writer = ByteWriter()
    writer.writeString(dataset)
    writer.write(naturalKey)
    let hash = writer.bytes.withUnsafeBytes { KeyDerivation.hmac(key: hashKey, $0) }
    return EventID(hash.bytes.prefix(16))!
  }
}
