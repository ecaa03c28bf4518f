import Custody
import CustodyStore
import CustodyTesting

extension Store {
  /// What erasing does to keys: they go from keys.sqlite with what leads to them, and the ledger
  /// says so.
  ///
  /// - Returns: the keys that are gone.
  @discardableResult
  func destroyKeys(of identifier: String, in temporary: TemporaryStore) async throws -> [KeyID] {
    guard let subject = try subjects.id(of: identifier) else { return [] }
    let keys = try subjects.entry(subject)?.keys.map(\.id) ?? []
    try await destroy(keys, in: temporary)
    return keys
  }

  /// The same of keys, whosever they are.
  func destroy(_ keys: [KeyID], in temporary: TemporaryStore) async throws {
    let database = try RawDatabase(temporary.keysFile)
    for key in keys {
      for sql in [
        "DELETE FROM data_key WHERE id = x'\(key)'",
        "DELETE FROM subject_key WHERE key_id = x'\(key)'",
        "DELETE FROM subject WHERE key_id = x'\(key)'",
      ] { try database.execute(sql) }
    }
    let (folder, ledger) = (folder, try folder.ledger())
    try await ledger.locked {
      try ledger.appendUnderLock([
        PendingEvent.system(
          .keyDestroyed(.init(keys: keys.sorted(), reason: .erasure, request: nil)),
          ledgerID: folder.ledgerID, actor: try Name("custody"), environment: .system)
      ])
    }
    // Unsigned, nobody would believe it.
    _ = try await checkpoint()
  }
}
