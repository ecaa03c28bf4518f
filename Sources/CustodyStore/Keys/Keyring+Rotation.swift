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
    let new = try rewrapAndCutLog()
    return (new, try destroyUnusedEpochs())
  }

  /// The same as ``rewrap(without:keeping:)``, and nothing of the old rows is in the log afterwards. The old
  /// epoch keys stay.
  func rewrapAndCutLog(
    without removed: Set<KeyID> = [], keeping kept: [[KeyID]] = []
  ) throws -> KeyID {
    let new = try rewrap(without: removed, keeping: kept)
    guard try truncateLog(wait: Connection.busySeconds) else {
      throw CustodyError(
        .io, "Another program reads keys.sqlite: the old epoch key is kept. Repeat the rotation.")
    }
    return new
  }

  /// Rewraps every key but some under a new epoch key, and removes the rows of these.
  ///
  /// - Parameter kept: sets of keys of which what they make together stays.
  func rewrap(without removed: Set<KeyID>, keeping kept: [[KeyID]] = []) throws -> KeyID {
    let new = environment.value(KeyID.self)
    try provider.createEpochKey(new)
    try write { db in
      try keepJoint(kept, epoch: new, db)
      try remove(removed, db)
      let update = try statements.prepared(
        "UPDATE data_key SET epoch = ?, nonce = ?, wrapped = ? WHERE id = ?", db)
      let rows = try Row.fetchAll(db, sql: "SELECT id, purpose FROM data_key").map {
        (id: try $0.bytes(0) as KeyID, purpose: try purpose($0.decode(atIndex: 1)))
      }
      for row in rows {
        guard let key = try unwrapped(db, row.id) else {
          throw CustodyError(
            .keyDestroyed, "A key's epoch key is gone: \(row.id) cannot be rewrapped.")
        }
        let nonce = environment.value(Nonce.self)
        let wrapped = try wrapped(key, row.id, row.purpose, epoch: new, nonce: nonce)
        update.bind(1, new)
        update.bind(2, nonce)
        update.bind(4, row.id)
        try wrapped.withUnsafeBytes {
          update.bind(3, $0)
          try update.run()
        }
      }
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
