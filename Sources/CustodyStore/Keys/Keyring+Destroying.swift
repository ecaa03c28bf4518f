import CustodyLedger
import Foundation
import GRDB
import Synchronization

extension Keyring: LoggedDatabase {
  package func writing<R>(_ body: (Database) throws -> R) throws -> R {
    try Connection.translating(path) { try database.writeWithoutTransaction(body) }
  }

  /// Destroys keys: rewraps all others under a new epoch key, and destroys the epoch key that wrapped
  /// them, so that no older copy of keys.sqlite opens them either. The store's lock is held.
  ///
  /// Repeated after a crash it finishes; a key that is gone already stays gone.
  ///
  /// - Parameters:
  ///   - kept: sets of keys of which what they make together stays.
  ///   - awaitReaders: called while another program reads keys.sqlite, until it does not.
  /// - Returns: the epoch keys that are gone.
  func destroy(
    _ ids: Set<KeyID>, keeping kept: [[KeyID]], awaitReaders: () throws -> Void
  ) throws -> [KeyID] {
    // Of several erasures that a crash cut short, the first to go on takes the keys of all.
    let gone = bury(ids)
    if try absent(gone).count < gone.count {
      _ = try rewrap(
        without: gone, keeping: kept.filter { !gone.contains(JointKey.id(of: $0)) })
    }
    while try !truncateLog(wait: 0.2) { try awaitReaders() }
    forgetKeys()
    return try destroyUnusedEpochs()
  }

  /// Those of `ids` that are there and for one of some purposes.
  package func keys(
    among ids: some Sequence<KeyID>, for purposes: Set<Purpose>
  ) throws -> [KeyID] {
    let wanted = Set(purposes.map(\.rawValue))
    return try read { db in
      let purpose = try statements.prepared("SELECT purpose FROM data_key WHERE id = ?", db)
      return try ids.filter { id in
        purpose.bind(1, id)
        defer { purpose.reset() }
        return try purpose.step() && wanted.contains(purpose.text(0))
      }
    }
  }

  /// Unwraps keys no more; returns all of which that is so.
  @discardableResult
  private func bury(_ ids: Set<KeyID>) -> Set<KeyID> {
    cache.withLock {
      $0.buried.formUnion(ids)
      return $0.buried
    }
  }

  /// Takes notice of what another process has written into the store's erasure journal; the store's
  /// lock is held.
  ///
  /// Cost: the size of a file, unless it has grown.
  func bury(namedIn journal: String) throws {
    let size = FileIO.size(journal)
    guard cache.withLock({ $0.journalSize }) != size else { return }
    bury(try TombstoneJournal(path: journal).keys)
    cache.withLock {
      $0.journalSize = size
      $0.writes += 1
    }
  }

  /// Whether any of some keys is there.
  package func holdsAny(of ids: Set<KeyID>) throws -> Bool { try absent(ids).count < ids.count }

  /// What the rows of keys hold: the wrapped key, and the keyed hash that leads to it.
  func forEachRow(of ids: Set<KeyID>, _ body: (UnsafeRawBufferPointer) -> Void) throws {
    try read { db in
      let wrapped = try statements.prepared("SELECT wrapped FROM data_key WHERE id = ?", db)
      for id in ids {
        wrapped.bind(1, id)
        defer { wrapped.reset() }
        if try wrapped.step() { body(wrapped.bytes(0)) }
      }
      let hashes = try statements.prepared("SELECT key_id, subject_hash FROM subject_key", db)
      defer { hashes.reset() }
      var found: [(KeyID, [UInt8])] = []
      var others: Set<[UInt8]> = []
      while try hashes.step() {
        let id: KeyID = try hashes.value(0)
        if ids.contains(id) {
          found.append((id, Array(hashes.bytes(1))))
        } else {
          others.insert(Array(hashes.bytes(1)))
        }
      }
      // A person of whom another class of data is kept is still looked up by the same hash.
      for (_, hash) in found where !others.contains(hash) { hash.withUnsafeBytes { body($0) } }
    }
  }

  /// Removes the rows of keys and of what leads to them.
  func remove(_ ids: Set<KeyID>, _ db: Database) throws {
    // Overwritten where they stand first: removing rows moves others, and what is moved leaves a copy.
    for sql in [
      "UPDATE data_key SET wrapped = zeroblob(length(wrapped)) WHERE id = ?",
      "DELETE FROM data_key WHERE id = ?",
    ] {
      for id in ids { try db.execute(sql: sql, arguments: [Data(id.bytes)]) }
    }
    // Neither table has an index by key: one pass for all of them.
    for (table, first) in [("subject_key", "subject_hash"), ("subject", "subject_id")] {
      let rows = try Row.fetchAll(db, sql: "SELECT \(first), class, key_id FROM \(table)")
      for row in rows where ids.contains(try row.bytes(2)) {
        let (place, dataClass): (Data, String) = (
          try row.decode(atIndex: 0), try row.decode(atIndex: 1)
        )
        try db.execute(
          sql: "DELETE FROM \(table) WHERE \(first) = ? AND class = ?",
          arguments: [place, dataClass])
      }
    }
  }

  /// Forgets every key that was unwrapped, and who has which.
  private func forgetKeys() {
    cache.withLock {
      $0.keys.removeAll()
      $0.subjects.removeAll()
      $0.checkedNames.removeAll()
      $0.generation += 1
    }
  }
}
