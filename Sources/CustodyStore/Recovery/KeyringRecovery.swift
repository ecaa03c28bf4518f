import CustodyLedger
import CustodyMigrations
import Foundation
import GRDB

/// Makes keys.sqlite again: what a key backup holds, and what the store's own keyring still opens.
struct KeyringRecovery {
  let layout: Layout
  let backup: KeyBackup.Contents
  /// The secrets that are there; nil when none opens.
  let secrets: FileKeyProvider.Opened?
  let ledgerID: LedgerID
  let environment: Environment

  /// - Parameter destroyed: keys that must not come back.
  func selection(without destroyed: Set<KeyID>) throws -> KeySelection {
    var opener = Keyring.Opener(ledgerID: ledgerID) { backup.epochs[$0] }
    var rows = backup.rows
    var index: SecretBytes?
    rows.keys = try rows.keys.filter { key in
      guard let secret = try opener.open(key) else { return false }
      if key.purpose == Keyring.Purpose.index.rawValue { index = secret }
      return true
    }
    let isMissing = !FileIO.exists(layout.keys)
    let own =
      isMissing
      ? nil
      : try Keyring.salvage(layout.keys, ledgerID: ledgerID, index: index) {
        try backup.epochs[$0] ?? secrets?.epochKey($0)
      }
    let selection = KeySelection(rows, and: own, isMissing: isMissing, without: destroyed)
    for purpose in ["operations", "index"]
    where !selection.rows.keys.contains(where: { $0.purpose == purpose }) {
      throw CustodyError(
        .invalidInput,
        "Neither keys.sqlite nor the key backup holds the store's own keys. Give another key backup."
      )
    }
    return selection
  }

  /// Writes the keyring beside its place, every key wrapped under a new epoch key, and puts it there.
  ///
  /// The log of the old one is in its file before that, so that a kill at any point leaves the old
  /// keyring whole or the new one. Old epoch keys stay until the store is opened again.
  ///
  /// - Parameters:
  ///   - kept: sets of keys of which what they make together stays though some of them are destroyed: an
  ///     older backup has these, and not what they make.
  ///   - provider: holds the new epoch key.
  ///   - revision: what the new keyring's number has to be above.
  func run(
    _ selection: KeySelection, keeping kept: [[KeyID]], with provider: FileKeyProvider,
    above revision: Int
  ) throws {
    try foldLog()
    let former = try provider.epochKeyIDs()
    let building = "\(layout.keys).recovering"
    func clear(_ path: String) { for suffix in ["-wal", "-shm"] { unlink(path + suffix) } }
    unlink(building)
    clear(building)
    do {
      try StoreCreation.makeDatabase(building, Migration.keys)
      let keyring = try Keyring(
        path: building, ledgerID: ledgerID,
        provider: ProviderWithBackup(provider: provider, epochs: backup.epochs),
        environment: environment, isWritable: true)
      let present = Set(selection.rows.keys.map(\.id))
      let members = Set(kept.joined()).subtracting(present)
      var rows = selection.rows
      rows.keys += backup.rows.keys.filter { members.contains($0.id) }
      try keyring.fill(rows, above: revision)
      _ = try keyring.rewrapAndCutLog(without: members, keeping: kept)
    } catch {
      unlink(building)
      clear(building)
      throw error
    }
    // Nothing says which epoch keys the rows of a damaged file need: all of them stay out of reach.
    if selection.isUnreadable { for id in former { try provider.setAsideEpochKey(id) } }
    if selection.isIncomplete || FileIO.size(layout.keys + "-wal") > 0 {
      try SetAside.keep(layout.keys)
    }
    // A log of the old file, empty by now, must not be taken for one of the new.
    clear(layout.keys)
    guard rename(building, layout.keys) == 0 else {
      throw CustodyError(SystemCallError("rename"), path: layout.keys)
    }
    clear(building)
    try FileIO.syncFolder(of: layout.keys)
  }

  /// Copies the log of the old keyring into its file, if that opens at all.
  private func foldLog() throws {
    guard FileIO.size(layout.keys + "-wal") > 0,
      DatabaseFile.condition(layout.keys, .keyring) == nil
    else { return }
    let isFolded: Bool
    do {
      isFolded = try Connection.translating(layout.keys) {
        try Connection.writer(layout.keys).writeWithoutTransaction {
          try WriteAheadLog.truncate($0)
        }
      }
    } catch let error as CustodyError where error.code == .damaged {
      return
    }
    guard isFolded else {
      throw CustodyError(
        .io,
        "Another program reads \(layout.keys), so its log cannot be copied into it. Nothing was "
          + "changed. Close that program and repeat the recovery.")
    }
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
