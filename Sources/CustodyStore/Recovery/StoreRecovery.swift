import CSQLiteShim
import CustodyLedger
import CustodyMigrations
import Foundation
import GRDB

/// Brings a store back that is behind, torn or without its keys, as far as that can be done.
///
/// First ``plan(_:)``, which changes nothing; then ``run(_:)``. Afterwards the store is clean.
package struct StoreRecovery {
  let layout: Layout
  /// With guard and secrets where they are from now on.
  let settings: Settings
  /// As custody.yaml has them.
  private let formerSettings: Settings
  let ledgerID: LedgerID
  let environment: Environment
  private let actor: Name
  /// Notes from elsewhere.
  package var anchors: [(name: String, note: String)] = []
  /// Keys to bring back.
  package var backup: KeyBackup.Contents?
  /// Seals secrets that are made anew.
  package var newPassphrase: SecretBytes?
  /// Whether secrets that are there and do not open are made anew.
  package var makesNewSecrets = false
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
    formerSettings = try Settings.read(layout)
    var settings = formerSettings
    if let guardFolder { settings.guard = guardFolder }
    if let secrets { settings.secrets = secrets }
    self.settings = settings
    for folder in [guardFolder, secrets].compactMap({ $0 })
    where folder == root || folder.hasPrefix(root + "/") && folder != layout.secrets {
      throw CustodyError(.usage, "\(folder) lies inside the store. Name a folder outside of it.")
    }
    guard settings.guard != settings.secretsFolder(layout) else {
      throw CustodyError(.usage, "Secrets and guard need a folder each.")
    }
    ledgerID = try settings.ledgerID()
    self.actor = actor
    self.environment = environment
    self.passphrase = passphrase
  }

  var secretsFolder: String { settings.secretsFolder(layout) }
  private var guardFolder: Guard { Guard(folder: settings.guard) }

  /// Where guard and secrets were, when that is another place.
  var former: (guard: String?, secrets: String?) {
    let secrets = formerSettings.secretsFolder(layout)
    return (
      formerSettings.guard == settings.guard ? nil : formerSettings.guard,
      secrets == secretsFolder ? nil : secrets
    )
  }

  // MARK: - Planning

  /// What is wrong, and what would be done.
  ///
  /// - Throws: `needsRecovery` when there is no ledger to go on from.
  ///
  /// Cost: verifies the ledger and the objects at level bodies.
  package func plan(_ progress: LedgerVerification.Progress? = nil) throws -> RecoveryPlan {
    if let condition = DatabaseFile.condition(layout.ledger, .ledger) {
      throw CustodyError(
        .needsRecovery,
        "\(condition.finding) A ledger cannot be made again: put the newest copy of it there, for "
          + "example one that `custody backup` made. Then: custody recover")
    }
    try checkIsNoTrial()
    let lock = FileLock(path: layout.lock)
    // Whoever may not write cannot meet a writer either.
    let survey =
      access(layout.root, W_OK) == 0
      ? try lock.withLock { try self.survey() } : try self.survey()
    var plan = RecoveryPlan(
      conditions: survey.conditions, eventCount: survey.size, incarnation: survey.incarnation,
      unsealedCount: survey.size - survey.sealedSize,
      words: survey.words.sorted { $0.isAhead(of: $1) }.map {
        RecoveryPlan.Word(
          source: $0.source, incarnation: $0.incarnation, size: $0.size, verdict: $0.verdict.name)
      })
    if former.guard != nil { plan.moves.append("The guard is in \(settings.guard) from now on.") }
    if former.secrets != nil {
      plan.moves.append("The secrets are in \(secretsFolder) from now on.")
    }
    guard survey.isOfThisLedger else { return refused(plan, survey.condition.explanation) }
    if let backup, backup.ledgerID != ledgerID {
      throw CustodyError(
        .invalidInput, "The key backup is that of ledger \(backup.ledgerID), not of \(ledgerID).")
    }
    guard plan.isNeeded || backup != nil else { return plan }
    plan.erasureCount = try erasuresToCarryOut()
    try planSafeguards(survey, &plan)
    try planKeys(&plan)
    planObjects(&plan)
    try planLives(survey, &plan)
    let obstacle = survey.conditions.first {
      switch $0 {
      case .foreign(let part, _): part != .keyring || plan.keys == nil
      case .forked: true
      default: false
      }
    }
    if let obstacle { return refused(plan, obstacle.explanation) }
    guard plan.refusal == nil else { return plan }
    try verify(survey, &plan, progress)
    return plan
  }

  /// How many erasures the guard knows of and this copy of the ledger does not.
  private func erasuresToCarryOut() throws -> Int {
    let folder = try StoreFolder.reading(layout, settings, ledgerID, environment)
    let merged = try folder.mergedJournal(former: former.guard)
    let completed = try folder.read { try $0.completedErasures(ledgerID) }
    return merged.count { !completed.contains($0.request) }
  }

  private func planSafeguards(_ survey: StoreSurvey, _ plan: inout RecoveryPlan) throws {
    let folder = try StoreFolder.reading(layout, settings, ledgerID, environment)
    plan.safeguardCount = try folder.lostSafeguardCount(former: former.guard)
    let isNewest = survey.guardWord.map { guarded in
      !survey.words.contains { $0.isAhead(of: guarded) }
    }
    plan.knowsAllSafeguards =
      try isNewest == true
      && folder.hasWholeSafeguards(former: former.guard)
  }

  /// A copy of a store that is still there, with the same guard and secrets: recovering it would take
  /// them away from that one.
  private func checkIsNoTrial() throws {
    let owned = Guard(folder: formerSettings.guard)
    guard let other = try owned.otherStore(than: layout.root, ledgerID) else { return }
    let sharesSecrets =
      formerSettings.secrets.hasPrefix("/") && former.secrets == nil
    guard former.guard == nil || sharesSecrets else { return }
    throw CustodyError(
      .usage,
      "The store at \(other) is there, and has the same guard"
        + (sharesSecrets ? " and secrets" : "")
        + ": recovering this copy would take them away from it. To try a backup out beside it, name "
        + "places of its own with --guard\(sharesSecrets ? " and --secrets" : ""), and delete it "
        + "afterwards.")
  }

  private func survey() throws -> StoreSurvey {
    try StoreFolder.reading(layout, settings, ledgerID, environment).survey(
      given: anchors, former: former, isForRecovery: true)
  }

  private func refused(_ plan: RecoveryPlan, _ why: String) -> RecoveryPlan {
    var plan = plan
    plan.refusal = CustodyError(.needsRecovery, why)
    return plan
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

  private func planObjects(_ plan: inout RecoveryPlan) {
    guard let condition = DatabaseFile.condition(layout.objects, .objects) else { return }
    guard case .missing = condition, goesOnWithoutObjects else {
      plan.refusal = CustodyError(
        .needsRecovery,
        "\(condition.finding) Put the newest copy back. If there is none, --without-objects goes on "
          + "without the contents of every dataset version there is.")
      return
    }
    plan.makesObjects = true
  }

  // MARK: - Lives

  /// A new life is begun when somebody may have signed what the ledger does not have.
  private func planLives(_ survey: StoreSurvey, _ plan: inout RecoveryPlan) throws {
    let beyond = survey.words.filter { $0.verdict == .beyond }
    if beyond.isEmpty {
      // What is unsigned and was not begun here has been refused as forked.
      if survey.isNewestLifeUnsigned {
        plan.completesRecovery = true
        return
      }
      // The guard is told before anything is signed: while it knows of as much as everybody else,
      // nothing was signed that it does not know.
      if let guarded = survey.guardWord, guarded.verdict == .agrees,
        guarded.incarnation == survey.incarnation, survey.aheadOfGuard == nil
      {
        return
      }
    }
    var incarnation = max(survey.words.map(\.incarnation).max() ?? 1, survey.incarnation)
    guard incarnation < Int.max >> 1 else {
      plan.refusal = CustodyError(
        .needsRecovery,
        "There is no incarnation above \(incarnation): somebody made that number up.")
      return
    }
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
      try checkPlacesAreWritable()
      if !plan.moves.isEmpty {
        try FileIO.replace(layout.settings, with: settings.encoded(), mode: 0o600)
      }
      if plan.makesObjects { try StoreCreation.makeDatabase(layout.objects, Migration.objects) }
      let seen = survey.keyringRevision
      if plan.keys != nil { try restoreKeys(above: seen) }
      try StoreFolder.prepareForWriting(layout)
      let folder = try StoreFolder.reading(layout, settings, ledgerID, environment)
      try folder.completeJournals(former: former.guard)
      try folder.mendSafeguards(former: former.guard)
      try keepEvidence(survey, plan)
      if !plan.lives.isEmpty { try begin(plan.lives) }
      try tell(above: seen)
      try sign(makesSecrets: plan.keys?.makesSecrets == true)
      try guardFolder.own(layout.root, ledgerID)
    }
  }

  /// Asked before anything is changed: a life that cannot be told of must not be begun.
  private func checkPlacesAreWritable() throws {
    for (folder, names) in [
      (settings.guard, [SignerState.fileName, "checkpoint"]),
      (secretsFolder, [SignerState.fileName]), (layout.anchors, [Anchors.newest]),
    ] {
      guard access(folder, W_OK | X_OK) == 0 else {
        throw CustodyError(SystemCallError("access"), path: folder)
      }
      for path in names.map({ "\(folder)/\($0)" }) where FileIO.exists(path) {
        close(try FileIO.open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC))
      }
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

  /// Notes of what was lost stay among the anchors, under names of their own: every later
  /// verification reads them, but for those that the ledger cannot explain.
  private func keepEvidence(_ survey: StoreSurvey, _ plan: RecoveryPlan) throws {
    let unexplained = Set(plan.unexplained.map(\.origin))
    for word in survey.words where word.verdict == .beyond {
      guard let note = word.note else { continue }
      let bytes = Array(note.utf8)
      let name = "lost-\(word.incarnation)-\(word.size)-\(SHA256.hash(bytes).hex.prefix(8))"
      let isExplained = !unexplained.contains(word.checkpoint.origin)
      let kept = "\(name).\(isExplained ? "note" : "unexplained")"
      try FileIO.replace("\(layout.anchors)/\(kept)", with: bytes, mode: 0o600)
      // Under the name of a live one it would be held against the ledger for ever.
      if let anchor = word.anchor, anchor != kept, anchor != Anchors.newest {
        unlink("\(layout.anchors)/\(anchor)")
      }
    }
  }

  /// Appends `ledger.restored`, one for each life, and changes the ledger's row with them.
  private func begin(_ lives: [RecoveryPlan.Life]) throws {
    let organization = try StoreFolder.reading(layout, settings, ledgerID, environment).origin()
      .organization
    let database = try Connection.writer(layout.ledger)
    try Connection.translating(layout.ledger) {
      try database.writeWithoutTransaction { db in
        let writer = try LedgerWriter(db.sqliteConnection!, ledgerID: ledgerID)
        var ids: [EventID] = []
        try db.inTransaction(.immediate) {
          for life in lives {
            try writer.refresh()
            let restored = SystemEvent.Restored(
              size: writer.tree.size, root: writer.tree.root(using: SHA256()),
              incarnation: life.incarnation, lost: life.lost)
            let event = try PendingEvent.system(
              .restored(restored), ledgerID: ledgerID, actor: actor, environment: environment)
            ids.append(event.claim.eventID)
            _ = try writer.append(event, at: environment.now()) { _ in nil }
          }
          let origin = Origin(
            organization: organization, ledgerID: ledgerID, incarnation: lives.last!.incarnation)
          try db.execute(
            sql: "UPDATE ledger SET origin = ?, incarnation = ?",
            arguments: [origin.description, origin.incarnation])
          // Durable before the events are: whoever finds them unsigned knows that they are ours.
          try guardFolder.note(recoveries: ids)
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
    guard let newest else { return }
    if try folder.anchors.notes().isEmpty {
      try FileIO.replace(
        "\(layout.anchors)/\(Anchors.newest)", with: Array(newest.utf8), mode: 0o600)
    }
    if try guardFolder.checkpoint() == nil { try guardFolder.keep(newest) }
  }
}
