import CustodyLedger
import Foundation
import GRDB

extension StoreFolder {
  /// Whether keyring, guard, anchors, signer and ledger agree. For whoever does not hold the store's
  /// lock.
  package func condition() throws -> StoreCondition {
    let seen = try survey().condition
    guard seen != .clean, access(layout.lock, W_OK) == 0 else { return seen }
    // Somebody who writes meanwhile may have gone on between two looks.
    return try lock.withLock { try survey().condition }
  }

  /// Compares keyring, guard, anchors, signer and ledger. Needs no secret.
  ///
  /// What whoever asks may not read is left out: who may not read the secrets cannot write either.
  ///
  /// - Parameters:
  ///   - given: notes from elsewhere that are to be compared too.
  ///   - former: guard and secrets that settings named before they were moved.
  ///   - isForRecovery: whether to compare every anchor rather than the newest, and to miss secrets
  ///     that are not there: who reads or verifies needs none, and they may be on another medium.
  ///
  /// Cost: a few rows and tree nodes, and one signature for each note; never a pass over the ledger.
  package func survey(
    given: [(name: String, note: String)] = [],
    former: (guard: String?, secrets: String?) = (nil, nil), isForRecovery: Bool = false
  ) throws -> StoreSurvey {
    let origin: Origin
    do {
      origin = try self.origin()
    } catch let error as CustodyError where error.code == .needsRecovery {
      var survey = StoreSurvey(size: 0, incarnation: 0, sealedSize: 0)
      survey.conditions = [.foreign(.ledger, error.message)]
      return survey
    }
    let outside = try OutsideWords(settings, layout, anchors, former: former)
    return try read { ledger in
      let newest = try ledger.newestCheckpoint()
      let comparison = try LedgerComparison(ledger, origin: origin, key: settings.verifierKey())
      var survey = StoreSurvey(
        size: comparison.size, incarnation: origin.incarnation, sealedSize: newest?.size ?? 0)
      let keys = try FirstKeys(ledger, ledgerID)
      survey.conditions = fileConditions(isForRecovery)
      survey.conditions += outside.conditions
      survey.conditions += try foreignConditions(keys, origin, outside)
      survey.isNewestLifeUnsigned = comparison.newestLife.map { $0 >= survey.sealedSize } ?? false
      survey.keyringRevision = outside.states.map(\.state.keyringRevision).max() ?? 0
      survey.conditions += try keyringConditions(ledger, keys, survey.keyringRevision)
      survey.conditions += try journalConditions(ledger)
      try addWords(comparison, newest, outside, given, isForRecovery, &survey)
      // Of two that speak against the ledger the newest says most.
      let spoken = survey.words.sorted { $0.isAhead(of: $1) }.compactMap { survey.condition($0) }
      for name in ["forked", "behind"] {
        survey.conditions += spoken.first { $0.name == name }.map { [$0] } ?? []
      }
      let signed = survey.words.filter { $0.verdict == .agrees && $0.note != nil }.map(\.size).max()
      let forged = try unsealedEvents(former.guard).condition(
        ledger, from: max(signed ?? 0, FirstKeys.eventCount))
      survey.conditions += forged.map { [$0] } ?? []
      if survey.conditions.isEmpty, let torn = cutShort(survey, outside) {
        survey.conditions.append(torn)
      }
      return survey
    }
  }

  private func unsealedEvents(_ formerGuard: String?) throws -> UnsealedEvents {
    let folders = [settings.guard, formerGuard].compactMap { $0 }
    return UnsealedEvents(
      ledgerID: ledgerID,
      heldEpochs: access(secretsFolder, R_OK | X_OK) == 0
        ? Set(try FileKeyProvider.epochKeyIDs(in: secretsFolder)) : nil,
      recoveries: try folders.reduce(into: []) {
        $0.formUnion(try Guard(folder: $1).recoveries())
      },
      erasures: {
        folders.flatMap { (try? Guard(folder: $0).journal().lines) ?? [] }
      })
  }

  /// What speaks of older copies of guard and signer, or of a recovery that was not finished.
  private func cutShort(_ survey: StoreSurvey, _ outside: OutsideWords) -> StoreCondition? {
    let life = survey.incarnation
    // Only a recovery begins a new life, and it tells signer and guard and signs it.
    if survey.isNewestLifeUnsigned {
      return .torn(.ledger, "No checkpoint signs incarnation \(life): a recovery was cut short.")
    }
    if let ahead = survey.aheadOfGuard, let guarded = survey.guardWord {
      return .torn(
        .guard,
        "The guard has seen \(guarded.size) events of incarnation \(guarded.incarnation), and "
          + "\(ahead.source) \(ahead.size) of incarnation \(ahead.incarnation): an older copy of the "
          + "guard was put back.")
    }
    return outside.states.first { $0.state.incarnation != life }.map {
      .torn(
        $0.isGuard ? .guard : .signer,
        "The ledger is in incarnation \(life), and \($0.source) in \($0.state.incarnation): an "
          + "older copy of that was put back.")
    }
  }

  // MARK: - Files

  /// What of the store is not there, or not in its whole length.
  private func fileConditions(_ isForRecovery: Bool) -> [StoreCondition] {
    let files: [(String, StorePart)] = [
      (layout.ledger, .ledger), (layout.keys, .keyring), (layout.objects, .objects),
    ]
    let conditions = files.compactMap { DatabaseFile.condition($0.0, $0.1) }
    return isForRecovery ? conditions + secretsConditions() : conditions
  }

  private func secretsConditions() -> [StoreCondition] {
    guard FileIO.isFolder(secretsFolder) else {
      return [.missing(.secrets, "The folder of the secrets, \(secretsFolder),")]
    }
    guard access(secretsFolder, R_OK | X_OK) == 0 else { return [] }
    if !FileKeyProvider.isUsed(secretsFolder) {
      return [.missing(.secrets, "The root key in \(secretsFolder)")]
    }
    return FileKeyProvider.hasSigningKey(secretsFolder)
      ? [] : [.missing(.secrets, "The signing key in \(secretsFolder)")]
  }

  /// What belongs to another store.
  private func foreignConditions(
    _ keys: FirstKeys, _ origin: Origin, _ outside: OutsideWords
  ) throws -> [StoreCondition] {
    var conditions: [StoreCondition] = []
    if !keys.signing.contains(try settings.verifierKey().publicKey.bytes.bytes) {
      conditions.append(
        .foreign(.settings, "custody.yaml names another verifier key than the ledger itself."))
    }
    if !origin.organization.utf8.elementsEqual(settings.organization.utf8) {
      conditions.append(
        .foreign(.settings, "custody.yaml names another organization than the ledger itself."))
    }
    if let id = try? objects.ledgerIDOfFirst(), id != ledgerID {
      conditions.append(
        .foreign(.objects, "\(layout.objects) holds the objects of ledger \(id)."))
    }
    for note in outside.notes {
      guard let other = Checkpoint(unverified: note.text)?.origin.ledgerID, other != ledgerID else {
        continue
      }
      conditions.append(
        note.anchor.map {
          .foreign(.anchors, "\(anchors.folder)/\($0) is an anchor of ledger \(other).")
        } ?? .foreign(.guard, "The guard in \(settings.guard) is that of ledger \(other)."))
    }
    return conditions
  }

  // MARK: - Words

  private func addWords(
    _ comparison: LedgerComparison, _ newest: (size: Int, note: String)?, _ outside: OutsideWords,
    _ given: [(name: String, note: String)], _ comparesAll: Bool, _ survey: inout StoreSurvey
  ) throws {
    if let newest {
      let source = "its own newest checkpoint"
      if let word = try comparison.word(newest.note, source), word.size == newest.size {
        survey.words.append(word)
      } else {
        survey.conditions.append(.forked(at: newest.size, by: source))
      }
    }
    for state in outside.states {
      var word = try comparison.word(state.state, state.source)
      word.isGuard = state.isGuard
      survey.words.append(word)
    }
    // Anchors from the newest on, so that opening verifies one signature.
    func age(_ note: OutsideWords.Note) -> (Int, Int) {
      Checkpoint(unverified: note.text).map { ($0.origin.incarnation, $0.size) } ?? (0, 0)
    }
    var isCompared = false
    for note in outside.notes.sorted(by: { age($0) > age($1) }) {
      guard note.anchor == nil || comparesAll || !isCompared,
        var word = try comparison.word(note.text, note.source)
      else { continue }
      word.anchor = note.anchor
      isCompared = isCompared || note.anchor != nil
      survey.words.append(word)
    }
    for note in given {
      guard let word = try comparison.word(note.note, note.name) else {
        throw CustodyError(
          .invalidInput, "\(note.name) is no checkpoint that this ledger's key has signed.")
      }
      survey.words.append(word)
    }
  }

  // MARK: - Keyring

  private func keyringConditions(
    _ ledger: LedgerReader, _ keys: FirstKeys, _ seen: Int
  ) throws -> [StoreCondition] {
    guard DatabaseFile.condition(layout.keys, .keyring) == nil, access(layout.keys, R_OK) == 0,
      access(secretsFolder, R_OK | X_OK) == 0
    else { return [] }
    let keyring: Keyring.Summary
    do {
      keyring = try Keyring.summary(layout.keys)
    } catch let error as CustodyError where error.code != .permission {
      return [.torn(.keyring, error.message)]
    }
    guard let epoch = keyring.epoch, let operations = keyring.operations else {
      return [.torn(.keyring, "\(layout.keys) holds no key of the store itself.")]
    }
    guard keys.operations.contains(operations) else {
      return [.foreign(.keyring, "\(layout.keys) is the keyring of another store.")]
    }
    let held = try FileKeyProvider.epochKeyIDs(in: secretsFolder)
    guard !held.isEmpty else {
      return [.missing(.secrets, "The epoch key \(epoch) in \(secretsFolder)")]
    }
    guard held.contains(epoch) else {
      return [
        .staleKey(
          try ledger.namesEpoch(epoch, ledgerID: ledgerID)
            ? "\(layout.keys) is wrapped by an epoch key that is gone: it is an older copy, and opens "
              + "nothing."
            : "\(layout.keys) is wrapped by an epoch key that \(secretsFolder) does not hold: the "
              + "secrets are an older copy.")
      ]
    }
    guard keyring.revision >= seen else {
      return [
        .staleKey(
          "\(layout.keys) was written to \(keyring.revision) times, and the signer has seen \(seen): "
            + "it is an older copy, which lacks the keys made since.")
      ]
    }
    return []
  }
}

/// The keys that a ledger names where it begins.
private struct FirstKeys {
  private(set) var signing: [[UInt8]] = []
  private(set) var operations: [KeyID] = []

  /// Events that `init` writes.
  static let eventCount = 4

  init(_ ledger: LedgerReader, _ ledgerID: LedgerID) throws {
    try ledger.forEachSystemEvent("key.created", ledgerID: ledgerID, to: Self.eventCount) {
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
