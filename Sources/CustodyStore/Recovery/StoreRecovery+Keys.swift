import CustodyLedger
import Foundation

extension StoreRecovery {
  func planKeys(_ plan: inout RecoveryPlan) throws {
    let ofKeys = plan.conditions.filter { isOfKeys($0) }
    let isKeyringLost = try !ofKeys.isEmpty && !opensKeyring()
    guard let backup else {
      if isKeyringLost {
        plan.refusal = CustodyError(
          .needsRecovery,
          ofKeys[0].finding
            + " Put the newest copy back, or give the newest key backup: custody recover --keys FILE "
            + "--identity FILE")
      } else {
        plan.unreadableCount = try unreadableCount(
          knowing: Keyring.ids(layout.keys), destroyed: destroyedKeys())
      }
      return
    }
    guard try signingKey(of: backup) == settings.verifierKey().publicKey else {
      throw CustodyError(
        .invalidInput,
        "The key backup holds another signing key than custody.yaml names: one of them is not this "
          + "store's.")
    }
    let destroyed = try destroyedKeys()
    let secrets = try secrets()
    let selection = try keyringRecovery(backup, secrets).selection(without: destroyed)
    plan.unreadableCount = try unreadableCount(
      knowing: Set(selection.rows.keys.map(\.id)), destroyed: destroyed)
    // A keyring that has all of it already is left alone.
    let hasSecrets = secrets?.unopened.isEmpty ?? false
    guard isKeyringLost || !hasSecrets || selection.restoredCount > 0 else { return }
    plan.keys = RecoveryPlan.KeyRestoration(
      created: backup.created, restoredCount: selection.restoredCount,
      keptCount: selection.keptCount, destroyedCount: selection.destroyedCount,
      unopenedCount: selection.unopenedCount, doubledCount: selection.doubledCount,
      setsAside: selection.isIncomplete, makesSecrets: secrets == nil,
      sealsSecrets: secrets == nil && newPassphrase != nil)
  }

  private func isOfKeys(_ condition: StoreCondition) -> Bool {
    condition.part == .keyring || condition.part == .secrets
  }

  /// Whether the keyring that is there opens, though it may be an older one.
  private func opensKeyring() throws -> Bool {
    guard DatabaseFile.condition(layout.keys, .keyring) == nil,
      FileKeyProvider.isUsed(secretsFolder),
      FileKeyProvider.hasSigningKey(secretsFolder), let summary = try? Keyring.summary(layout.keys),
      let epoch = summary.epoch
    else { return false }
    return try FileKeyProvider.epochKeyIDs(in: secretsFolder).contains(epoch)
  }

  private func signingKey(of backup: KeyBackup.Contents) throws -> PublicKey {
    SigningKey(seed: backup.signingSeed).publicKey
  }

  /// The secrets that are there.
  private func provider() throws -> FileKeyProvider {
    try FileKeyProvider.open(
      in: secretsFolder, ledgerID: ledgerID, environment: environment, needsSigningKey: false,
      passphrase: passphrase)
  }

  /// The secrets that are there, or nil when they are to be made anew.
  ///
  /// - Throws: `wrongPassphrase` when they do not open and are not to be made anew.
  private func secrets() throws -> FileKeyProvider.Opened? {
    guard FileKeyProvider.isUsed(secretsFolder) else { return nil }
    guard makesNewSecrets else {
      return FileKeyProvider.Opened(provider: try provider(), unopened: [])
    }
    return try FileKeyProvider.openWhatOpens(
      in: secretsFolder, ledgerID: ledgerID, environment: environment)
  }

  private func keyringRecovery(
    _ backup: KeyBackup.Contents, _ secrets: FileKeyProvider.Opened?
  ) -> KeyringRecovery {
    KeyringRecovery(
      layout: layout, backup: backup, secrets: secrets, ledgerID: ledgerID,
      environment: environment)
  }

  /// Keys that the ledger or an erasure journal says are gone: no backup brings them back.
  private func destroyedKeys() throws -> Set<KeyID> {
    let folder = try StoreFolder.reading(layout, settings, ledgerID, environment)
    var destroyed = try folder.mergedJournal(former: former.guard).reduce(into: Set<KeyID>()) {
      $0.formUnion($1.keys)
    }
    try ReaderPool(path: layout.ledger).read {
      try $0.forEachSystemEvent("key.destroyed", ledgerID: ledgerID) { event, _ in
        if case .keyDestroyed(let event) = event { destroyed.formUnion(event.keys) }
        return true
      }
    }
    return destroyed
  }

  /// Sets of keys with destroyed ones among them of which what they sealed together stays.
  private func keptJoint() throws -> [[KeyID]] {
    let folder = try StoreFolder.reading(layout, settings, ledgerID, environment)
    let journal = try folder.mergedJournal(former: former.guard)
    let gone = Set(journal.flatMap(\.keys))
    return journal.flatMap(\.kept).filter { !gone.contains(JointKey.id(of: $0)) }
  }

  /// How many events have a key that is neither known nor destroyed.
  private func unreadableCount(knowing known: Set<KeyID>, destroyed: Set<KeyID>) throws -> Int {
    try ReaderPool(path: layout.ledger).readConnection { connection in
      let query = try HotStatement(
        connection, "SELECT key_ids, count(*) FROM event GROUP BY key_ids")
      var count = 0
      while try query.step() {
        let bytes = query.bytes(0)
        let ids = stride(from: 0, to: bytes.count - bytes.count % 16, by: KeyID.byteCount).map {
          bytes.loadUnaligned(fromByteOffset: $0, as: KeyID.self)
        }
        let isLost = ids.contains { !known.contains($0) && !destroyed.contains($0) }
        if isLost { count += Int(query.integer(1)) }
      }
      return count
    }
  }

  func restoreKeys(above revision: Int) throws {
    guard let backup else { return }
    let secrets = try secrets()
    let recovery = keyringRecovery(backup, secrets)
    let selection = try recovery.selection(without: destroyedKeys())
    // What does not open is destroyed only when nothing is missed for it.
    let setsAside = selection.isIncomplete || selection.isMissing
    try FileKeyProvider.clear(secretsFolder, secrets?.unopened, setsAside: setsAside)
    let provider: FileKeyProvider
    if let secrets {
      provider = secrets.provider
      try provider.restoreSigningKey(backup.signingSeed)
    } else {
      provider = try FileKeyProvider.create(
        in: secretsFolder, ledgerID: ledgerID, passphrase: newPassphrase, environment: environment,
        seed: backup.signingSeed)
    }
    try recovery.run(selection, keeping: keptJoint(), with: provider, above: revision)
  }
}
