import CustodyLedger
import Foundation
import GRDB
import Synchronization

extension Keyring {
  /// The epoch that wraps every key.
  package func currentEpoch() throws -> KeyID { try read { try currentEpoch($0) } }

  /// Rewraps every key under a new epoch key and destroys the old ones; the store's lock is held.
  ///
  /// A crash at any point leaves either epoch in force; ``destroyUnusedEpochs()`` removes the other.
  package func rotate() throws -> (new: KeyID, destroyed: [KeyID]) {
    let new = try rewrap()
    return (new, try destroyUnusedEpochs())
  }

  /// Rewraps every key under a new epoch key, and leaves the old ones there.
  func rewrap() throws -> KeyID {
    let new = environment.value(KeyID.self)
    try provider.createEpochKey(new)
    try write { db in
      let ids: [KeyID] = try Row.fetchAll(db, sql: "SELECT id FROM data_key").map {
        try $0.bytes(0)
      }
      for id in ids {
        let row = try Row.fetchOne(
          db, sql: "SELECT purpose, class FROM data_key WHERE id = ?",
          arguments: [Data(id.bytes)])!
        guard let key = try unwrapped(db, id) else {
          throw CustodyError(.keyDestroyed, "A key's epoch key is gone: \(id) cannot be rewrapped.")
        }
        try db.execute(sql: "DELETE FROM data_key WHERE id = ?", arguments: [Data(id.bytes)])
        try insert(
          db, id, try purpose(row.decode(atIndex: 0)), dataClass: try row.decode(atIndex: 1),
          epoch: new, key)
      }
    }
    guard try database.writeWithoutTransaction({ try WriteAheadLog.truncate($0) }) else {
      throw CustodyError(
        .io, "Another program reads keys.sqlite: the old epoch key is kept. Repeat the rotation.")
    }
    return new
  }

  /// Destroys every epoch key that no row uses: what a crash left of a rotation.
  ///
  /// Those of a keyring that a recovery set aside stay: what is missed may be there and nowhere else.
  package func destroyUnusedEpochs() throws -> [KeyID] {
    let held = try provider.epochKeyIDs()
    // The usual case, without a look at the keys of a million people: a rotation rewraps all or none.
    if held == [try currentEpoch()] { return [] }
    let used: Set<KeyID> = try read { db in
      Set(
        try Row.fetchAll(db, sql: "SELECT DISTINCT epoch FROM data_key").map { try $0.bytes(0) })
    }
    // An older copy of keys.sqlite uses an epoch key that is gone: the one that it does not know is
    // the one in force.
    if let lost = used.first(where: { !held.contains($0) }) { throw Self.lostEpoch(lost) }
    guard !used.isEmpty else { return [] }
    let setAside = SetAside.epochs(of: path)
    let unused = held.filter { !used.contains($0) && !setAside.contains($0) }
    for id in unused {
      try provider.destroyEpochKey(id)
      cache.withLock { $0.epochs[id] = nil }
    }
    return unused
  }
}
