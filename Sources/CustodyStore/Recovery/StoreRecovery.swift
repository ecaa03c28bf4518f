import CSQLiteShim
import CustodyLedger
import CustodyMigrations
import Foundation
import GRDB

/// Brings a store back that is behind, torn or without its keys, as far as that can be done.
///
/// First ``plan(_:)``, which changes nothing; then ``run(_:)``. Afterwards the store is clean.
package struct StoreRecovery {
  private let layout: Layout
  private let settings: Settings
  private let isMoved: Bool
  private let ledgerID: LedgerID
  private let environment: Environment
  private let actor: Name
  /// Notes from elsewhere.
  package var anchors: [(name: String, note: String)] = []
  /// Keys to bring back.
  package var backup: KeyBackup.Contents?
  /// Seals secrets that are made anew.
  package var newPassphrase: SecretBytes?
  /// Opens the secrets that are there.
  package var passphrase: () throws -> SecretBytes
  /// Whether to go on with no objects when they are lost.
  package var goesOnWithoutObjects = false

  /// - Parameters:
  ///   - guardFolder: where the guard is from now on, absolute; where settings say when nil.
  ///   - secrets: the same of the secrets.
  package init(
    root: String, guardFolder: String?, secrets: String?, actor: Name,
    environment: Environment = .system, passphrase: @escaping () throws -> SecretBytes
  ) throws {
    layout = Layout(root: root)
    var settings = try Settings.read(layout)
    isMoved = guardFolder != nil || secrets != nil
    if let guardFolder { settings.guard = guardFolder }
    if let secrets { settings.secrets = secrets }
    self.settings = settings
    ledgerID = try settings.ledgerID()
    self.actor = actor
    self.environment = environment
    self.passphrase = passphrase
  }

  private var secretsFolder: String { settings.secretsFolder(layout) }
  private var guardFolder: Guard { Guard(folder: settings.guard) }

  // MARK: - Planning

  /// What is wrong, and what would be done.
  ///
  /// - Throws: `needsRecovery` when there is no ledger to go on from.
  ///
  /// Cost: verifies the ledger and the objects at level bodies.
  package func plan(_ progress: LedgerVerification.Progress? = nil) throws -> RecoveryPlan {
    if let condition = try DatabaseFile.condition(layout.ledger) {
      throw CustodyError(
        .needsRecovery,
        "\(condition.finding) A ledger cannot be made again: put the newest copy of it there, for "
          + "example one that `custody backup` made. Then: custody recover")
    }
    let survey = try survey()
    var plan = RecoveryPlan(
      conditions: survey.conditions, eventCount: survey.size, incarnation: survey.incarnation,
      unsealedCount: survey.size - survey.sealedSize,
      words: survey.words.sorted { ($1.incarnation, $1.size) < ($0.incarnation, $0.size) }.map {
        RecoveryPlan.Word(
          source: $0.source, incarnation: $0.incarnation, size: $0.size, verdict: $0.verdict.name)
      })
    guard survey.isOfThisLedger else { return refused(plan, survey.condition.explanation) }
    if let backup, backup.ledgerID != ledgerID {
      throw CustodyError(
        .invalidInput, "The key backup is that of ledger \(backup.ledgerID), not of \(ledgerID).")
    }
    guard !survey.conditions.isEmpty || backup != nil else { return plan }
    try planKeys(&plan)
    try planObjects(&plan)
    planLives(survey, &plan)
    if let foreign = survey.conditions.first(where: { $0.name == "foreign" && !isMended($0, plan) })
    {
      return refused(plan, foreign.explanation)
    }
    if let forked = survey.conditions.first(where: { $0.name == "forked" }) {
      return refused(plan, forked.explanation)
    }
    guard plan.refusal == nil else { return plan }
    try verify(survey, &plan, progress)
    return plan
  }

  private func survey() throws -> StoreSurvey {
    try StoreFolder.reading(layout, settings, ledgerID, environment).survey(
      given: anchors, isForRecovery: true)
  }

  private func refused(_ plan: RecoveryPlan, _ why: String) -> RecoveryPlan {
    var plan = plan
    plan.refusal = CustodyError(.needsRecovery, why)
    return plan
  }

  /// Whether what is foreign is replaced.
  private func isMended(_ condition: StoreCondition, _ plan: RecoveryPlan) -> Bool {
    plan.keys != nil && condition.finding.hasPrefix(layout.keys)
  }

  /// A ledger that does not hold by itself is not gone on from.
  private func verify(
    _ survey: StoreSurvey, _ plan: inout RecoveryPlan, _ progress: LedgerVerification.Progress?
  ) throws {
    var verification = LedgerVerification(path: layout.ledger, level: .bodies)
    verification.verifierKeys = [try settings.verifierKey()]
    verification.claims = survey.words.compactMap { word in
      guard word.verdict == .agrees, let note = word.note else { return nil }
      return RootClaim(anchor: note, source: word.source)
    }
    verification.progress = progress
    let report = try verification.run()
    if let first = report.findings.first {
      plan = refused(
        plan,
        "The ledger itself does not verify (\(first.rule.rawValue)): custody verify says where. "
          + "Put a copy back that does; nothing is built on this one.")
      return
    }
    if !plan.makesObjects {
      plan.damagedObjectCount = try ObjectVerification(
        path: layout.objects, level: .bodies, ledgerID: ledgerID, dataKeys: nil
      ).run().count
    }
  }

  private func planObjects(_ plan: inout RecoveryPlan) throws {
    guard let condition = try DatabaseFile.condition(layout.objects) else { return }
    guard case .missing = condition, goesOnWithoutObjects else {
      plan.refusal = CustodyError(
        .needsRecovery,
        "\(condition.finding) Put the newest copy back. If there is none, --without-objects goes on "
          + "without the contents of every dataset version there is.")
      return
    }
    plan.makesObjects = true
  }

  // MARK: - Keys

  private func planKeys(_ plan: inout RecoveryPlan) throws {
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
    let makesSecrets = !FileKeyProvider.isUsed(secretsFolder)
    let selection: KeyringRecovery.Selection
    if makesSecrets {
      // Nothing that is there opens without the root key.
      selection = KeyringRecovery.Selection(backup.rows, without: destroyed)
    } else {
      selection = try keyringRecovery(backup, try provider()).selection(without: destroyed)
    }
    plan.unreadableCount = try unreadableCount(
      knowing: Set(selection.rows.keys.map(\.id)), destroyed: destroyed)
    // A keyring that has all of it already is left alone.
    guard isKeyringLost || makesSecrets || selection.restoredCount > 0 else { return }
    plan.keys = RecoveryPlan.KeyRestoration(
      created: backup.created, restoredCount: selection.restoredCount,
      keptCount: selection.keptCount, destroyedCount: selection.destroyedCount,
      makesSecrets: makesSecrets)
  }

  private func isOfKeys(_ condition: StoreCondition) -> Bool {
    switch condition {
    case .staleKey: true
    case .missing, .torn, .foreign:
      [layout.keys, " key in", "epoch key", "folder of the secrets"].contains {
        condition.finding.contains($0)
      }
    case .clean, .behind, .forked: false
    }
  }

  /// Whether the keyring that is there opens, though it may be an older one.
  private func opensKeyring() throws -> Bool {
    guard try DatabaseFile.condition(layout.keys) == nil, FileKeyProvider.isUsed(secretsFolder),
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

  private func keyringRecovery(
    _ backup: KeyBackup.Contents, _ provider: FileKeyProvider
  ) -> KeyringRecovery {
    KeyringRecovery(
      layout: layout, backup: backup, provider: provider, ledgerID: ledgerID,
      environment: environment)
  }

  /// Keys that the ledger says are gone: no backup brings them back.
  private func destroyedKeys() throws -> Set<KeyID> {
    var destroyed: Set<KeyID> = []
    try ReaderPool(path: layout.ledger).read {
      try $0.forEachSystemEvent("key.destroyed", ledgerID: ledgerID) { event, _ in
        if case .keyDestroyed(let event) = event { destroyed.formUnion(event.keys) }
        return true
      }
    }
    return destroyed
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

  // MARK: - Lives

  /// A new life is begun when somebody may have signed what the ledger does not have.
  private func planLives(_ survey: StoreSurvey, _ plan: inout RecoveryPlan) {
    let beyond = survey.words.filter { $0.verdict == .beyond }
    let guarded = survey.words.first { $0.source == StoreSurvey.guardSource }
    if beyond.isEmpty, let guarded, guarded.verdict == .agrees || guarded.verdict == .explained {
      // The guard is told before anything is signed, so nothing was signed that it does not know.
      if guarded.incarnation == survey.incarnation { return }
      if survey.isNewestLifeUnsigned {
        plan.completesRecovery = true
        return
      }
    }
    let known = survey.words.map(\.incarnation).max() ?? 1
    var incarnation = max(known, survey.incarnation)
    let lost = Dictionary(grouping: beyond, by: \.incarnation).values
      .compactMap { $0.max { $0.size < $1.size } }
      .sorted { ($0.size, $1.incarnation) < ($1.size, $0.incarnation) }
    for word in lost {
      // An event explains checkpoints of sizes above its own position only: the smallest come first.
      guard word.size > survey.size + plan.lives.count else {
        plan.unexplained.append(word.checkpoint)
        continue
      }
      incarnation += 1
      plan.lives.append(
        RecoveryPlan.Life(
          incarnation: incarnation,
          lost: SystemEvent.Restored.Lost(
            origin: word.checkpoint.origin, size: word.size, root: word.checkpoint.root)))
    }
    if lost.isEmpty {
      plan.lives = [RecoveryPlan.Life(incarnation: incarnation + 1, lost: nil)]
    }
  }

  // MARK: - Doing

  /// Does what the plan says. A kill at any point leaves a store that can be recovered again.
  ///
  /// - Throws: `revisionConflict` when the store is not what it was when the plan was made.
  package func run(_ plan: RecoveryPlan) throws {
    if let refusal = plan.refusal { throw refusal }
    try FileLock(path: layout.lock).withLock {
      let survey = try survey()
      guard survey.conditions == plan.conditions, survey.size == plan.eventCount else {
        throw CustodyError(
          .revisionConflict, "The store has changed since it was looked at. Run it again.")
      }
      try FileIO.makeFolder(settings.guard)
      try FileIO.makeFolder(secretsFolder)
      try FileIO.makeFolder(layout.anchors)
      if isMoved { try FileIO.replace(layout.settings, with: settings.encoded(), mode: 0o600) }
      if plan.makesObjects { try StoreCreation.makeDatabase(layout.objects, Migration.objects) }
      let seen = survey.keyringRevision
      if plan.keys != nil { try restoreKeys(above: seen) }
      try StoreFolder.prepareForWriting(layout)
      try keepEvidence(survey, plan)
      if !plan.lives.isEmpty { try begin(plan.lives) }
      try tell(above: seen)
      try sign(makesSecrets: plan.keys?.makesSecrets == true)
    }
  }

  /// Signs what there is: only then does the new life explain what was lost.
  private func sign(makesSecrets: Bool) throws {
    let provider = try FileKeyProvider.open(
      in: secretsFolder, ledgerID: ledgerID, environment: environment
    ) {
      if makesSecrets, let newPassphrase { return newPassphrase }
      return try passphrase()
    }
    let keyring = try Keyring(
      path: layout.keys, ledgerID: ledgerID, provider: provider, environment: environment,
      isWritable: true)
    let folder = try StoreFolder.reading(layout, settings, ledgerID, environment)
    let ledger = try LedgerStore(
      path: layout.ledger, ledgerID: ledgerID, lock: FileLock(path: layout.lock),
      environment: environment, keyring: keyring, signer: try folder.signer(provider, keyring))
    try ledger.signAll()
  }

  private func restoreKeys(above revision: Int) throws {
    guard let backup else { return }
    let provider: FileKeyProvider
    if FileKeyProvider.isUsed(secretsFolder) {
      provider = try self.provider()
      try provider.restoreSigningKey(backup.signingSeed)
    } else {
      try FileKeyProvider.removeUnopenable(in: secretsFolder)
      provider = try FileKeyProvider.create(
        in: secretsFolder, ledgerID: ledgerID, passphrase: newPassphrase, environment: environment,
        seed: backup.signingSeed)
    }
    let recovery = keyringRecovery(backup, provider)
    try recovery.run(recovery.selection(without: destroyedKeys()), above: revision)
  }

  /// Notes of what was lost stay among the anchors, under names of their own: every later
  /// verification reads them, but for those that the ledger cannot explain.
  private func keepEvidence(_ survey: StoreSurvey, _ plan: RecoveryPlan) throws {
    let unexplained = Set(plan.unexplained.map(\.origin))
    for word in survey.words where word.verdict == .beyond {
      guard let note = word.note else { continue }
      let bytes = Array(note.utf8)
      let name = "lost-\(word.incarnation)-\(word.size)-\(SHA256.hash(bytes).hex.prefix(8))"
      let isExplained = !unexplained.contains(word.checkpoint.origin)
      try FileIO.replace(
        "\(layout.anchors)/\(name).\(isExplained ? "note" : "unexplained")", with: bytes,
        mode: 0o600)
      if !isExplained { unlink("\(layout.anchors)/\(name).note") }
    }
  }

  /// Appends `ledger.restored`, one for each life, and changes the ledger's row with them.
  private func begin(_ lives: [RecoveryPlan.Life]) throws {
    let database = try Connection.writer(layout.ledger)
    try Connection.translating(layout.ledger) {
      try database.writeWithoutTransaction { db in
        let writer = try LedgerWriter(db.sqliteConnection!, ledgerID: ledgerID)
        try db.inTransaction(.immediate) {
          for life in lives {
            try writer.refresh()
            let restored = SystemEvent.Restored(
              size: writer.tree.size, root: writer.tree.root(using: SHA256()),
              incarnation: life.incarnation, lost: life.lost)
            _ = try writer.append(
              try PendingEvent.system(
                .restored(restored), ledgerID: ledgerID, actor: actor, environment: environment),
              at: environment.now()
            ) { _ in nil }
          }
          let origin = Origin(
            organization: settings.organization, ledgerID: ledgerID,
            incarnation: lives.last!.incarnation)
          try db.execute(
            sql: "UPDATE ledger SET origin = ?, incarnation = ?",
            arguments: [origin.description, origin.incarnation])
          return .commit
        }
        try WriteAheadLog.shorten(db)
      }
    }
  }

  /// Tells guard, signer and anchors of the life that the ledger is in. The guard first, as always.
  private func tell(above revision: Int) throws {
    let folder = try StoreFolder.reading(layout, settings, ledgerID, environment)
    let origin = try folder.origin()
    let (size, root, newest) = try folder.read { reader in
      let size = try reader.size()
      return (size, try TreeReader(reader).root(size: size), try reader.newestCheckpoint()?.note)
    }
    // An older keyring that is gone on with is the newest one now.
    try Keyring.raiseRevision(layout.keys, to: revision)
    let state = SignerState(
      incarnation: origin.incarnation, size: size, root: root,
      keyringRevision: try Keyring.summary(layout.keys).revision)
    let guarded = try? guardFolder.state()
    if guarded.map({ state.isAhead(of: $0) }) ?? true { try guardFolder.begin(state) }
    let path = "\(secretsFolder)/\(SignerState.fileName)"
    let signed = try? SignerState.read(path)
    if signed.map({ state.isAhead(of: $0) }) ?? true { try state.write(path) }
    if try folder.anchors.notes().isEmpty, let newest {
      try FileIO.replace(
        "\(layout.anchors)/\(Anchors.newest)", with: Array(newest.utf8), mode: 0o600)
    }
  }
}
