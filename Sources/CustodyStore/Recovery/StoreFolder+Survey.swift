import CustodyLedger
import Foundation
import GRDB

extension StoreFolder {
  /// Whether keyring, guard, anchors, signer and ledger agree.
  package func condition() throws -> StoreCondition { try survey().condition }

  /// Compares keyring, guard, anchors, signer and ledger. Needs no secret.
  ///
  /// What whoever asks may not read is left out: who may not read the secrets cannot write either.
  ///
  /// - Parameters:
  ///   - given: notes from elsewhere that are to be compared too.
  ///   - isForRecovery: whether to compare every anchor rather than the newest, and to miss secrets
  ///     that are not there: who reads or verifies needs none, and they may be on another medium.
  ///
  /// Cost: a few rows and tree nodes, and one signature for each note; never a pass over the ledger.
  package func survey(
    given: [(name: String, note: String)] = [], isForRecovery: Bool = false
  ) throws -> StoreSurvey {
    let origin: Origin
    do {
      origin = try self.origin()
    } catch let error as CustodyError where error.code == .needsRecovery {
      var survey = StoreSurvey(size: 0, incarnation: 0, sealedSize: 0)
      survey.conditions = [.foreign(error.message)]
      return survey
    }
    return try read { ledger in
      let newest = try ledger.newestCheckpoint()
      let comparison = try LedgerComparison(
        ledger, origin: origin, key: settings.verifierKey())
      var survey = StoreSurvey(
        size: comparison.size, incarnation: origin.incarnation, sealedSize: newest?.size ?? 0)
      let keys = try FirstKeys(ledger, ledgerID)
      survey.conditions = try fileConditions()
      if isForRecovery { survey.conditions += secretsConditions() }
      survey.conditions += try foreignConditions(keys)
      if let newest {
        let source = "its own newest checkpoint"
        if let word = try comparison.word(newest.note, source), word.size == newest.size {
          survey.words.append(word)
        } else {
          survey.conditions.append(.forked(at: newest.size, by: source))
        }
      }
      survey.isNewestLifeUnsigned = comparison.newestLife.map { $0 >= survey.sealedSize } ?? false
      let states = try states(&survey)
      survey.keyringRevision = states.map(\.state.keyringRevision).max() ?? 0
      try keyringConditions(ledger, keys, &survey)
      for (source, state) in states { survey.words.append(try comparison.word(state, source)) }
      if let note = try guardFolder.checkpoint(),
        let word = try comparison.word(note, "the guard's checkpoint")
      {
        survey.words.append(word)
      }
      survey.words += try anchorWords(comparison, all: isForRecovery, &survey)
      for note in given {
        guard let word = try comparison.word(note.note, note.name) else {
          throw CustodyError(
            .invalidInput, "\(note.name) is no checkpoint that this ledger's key has signed.")
        }
        survey.words.append(word)
      }
      // Of two that speak against the ledger the newest says most.
      let spoken = survey.words.sorted { ($0.incarnation, $0.size) > ($1.incarnation, $1.size) }
        .compactMap { survey.condition($0) }
      for name in ["forked", "behind"] {
        survey.conditions += spoken.first { $0.name == name }.map { [$0] } ?? []
      }
      if let forged = try forgedEvent(ledger, from: survey.sealedSize) {
        survey.conditions.append(forged)
      }
      if survey.conditions.isEmpty, let torn = cutShort(survey, states) {
        survey.conditions.append(torn)
      }
      return survey
    }
  }

  /// Only a recovery begins a new life, and it tells signer and guard and signs it.
  private func cutShort(
    _ survey: StoreSurvey, _ states: [(source: String, state: SignerState)]
  ) -> StoreCondition? {
    let life = survey.incarnation
    if let untold = states.first(where: { $0.state.incarnation != life }) {
      return .torn(
        "The ledger is in incarnation \(life), and \(untold.source) in "
          + "\(untold.state.incarnation): a recovery was cut short, or an older copy of that was put "
          + "back.")
    }
    return survey.isNewestLifeUnsigned
      ? .torn("No checkpoint signs incarnation \(life): a recovery was cut short.") : nil
  }

  // MARK: - Files

  /// What of the store is not there, or not in its whole length.
  private func fileConditions() throws -> [StoreCondition] {
    var conditions = try [layout.ledger, layout.keys, layout.objects].compactMap {
      try DatabaseFile.condition($0)
    }
    if !FileIO.isFolder(settings.guard) {
      conditions.append(.missing("The folder of the guard, \(settings.guard),"))
    }
    return conditions
  }

  private func secretsConditions() -> [StoreCondition] {
    guard FileIO.isFolder(secretsFolder) else {
      return [.missing("The folder of the secrets, \(secretsFolder),")]
    }
    guard access(secretsFolder, R_OK | X_OK) == 0 else { return [] }
    if !FileKeyProvider.isUsed(secretsFolder) {
      return [.missing("The root key in \(secretsFolder)")]
    }
    return FileKeyProvider.hasSigningKey(secretsFolder)
      ? [] : [.missing("The signing key in \(secretsFolder)")]
  }

  /// What belongs to another store.
  private func foreignConditions(_ keys: FirstKeys) throws -> [StoreCondition] {
    var conditions: [StoreCondition] = []
    if !keys.signing.contains(try settings.verifierKey().publicKey.bytes.bytes) {
      conditions.append(
        .foreign("custody.yaml names another verifier key than the ledger itself."))
    }
    if let note = try guardFolder.checkpoint(),
      let other = Checkpoint(unverified: note)?.origin.ledgerID, other != ledgerID
    {
      conditions.append(.foreign("The guard in \(settings.guard) is that of ledger \(other)."))
    }
    if let id = try? objects.ledgerIDOfFirst(), id != ledgerID {
      conditions.append(.foreign("\(layout.objects) holds the objects of ledger \(id)."))
    }
    return conditions
  }

  // MARK: - Words

  /// What signer and guard wrote down last.
  private func states(
    _ survey: inout StoreSurvey
  ) throws -> [(source: String, state: SignerState)] {
    var states: [(source: String, state: SignerState)] = []
    for (source, folder) in [
      (StoreSurvey.guardSource, settings.guard), ("the signer", secretsFolder),
    ]
    where FileIO.isFolder(folder) {
      let path = "\(folder)/\(SignerState.fileName)"
      do {
        if let state = try SignerState.read(path) {
          states.append((source, state))
        } else {
          survey.conditions.append(.missing("What \(source) wrote down, \(path),"))
        }
      } catch let error as CustodyError where error.code == .permission {
      } catch let error as CustodyError where error.code == .damaged {
        survey.conditions.append(.torn("What \(source) wrote down, \(path), is damaged."))
      }
    }
    return states
  }

  private func anchorWords(
    _ comparison: LedgerComparison, all: Bool, _ survey: inout StoreSurvey
  ) throws -> [StoreSurvey.Word] {
    let notes = try anchors.notes().compactMap { anchor in
      (try? anchor.note.get()).map { (name: anchor.name, note: $0) }
    }
    if notes.isEmpty { survey.conditions.append(.missing("What \(anchors.folder) holds")) }
    let known = notes.compactMap { anchor in
      Checkpoint(unverified: anchor.note).map { (checkpoint: $0, anchor: anchor) }
    }
    if let other = known.first(where: { $0.checkpoint.origin.ledgerID != ledgerID }) {
      survey.conditions.append(
        .foreign(
          "\(anchors.folder)/\(other.anchor.name) is an anchor of ledger "
            + "\(other.checkpoint.origin.ledgerID)."))
    }
    var words: [StoreSurvey.Word] = []
    // From the newest on, so that opening verifies one signature.
    func age(_ checkpoint: Checkpoint) -> (Int, Int) {
      (checkpoint.origin.incarnation, checkpoint.size)
    }
    let newestFirst = known.sorted { age($0.checkpoint) > age($1.checkpoint) }
    for (_, anchor) in newestFirst where all || words.isEmpty {
      if let word = try comparison.word(anchor.note, "anchor \(anchor.name)") { words.append(word) }
    }
    return words
  }

  // MARK: - Keyring

  private func keyringConditions(
    _ ledger: LedgerReader, _ keys: FirstKeys, _ survey: inout StoreSurvey
  ) throws {
    guard access(layout.keys, R_OK) == 0, access(secretsFolder, R_OK | X_OK) == 0,
      !survey.conditions.contains(where: { $0.explanation.contains(layout.keys) })
    else { return }
    let keyring: Keyring.Summary
    do {
      keyring = try Keyring.summary(layout.keys)
    } catch let error as CustodyError where error.code != .permission {
      survey.conditions.append(.torn(error.message))
      return
    }
    guard let epoch = keyring.epoch, let operations = keyring.operations else {
      survey.conditions.append(.torn("\(layout.keys) holds no key of the store itself."))
      return
    }
    let held = try FileKeyProvider.epochKeyIDs(in: secretsFolder)
    if !keys.operations.contains(operations) {
      survey.conditions.append(.foreign("\(layout.keys) is the keyring of another store."))
    } else if held.isEmpty {
      survey.conditions.append(.missing("The epoch key \(epoch) in \(secretsFolder)"))
    } else if !held.contains(epoch) {
      survey.conditions.append(
        .staleKey(
          try isRecorded(epoch, in: ledger)
            ? "\(layout.keys) is wrapped by an epoch key that is gone: it is an older copy, and opens "
              + "nothing."
            : "\(layout.keys) is wrapped by an epoch key that \(secretsFolder) does not hold: the "
              + "secrets are an older copy."))
    } else if keyring.revision < survey.keyringRevision {
      survey.conditions.append(
        .staleKey(
          "\(layout.keys) was written to \(keyring.revision) times, and the signer has seen "
            + "\(survey.keyringRevision): "
            + "it is an older copy, which lacks the keys made since."))
    }
  }

  private func isRecorded(_ epoch: KeyID, in ledger: LedgerReader) throws -> Bool {
    var isRecorded = false
    try ledger.forEachSystemEvent("key.created", ledgerID: ledgerID, isReversed: true) { event, _ in
      if case .keyCreated(let created) = event, created.key == epoch.bytes { isRecorded = true }
      return !isRecorded
    }
    return isRecorded
  }

  // MARK: - Events that nobody signed

  /// An event of the library's own that no checkpoint covers, and that nothing here has written.
  ///
  /// They need no key, so whoever can write the file can append one, and the next checkpoint would
  /// sign it: a purge that explains why bodies are gone, the end of a key that is in use.
  private func forgedEvent(_ ledger: LedgerReader, from start: Int) throws -> StoreCondition? {
    var forged: StoreCondition?
    try ledger.forEachSystemEvent(ledgerID: ledgerID, from: start) { event, position in
      switch event {
      case .purged:
        forged = .forked(at: position + 1, by: "this store, which has purged nothing,")
      case .keyDestroyed(let destroyed):
        guard let live = try Keyring.firstLive(destroyed.keys, layout.keys) else { return true }
        forged = .forked(at: position + 1, by: "the keyring, which holds key \(live),")
      case .created, .keyCreated, .restored: break
      }
      return forged == nil
    }
    return forged
  }
}

/// The keys that a ledger names where it begins.
private struct FirstKeys {
  private(set) var signing: [[UInt8]] = []
  private(set) var operations: [KeyID] = []

  /// More than `init` writes.
  private static let eventCountMax = 8

  init(_ ledger: LedgerReader, _ ledgerID: LedgerID) throws {
    try ledger.forEachSystemEvent("key.created", ledgerID: ledgerID, to: Self.eventCountMax) {
      event, _ in
      guard case .keyCreated(let created) = event else { return true }
      switch created.purpose {
      case .signing: signing.append(created.key)
      case .operations: operations += [KeyID(created.key)].compactMap { $0 }
      case .epoch, .run, .group: break
      }
      return true
    }
  }
}
