import CustodyLedger
import CustodyStore
import Synchronization

/// What a projection sees of the store besides the event: a function of the ledger and the keys
/// that are left.
package final class ProjectedStore: Sendable {
  /// Seals the texts of rows; for the thread that applies events.
  package let columns: SealedColumns
  private let folder: StoreFolder
  private let idle = Mutex<[StoredObjects]>([])

  init(folder: StoreFolder) throws {
    guard let keyring = folder.keyring else {
      throw CustodyError(.usage, "Projections need the store's secrets.")
    }
    // A key that another process has destroyed opens nothing here either.
    try keyring.refresh()
    self.folder = folder
    columns = SealedColumns(keys: folder.dataKeys)
  }

  /// Runs `body` with objects that no other thread uses meanwhile.
  package func withObjects<R>(_ body: (StoredObjects) throws -> R) throws -> R {
    let objects = try idle.withLock { $0.popLast() } ?? StoredObjects(folder: folder)
    defer { idle.withLock { $0.append(objects) } }
    return try body(objects)
  }
}
