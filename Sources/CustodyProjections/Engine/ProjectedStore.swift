import CustodyLedger
import CustodyStore

/// What a projection sees of the store besides the event: a function of the ledger and the keys
/// that are left.
package final class ProjectedStore: Sendable {
  /// Seals the texts of rows; for the thread that applies events.
  package let columns: SealedColumns
  private let keyring: Keyring
  private let objects: WorkerPool<StoredObjects>

  init(folder: StoreFolder) throws {
    guard let keyring = folder.keyring else {
      throw CustodyError(.usage, "Projections need the store's secrets.")
    }
    // A key that another process has destroyed opens nothing here either.
    try keyring.refresh()
    self.keyring = keyring
    columns = SealedColumns(keys: folder.dataKeys)
    objects = WorkerPool { try StoredObjects(folder: folder) }
  }

  /// Runs `body` with objects that no other thread uses meanwhile.
  package func withObjects<R>(_ body: (StoredObjects) throws -> R) throws -> R {
    try objects.with(body)
  }

  /// A keyed hash of names of its own, for the thread that applies events.
  func lineageNameHash() throws -> LineageNameHash {
    LineageNameHash(key: try keyring.derivedKey(for: LineageNameHash.use))
  }

  /// Unwraps keys that are about to be used, in one go.
  func prepareKeys(_ ids: Set<KeyID>) throws { try keyring.prepare(ids) }
}
