import CustodyLedger
import CustodyMigrations
import Foundation
import GRDB

/// Makes keys.sqlite again: what a key backup holds, and what the store's own keyring still opens.
struct KeyringRecovery {
  let layout: Layout
  let backup: KeyBackup.Contents
  let provider: FileKeyProvider
  let ledgerID: LedgerID
  let environment: Environment

  /// The rows that the keyring will have, still wrapped by their own epoch keys.
  struct Selection {
    private(set) var rows = Keyring.Rows(keys: [], subjects: [])
    private(set) var restoredCount = 0
    private(set) var keptCount = 0
    /// Keys of the backup that stay destroyed.
    let destroyedCount: Int

    /// - Parameter own: rows of the store's keyring, which come before those of the backup.
    init(_ backup: Keyring.Rows, and own: Keyring.Rows? = nil, without destroyed: Set<KeyID>) {
      destroyedCount = backup.keys.count { destroyed.contains($0.id) }
      var known = destroyed
      if let own { keptCount = take(own, &known) }
      restoredCount = take(backup, &known)
    }

    private mutating func take(_ others: Keyring.Rows, _ known: inout Set<KeyID>) -> Int {
      let fresh = others.keys.filter { !known.contains($0.id) }
      let ids = Set(fresh.map(\.id))
      rows.keys += fresh
      rows.subjects += others.subjects.filter { ids.contains($0.keyID) }
      known.formUnion(ids)
      return fresh.count
    }
  }

  /// - Parameter destroyed: keys that must not come back.
  func selection(without destroyed: Set<KeyID>) throws -> Selection {
    Selection(backup.rows, and: try ownRows(), without: destroyed)
  }

  /// What the store's keyring holds, when it is the same keyring and its epoch key is there.
  private func ownRows() throws -> Keyring.Rows? {
    do {
      guard DatabaseFile.condition(layout.keys, .keyring) == nil else { return nil }
      let summary = try Keyring.summary(layout.keys)
      guard let epoch = summary.epoch, try provider.epochKeyIDs().contains(epoch),
        let operations = summary.operations,
        backup.rows.keys.contains(where: { $0.id == operations })
      else { return nil }
      return try Keyring(
        path: layout.keys, ledgerID: ledgerID, provider: provider, environment: environment,
        isWritable: false
      ).rows()
    } catch let error as CustodyError where [.damaged, .keyDestroyed].contains(error.code) {
      return nil
    }
  }

  /// Writes the keyring beside its place, every key wrapped under a new epoch key, and puts it there.
  ///
  /// Old epoch keys stay until the store is opened again: a crash before the end leaves everything
  /// as it was.
  ///
  /// - Parameter revision: what the new keyring's number has to be above.
  func run(_ selection: Selection, above revision: Int) throws {
    let building = "\(layout.keys).recovering"
    let sidecars = ["-wal", "-shm"]
    func clear(_ path: String) { for suffix in sidecars { unlink(path + suffix) } }
    unlink(building)
    clear(building)
    do {
      try StoreCreation.makeDatabase(building, Migration.keys)
      let keyring = try Keyring(
        path: building, ledgerID: ledgerID,
        provider: ProviderWithBackup(provider: provider, epochs: backup.epochs),
        environment: environment, isWritable: true)
      try keyring.fill(selection.rows, above: revision)
      _ = try keyring.rewrap()
    } catch {
      unlink(building)
      clear(building)
      throw error
    }
    // A log of the old file must not be taken for one of the new.
    clear(layout.keys)
    guard rename(building, layout.keys) == 0 else {
      throw CustodyError(SystemCallError("rename"), path: layout.keys)
    }
    clear(building)
    try FileIO.syncFolder(of: layout.keys)
  }
}

/// The store's key provider, and the epoch keys of a backup beside its own.
private final class ProviderWithBackup: KeyProvider {
  private let provider: FileKeyProvider
  private let epochs: [KeyID: SecretBytes]

  init(provider: FileKeyProvider, epochs: [KeyID: SecretBytes]) {
    self.provider = provider
    self.epochs = epochs
  }

  func epochKeyIDs() throws -> [KeyID] { try provider.epochKeyIDs() }
  func createEpochKey(_ id: KeyID) throws { try provider.createEpochKey(id) }
  func epochKey(_ id: KeyID) throws -> SecretBytes? { try epochs[id] ?? provider.epochKey(id) }
  func destroyEpochKey(_ id: KeyID) throws { try provider.destroyEpochKey(id) }
  func signingKey() throws -> SigningKey { try provider.signingKey() }
}

extension Keyring {
  /// Puts rows of other keyrings into this new one, wrapped as they are.
  fileprivate func fill(_ rows: Rows, above revision: Int) throws {
    try write { db in
      for key in rows.keys {
        try db.execute(
          sql: """
            INSERT INTO data_key (id, purpose, class, epoch, nonce, wrapped) VALUES (?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            Data(key.id.bytes), key.purpose, key.dataClass, Data(key.epoch.bytes),
            Data(key.nonce.bytes), Data(key.wrapped),
          ])
      }
      try db.execute(sql: "UPDATE state SET revision = ?", arguments: [revision])
    }
    try write { db in try insert(rows.subjects, db) }
  }
}
