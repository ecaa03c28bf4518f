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

  package func content(at address: Digest) throws -> ObjectContent {
    guard let bytes = try reader.bytes(at: address),
      let opened = try sealer.open(bytes, keys: folder.dataKeys)
    else { return .gone }
    return .opened(opened.content, isList: opened.isList)
  }

  /// Reads many objects as of one moment, which is quicker than one by one.
  package func atOnce<R>(_ body: () throws -> R) throws -> R { try reader.atOnce(body) }

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
}
