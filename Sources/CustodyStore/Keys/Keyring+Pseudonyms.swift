import CustodyLedger
import GRDB
import Synchronization

extension Keyring {
  /// The key under which values become tokens in releases for a purpose; nil when there is none, or
  /// it is about to go.
  package func pseudonymKey(for purpose: String) throws -> KeyID? {
    try refresh()
    return try read { try pseudonymKey(purpose, $0) }
  }

  /// The same, made where there is none; the store's lock is held.
  package func makePseudonymKey(for purpose: String) throws -> KeyID {
    try write { db in
      if let known = try pseudonymKey(purpose, db) { return known }
      let id = environment.value(KeyID.self)
      try insert(
        db, id, .pseudonym, dataClass: purpose, epoch: try currentEpoch(db), environment.secret())
      return id
    }
  }

  private func pseudonymKey(_ purpose: String, _ db: Database) throws -> KeyID? {
    let buried = cache.withLock { $0.buried }
    return try Row.fetchAll(
      db, sql: "SELECT id FROM data_key WHERE purpose = 'pseudonym' AND class = ? ORDER BY id",
      arguments: [purpose]
    ).map { try $0.bytes(0) as KeyID }.first { !buried.contains($0) }
  }
}
