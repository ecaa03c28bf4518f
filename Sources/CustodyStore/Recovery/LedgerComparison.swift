import CustodyLedger

/// Compares a ledger with what others know of it. Belongs to one connection.
struct LedgerComparison {
  let size: Int
  /// Whose ledger it is.
  private let origin: Origin
  private let key: VerifierKey
  private let tree: TreeReader<LedgerReader>
  private let incarnations: Incarnations

  /// - Parameter key: who has to have signed a note for it to count.
  init(_ ledger: LedgerReader, origin: Origin, key: VerifierKey) throws {
    size = try ledger.size()
    self.origin = origin
    self.key = key
    tree = TreeReader(ledger)
    var incarnations = Incarnations()
    try ledger.forEachSystemEvent("ledger.restored", ledgerID: origin.ledgerID) { event, position in
      if case .restored(let restored) = event { incarnations.add(restored, at: position) }
      return true
    }
    self.incarnations = incarnations
  }

  /// Where the newest life begins, or nil in the first.
  var newestLife: Int? { incarnations.newest }

  /// What a note says, or nil when it is none that the ledger's key has signed.
  func word(_ note: String, _ source: String) throws -> StoreSurvey.Word? {
    guard let signed = try? SignedCheckpoint(verifying: note, keys: [key]),
      signed.checkpoint.origin.isSameLedger(as: origin)
    else { return nil }
    return try word(signed.checkpoint, source, note)
  }

  /// What signer or guard wrote down.
  func word(_ state: SignerState, _ source: String) throws -> StoreSurvey.Word {
    let life = Origin(
      organization: origin.organization, ledgerID: origin.ledgerID, incarnation: state.incarnation)
    return try word(
      Checkpoint(origin: life, size: state.size, root: state.root), source, nil)
  }

  private func word(
    _ checkpoint: Checkpoint, _ source: String, _ note: String?
  ) throws -> StoreSurvey.Word {
    StoreSurvey.Word(
      source: source, checkpoint: checkpoint, note: note, verdict: try verdict(checkpoint))
  }

  private func verdict(_ checkpoint: Checkpoint) throws -> StoreSurvey.Word.Verdict {
    let size = checkpoint.size
    if size <= self.size, incarnations.incarnation(at: size) == checkpoint.origin.incarnation,
      try tree.root(size: size) == checkpoint.root
    {
      return .agrees
    }
    if incarnations.restoration(explaining: checkpoint) != nil { return .explained }
    return size > self.size ? .beyond : .contradicts
  }
}
