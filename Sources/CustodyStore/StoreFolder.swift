import CustodyLedger
import CustodyMigrations
import Foundation
import GRDB

/// A store on disk: its settings, keys and ledger, opened together and compared.
package final class StoreFolder: Sendable {
  /// What the store is opened for.
  package enum Access: Sendable {
    /// Reads the ledger; needs no secret.
    case read
    /// Also opens contents.
    case keys
    /// Also appends.
    case write
  }

  package let layout: Layout
  package let settings: Settings
  package let ledgerID: LedgerID
  package let environment: Environment
  /// Nil when opened without secrets.
  package let keyring: Keyring?
  let provider: FileKeyProvider?
  /// Sealed contents of records; written under the store's lock only.
  package let objects: ObjectStore
  private let writable: LedgerStore?
  private let readers: ReaderPool

  private init(
    layout: Layout, settings: Settings, ledgerID: LedgerID, environment: Environment,
    keyring: Keyring?, provider: FileKeyProvider?, writable: LedgerStore?,
    objects: ObjectStore? = nil
  ) throws {
    self.layout = layout
    self.settings = settings
    self.ledgerID = ledgerID
    self.environment = environment
    self.keyring = keyring
    self.provider = provider
    self.writable = writable
    self.objects = try objects ?? ObjectStore(path: layout.objects, isWritable: false)
    readers = ReaderPool(path: layout.ledger)
  }

  package var lock: FileLock { FileLock(path: layout.lock) }
  package var guardFolder: Guard { Guard(folder: settings.guard) }
  package var anchors: Anchors { Anchors(folder: layout.anchors) }
  /// The folders that are its own, and what each is.
  package var ownFolders: [(path: String, what: String)] {
    [
      (layout.root, "this store"), (secretsFolder, "the secrets of this store"),
      (settings.guard, "the guard of this store"),
    ]
  }
  package var secretsFolder: String { settings.secretsFolder(layout) }

  /// The ledger for writing.
  ///
  /// - Throws: ``CustodyError/Code/usage`` when the store was opened for reading.
  package func ledger() throws -> LedgerStore {
    guard let writable else {
      throw CustodyError(.usage, "This store was opened for reading only.")
    }
    return writable
  }

  /// Reads the ledger in one transaction.
  package func read<R>(_ body: (LedgerReader) throws -> R) throws -> R { try readers.read(body) }

  /// Looks up data keys; every key is gone when the store was opened without secrets.
  package var dataKeys: LedgerStore.Keys {
    let keyring = keyring
    return { try keyring?.key($0) }
  }

  // MARK: - Opening

  /// Opens the store at `root`.
  ///
  /// - Parameter passphrase: asked only when keys are needed and sealed under one.
  /// - Throws: ``CustodyError``; for writing also when the store is not clean.
  package static func open(
    _ root: String, for access: Access, environment: Environment = .system,
    passphrase: () throws -> SecretBytes
  ) throws -> StoreFolder {
    let layout = Layout(root: root)
    let settings = try Settings.read(layout)
    let ledgerID = try settings.ledgerID()
    for path in layout.databases { try FileIO.checkIsNoLink(path) }
    guard FileIO.exists(layout.ledger) else {
      throw CustodyError(
        .needsRecovery, "\(layout.ledger) is missing. Put it back from the newest backup.")
    }
    if access == .read {
      let store = try reading(layout, settings, ledgerID, environment)
      try store.checkVersions()
      return store
    }
    let provider = try FileKeyProvider.open(
      in: settings.secretsFolder(layout), ledgerID: ledgerID, environment: environment,
      passphrase: passphrase)
    guard FileIO.exists(layout.keys) else {
      throw CustodyError(
        .needsRecovery,
        "\(layout.keys) is missing: no content can be opened. Put it back, or run: custody recover "
          + "--keys BACKUP --identity FILE")
    }
    guard access == .write else {
      let keyring = try Keyring(
        path: layout.keys, ledgerID: ledgerID, provider: provider, environment: environment,
        isWritable: false, buried: try buriedKeys(layout, settings))
      let store = try StoreFolder(
        layout: layout, settings: settings, ledgerID: ledgerID, environment: environment,
        keyring: keyring, provider: provider, writable: nil)
      try store.checkVersions()
      return store
    }
    return try openForWriting(layout, settings, ledgerID, provider, environment)
  }

  /// A store of which nothing is known but its settings, without its secrets.
  static func reading(
    _ layout: Layout, _ settings: Settings, _ ledgerID: LedgerID, _ environment: Environment
  ) throws -> StoreFolder {
    try StoreFolder(
      layout: layout, settings: settings, ledgerID: ledgerID, environment: environment,
      keyring: nil, provider: nil, writable: nil)
  }

  private static func openForWriting(
    _ layout: Layout, _ settings: Settings, _ ledgerID: LedgerID, _ provider: FileKeyProvider,
    _ environment: Environment
  ) throws -> StoreFolder {
    let lock = FileLock(path: layout.lock)
    // "Opening, checkpointing and closing a writer happen under the lock."
    return try lock.withLock {
      let files: [(String, StorePart)] = [
        (layout.ledger, .ledger), (layout.keys, .keyring), (layout.objects, .objects),
      ]
      for (path, part) in files {
        if let condition = DatabaseFile.condition(path, part) {
          throw CustodyError(.needsRecovery, condition.explanation)
        }
      }
      try prepareForWriting(layout)
      let keyring = try Keyring(
        path: layout.keys, ledgerID: ledgerID, provider: provider, environment: environment,
        isWritable: true, buried: try buriedKeys(layout, settings))
      let reader = try StoreFolder(
        layout: layout, settings: settings, ledgerID: ledgerID, environment: environment,
        keyring: keyring, provider: provider, writable: nil)
      let condition = try reader.survey().condition
      guard condition == .clean else {
        throw CustodyError(.needsRecovery, condition.explanation)
      }
      try reader.guardFolder.own(layout.root, ledgerID)
      let destroyed = try keyring.destroyUnusedEpochs()
      let ledger = try LedgerStore(
        path: layout.ledger, ledgerID: ledgerID, lock: lock, environment: environment,
        keyring: keyring, signer: try reader.signer(provider, keyring))
      try reader.recordEpoch(in: ledger, destroyed)
      try reader.completeSafeguards(ledger)
      return try StoreFolder(
        layout: layout, settings: settings, ledgerID: ledgerID, environment: environment,
        keyring: keyring, provider: provider, writable: ledger,
        objects: try ObjectStore(path: layout.objects, isWritable: true))
    }
  }

  /// The keys that the erasure journals of store and guard name.
  ///
  /// - Returns: also how much of the store's own was read.
  /// - Throws: `needsRecovery` for a journal that is not what was written: whom it named is not known,
  ///   so nobody is opened.
  private static func buriedKeys(
    _ layout: Layout, _ settings: Settings
  ) throws -> (keys: Set<KeyID>, journalSize: Int) {
    let size = FileIO.size(layout.tombstones)
    var keys = try TombstoneJournal(path: layout.tombstones).keys
    do {
      keys.formUnion(try Guard(folder: settings.guard).journal().keys)
    } catch let error as CustodyError where error.code == .permission {
      // Whoever may not read the guard has the store's own.
    }
    return (keys, size)
  }

  /// Brings the databases up to date and refuses tables that are not Custody's; the store's lock is
  /// held.
  static func prepareForWriting(_ layout: Layout) throws {
    try StoreUpgrade(layout: layout).run()
    // A trigger in a hostile file would run with the first insert.
    for (path, migrations) in [
      (layout.ledger, Migration.ledger), (layout.keys, Migration.keys),
      (layout.objects, Migration.objects),
    ] {
      guard try SchemaCheck.findings(try ReadOnlyDatabase(path: path), migrations).isEmpty else {
        throw CustodyError(
          .needsRecovery,
          "The schema of \(path) is not Custody's: it was tampered with. Put the file back from "
            + "where it was kept.")
      }
    }
  }

  /// Refuses a store of a newer version, and says of an older one that it has to be opened for
  /// writing first.
  private func checkVersions() throws {
    var databases = [(path: layout.ledger, migrations: Migration.ledger)]
    if keyring != nil { databases.append((layout.keys, Migration.keys)) }
    for (path, migrations) in databases {
      switch try StoreUpgrade.state(path, migrations) {
      case .current: break
      case .older(from: 0): throw StoreUpgrade.empty(path)
      case .older:
        throw CustodyError(
          .olderStore,
          "\(path) is of an older version. Any command that writes brings it up to date.")
      }
    }
    do {
      _ = try StoreUpgrade.state(layout.objects, Migration.objects)
    } catch let error as CustodyError where error.code != .newerStore {
      // What is missing or damaged is told where it is needed, and by verification.
    }
  }

  /// The newest life of the ledger, as its row says; verification compares it with the events.
  package func origin() throws -> Origin {
    let text = try Connection.translating(layout.ledger) {
      try Connection.reader(layout.ledger).read {
        try Row.fetchOne($0, sql: "SELECT origin FROM audit_ledger")?.decode(
          String.self, atIndex: 0)
      }
    }
    guard let origin = text.flatMap({ Origin($0) }), origin.ledgerID == ledgerID else {
      throw CustodyError(
        .needsRecovery,
        "\(layout.ledger) is the ledger of another store than custody.yaml names.")
    }
    return origin
  }

  /// - Parameter provider: what holds the signing key.
  func signer(_ provider: any KeyProvider, _ keyring: Keyring) throws -> CheckpointSigner {
    let key = try provider.signingKey()
    // custody.yaml is not signed: who rewrites it must not have us sign for another ledger's key.
    guard try settings.verifierKey().publicKey == key.publicKey else {
      throw CustodyError(
        .needsRecovery,
        "custody.yaml names another verifier key than that of the signing key in \(secretsFolder): one "
          + "of them was replaced. Nothing was signed.")
    }
    return CheckpointSigner(
      key: key, secrets: secretsFolder, guard: guardFolder, anchors: anchors, origin: try origin(),
      keyring: keyring)
  }

  // MARK: - Verification

  /// What is known outside ledger.sqlite about its roots.
  ///
  /// What cannot be read is a claim too, which no ledger fulfills: a finding rather than an error.
  package func outsideClaims() throws -> [RootClaim] {
    var claims: [RootClaim] = []
    /// Whoever may not read something can verify all the same, and is told what was left out.
    func claim(_ source: String, _ read: () throws -> [RootClaim]?) throws {
      do {
        claims += try read() ?? [RootClaim(missing: source)]
      } catch let error as CustodyError where error.code == .permission {
        claims.append(RootClaim(unreadable: source))
      } catch let error as CustodyError where [.needsRecovery, .damaged].contains(error.code) {
        claims.append(RootClaim(size: 0, word: .note(""), source: source))
      }
    }
    func note(_ text: String, _ source: String) -> RootClaim {
      RootClaim(anchor: text, source: source)
        ?? RootClaim(size: 0, word: .note(text), source: source)
    }
    var notes: [(name: String, note: Result<String, CustodyError>)] = []
    try claim("the folder of anchors") {
      notes = try anchors.notes()
      return notes.isEmpty ? nil : []
    }
    for anchor in notes {
      let source = "anchor \(anchor.name)"
      try claim(source) { [note(try anchor.note.get(), source)] }
    }
    for (source, folder) in [("the signer", secretsFolder), ("the guard", settings.guard)] {
      try claim(source) {
        try SignerState.read("\(folder)/\(SignerState.fileName)").map {
          [
            RootClaim(
              size: $0.size, word: .state(incarnation: $0.incarnation, root: $0.root),
              source: source)
          ]
        }
      }
    }
    let source = "the guard's checkpoint"
    try claim(source) {
      // Written without a sync: a power cut may leave it empty.
      try guardFolder.checkpoint().map { $0.isEmpty ? [] : [note($0, source)] }
    }
    return claims
  }

  /// A verification of this store's ledger; the caller adjusts and runs it.
  package func verification(_ level: VerificationLevel) throws -> LedgerVerification {
    var verification = LedgerVerification(path: layout.ledger, level: level)
    verification.verifierKeys = [try settings.verifierKey()]
    verification.claims = try outsideClaims()
    if level >= .contents {
      guard let keyring else {
        throw CustodyError(.usage, "Level contents opens contents and needs the store's secrets.")
      }
      try keyring.refresh()
      verification.dataKeys = dataKeys
    }
    return verification
  }

  /// What is wrong with stored objects, at level bodies by their addresses, at level contents opened.
  package func objectFindings(_ level: VerificationLevel) throws -> Findings {
    try ObjectVerification(
      path: layout.objects, level: level, ledgerID: ledgerID,
      dataKeys: keyring == nil ? nil : dataKeys
    ).run()
  }

  // MARK: - Keys

  /// Rewraps every data key under a new epoch key and records both in the ledger.
  package func rotateEpochKey(actor: Name) async throws -> (new: KeyID, destroyed: [KeyID]) {
    guard let keyring else { throw CustodyError(.usage, "Rotating keys needs the secrets.") }
    let ledger = try ledger()
    return try await ledger.locked { [self] in
      let rotated = try keyring.rotate()
      try append(
        Self.epochEvents(rotated.new, replacing: rotated.destroyed), to: ledger, actor)
      return rotated
    }
  }

  /// Records an epoch key that came into force without its event, because a crash fell in between,
  /// and those that are gone.
  fileprivate func recordEpoch(in ledger: LedgerStore, _ destroyed: [KeyID]) throws {
    try append(try epochEvents(replacing: destroyed), to: ledger, Name("custody"))
  }

  /// What the ledger does not say yet of the epoch key in force, and of those that are gone.
  ///
  /// - Parameter destroyed: epoch keys destroyed just now. One that a crash left before it was ever
  ///   in force is not in the ledger, and stays out of it.
  func epochEvents(replacing destroyed: [KeyID]) throws -> [SystemEvent] {
    guard let keyring, let provider else { return [] }
    let current = try keyring.currentEpoch()
    let newest = try recordedEpochs(untilFound: nil).first
    guard newest != current || !destroyed.isEmpty else { return [] }
    var gone = try Set(recordedEpochs(untilFound: Set(destroyed))).intersection(destroyed)
    // One that was set aside, or that a keyring set aside needs, is replaced and not destroyed.
    if let newest, newest != current, try !provider.keeps(newest) {
      gone.insert(newest)
    }
    return Self.epochEvents(newest == current ? nil : current, replacing: gone.sorted())
  }

  /// The epoch keys that `key.created` names, the newest first: until all of `wanted` are found, or
  /// one when that is nil.
  private func recordedEpochs(untilFound wanted: Set<KeyID>?) throws -> [KeyID] {
    var epochs: [KeyID] = []
    var missing = wanted
    if wanted?.isEmpty == true { return [] }
    try read {
      try $0.forEachSystemEvent("key.created", ledgerID: ledgerID, isReversed: true) { event, _ in
        if case .keyCreated(let created) = event, created.purpose == .epoch,
          let epoch = KeyID(created.key)
        {
          epochs.append(epoch)
          missing?.remove(epoch)
        }
        return missing.map { !$0.isEmpty } ?? epochs.isEmpty
      }
    }
    return epochs
  }

  /// - Parameter new: nil when only `old` are to be recorded.
  private static func epochEvents(_ new: KeyID?, replacing old: [KeyID]) -> [SystemEvent] {
    var events = new.map { [SystemEvent.keyCreated(.init(purpose: .epoch, key: $0))] } ?? []
    if !old.isEmpty {
      events.append(.keyDestroyed(.init(keys: old, reason: .rotation, request: nil)))
    }
    return events
  }

  private func append(_ events: [SystemEvent], to ledger: LedgerStore, _ actor: Name) throws {
    guard !events.isEmpty else { return }
    try ledger.appendUnderLock(
      try events.map {
        try PendingEvent.system($0, ledgerID: ledgerID, actor: actor, environment: environment)
      })
  }

  /// Signs what is due and leaves the databases without a WAL.
  package func close() async throws {
    guard let writable else { return }
    try await writable.locked { try self.objects.shortenLog() }
    try await writable.close()
  }
}
