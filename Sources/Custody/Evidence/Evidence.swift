import CustodyModel
import CustodyStore

/// What is handed to others: files that a stranger checks with a verifier key, without store and
/// secrets. Their bytes are on the page Format of CustodyLedger.
public struct Evidence: Sendable {
  let store: Store

  /// A checkpoint that evidence rests on.
  struct Anchor: Sendable {
    let size: Int
    let note: String
  }

  /// That an event is in the ledger: a C2SP proof whose `extra` line has its header.
  ///
  /// - Parameters:
  ///   - position: which event.
  ///   - note: a checkpoint of this ledger that somebody keeps; the newest one when nil.
  /// - Returns: the text of the file, at most 5 kB.
  /// - Throws: `notFound` when no checkpoint has the event yet: make one; `needsRecovery` when the
  ///   ledger is not the one that the checkpoint was signed for.
  ///
  /// Cost: two subtrees a level, whatever the size of the ledger.
  public func proof(of position: Position, under note: String? = nil) throws -> String {
    try store.folder.read { try inclusion(of: position, under: note, $0).proof.encoded }
  }

  /// That the event of a receipt is in the ledger where the receipt says, whatever was appended since.
  ///
  /// - Throws: as ``proof(of:under:)``; `needsRecovery` when another event stands there: the receipt
  ///   then shows that the ledger was changed.
  public func proof(for receipt: Receipt, under note: String? = nil) throws -> String {
    guard receipt.ledgerID == store.ledgerID else {
      throw CustodyError(.invalidInput, "The receipt is of another ledger, \(receipt.ledgerID).")
    }
    return try store.folder.read { reader in
      guard try receipt.position.value < reader.size() else {
        throw CustodyError(
          .needsRecovery,
          "The ledger has no position \(receipt.position), for which there is a receipt: it was cut "
            + "or replaced. Run: custody verify")
      }
      let (proof, _) = try inclusion(of: receipt.position, under: note, reader)
      guard receipt.isOf(proof.header) else {
        throw CustodyError(
          .needsRecovery,
          "Another event stands at position \(receipt.position) than the one of the receipt: the ledger "
            + "was changed after it was given. Keep the receipt, and run: custody verify")
      }
      return proof.encoded
    }
  }

  /// That the ledger of one size begins with that of another: what a C2SP witness is sent.
  ///
  /// - Parameters:
  ///   - old: how many events the older checkpoint has; 0 for the empty tree, with which every
  ///     ledger begins.
  ///   - new: how many the newer one has.
  /// - Throws: `notFound` when there is no checkpoint of the newer size.
  public func consistency(from old: Int, to new: Int) throws -> String {
    guard old >= 0, old <= new else {
      throw CustodyError(.usage, "The older size comes first, and is no less than 0.")
    }
    return try store.folder.read { reader in
      guard let note = try reader.checkpoint(size: new) else {
        let newest = try reader.newestCheckpoint().map { "; the newest has \($0.size)" } ?? ""
        throw CustodyError(
          .notFound,
          "There is no checkpoint of \(new) events\(newest). Make one: custody checkpoint")
      }
      let anchor = try self.anchor(note, reader)
      // "Every tree is consistent with the empty one", without a hash.
      let path = try old == 0 ? [] : TreeReader(reader).consistencyPath(old: old, new: new)
      return ConsistencyFile(old: old, path: path, checkpoint: anchor.note).encoded
    }
  }

  /// One event's content, with what shows that it is that event's. The ledger records that it was
  /// handed out: no erasure reaches it there.
  ///
  /// - Parameters:
  ///   - position: which event.
  ///   - recipients: age recipients (`age1…`) who alone can open the file; none leaves it in clear.
  ///   - purpose: what for; no personal data.
  ///   - ground: on which ground it is disclosed although it is restricted.
  ///   - note: a checkpoint of this ledger that somebody keeps; the newest one when nil.
  /// - Returns: the bytes of the file.
  /// - Throws: as ``proof(of:under:)``; `notFound` when the content is gone: its body was purged or
  ///   its key destroyed; `restricted`.
  public func disclose(
    _ position: Position, to recipients: [String], purpose: String? = nil,
    on ground: RestrictionGround? = nil, under note: String? = nil
  ) async throws -> [UInt8] {
    let reader = try recipients.isEmpty ? nil : Recipients(recipients)
    if let purpose { try store.datasets.check(purpose, "purpose") }
    let (proof, event) = try store.folder.read {
      try inclusion(of: position, under: note, $0)
    }
    if try store.restrictions.restricted(unless: ground)?.restricts(event.header.claim.keyIDs)
      == true
    {
      throw Restrictions.refusal("The content at position \(position)")
    }
    guard let (salt, content) = try store.folder.disclosure(of: event) else {
      throw CustodyError(
        .notFound,
        "The content at position \(position) is gone: it was purged, or its key destroyed.")
    }
    var plain = Array(DisclosureFile(salt: salt, content: content, proof: proof).encoded.utf8)
    let digest = SHA256.hash(plain)
    if let reader {
      let sealed = try reader.seal(plain, store.folder.environment)
      plain.wipe()
      plain = sealed
    }
    // Recorded before it leaves.
    let made = DisclosureMade(
      position: position.value, event: "\(event.header.claim.eventID)", recipients: recipients,
      purpose: purpose, ground: ground?.rawValue, digest: "sha256:\(digest)")
    try await store.appendOwn(
      NewEvent(
        stream: DisclosureMade.stream, type: DisclosureMade.type,
        typeVersion: DisclosureMade.version,
        content: made.content))
    return plain
  }

  // MARK: - Inclusion

  func inclusion(
    of position: Position, under note: String?, _ reader: LedgerReader
  ) throws -> (proof: ProofFile, event: StoredEvent) {
    guard let event = try reader.event(at: position, ledgerID: store.ledgerID) else {
      throw CustodyError(
        .notFound, "There is no position \(position); the ledger has \(try reader.size()) events.")
    }
    let anchor = try self.anchor(note, reader)
    guard position.value < anchor.size else {
      throw CustodyError(
        .notFound,
        "The checkpoint has \(anchor.size) events and position \(position) is not among them. Make a "
          + "newer one: custody checkpoint")
    }
    let path = try TreeReader(reader).inclusionPath(index: position.value, size: anchor.size)
    let proof = ProofFile(
      header: event.header, index: position.value, path: path, checkpoint: anchor.note)
    return (proof, event)
  }

  /// A checkpoint that holds for the ledger as it is.
  func anchor(_ note: String?, _ reader: LedgerReader) throws -> Anchor {
    guard let text = try note ?? reader.newestCheckpoint()?.note else {
      throw CustodyError(.notFound, "There is no checkpoint yet. Make one: custody checkpoint")
    }
    let signed: SignedCheckpoint
    do {
      signed = try SignedCheckpoint(verifying: text, keys: [try store.verifierKey])
    } catch {
      throw CustodyError(
        note == nil ? .needsRecovery : .invalidInput,
        note == nil
          ? "The newest checkpoint is not signed by this ledger's key. Run: custody verify"
          : "The note is no checkpoint that this ledger signed.", cause: error)
    }
    let checkpoint = signed.checkpoint
    guard try checkpoint.size <= reader.size(),
      try TreeReader(reader).root(size: checkpoint.size) == checkpoint.root
    else {
      throw CustodyError(
        .needsRecovery,
        "The ledger signed a checkpoint of \(checkpoint.size) events and is another now: it was "
          + "replaced, cut or changed. Keep the checkpoint, and run: custody verify --anchor NOTE")
    }
    return Anchor(size: checkpoint.size, note: text)
  }
}

extension Store {
  /// Proofs, disclosures and exports for others.
  public var evidence: Evidence { Evidence(store: self) }
}
