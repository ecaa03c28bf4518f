import CustodyLedger
import CustodyModel
import CustodyStore

extension Evidence {
  /// That an erasure was requested, carried out and searched: its events with their contents, and the
  /// proof that the ledger has them. Names nobody: people and keys are random ids in it.
  ///
  /// - Parameters:
  ///   - request: the id of the erasure.
  ///   - note: a checkpoint of this ledger that somebody keeps; the newest one when nil.
  /// - Returns: the text of the file: some kilobytes, and 20 bytes for each run of events whose
  ///   bodies went.
  /// - Throws: `notFound` for an erasure that there is not, that is not done, or of which a recovery
  ///   has lost the request; and when no checkpoint has it yet.
  public func certificate(of request: EventID, under note: String? = nil) throws -> String {
    let parts = try store.folder.read { reader in
      let positions = try positions(of: request, reader)
      let old = positions[0]
      var events: [(proof: ProofFile, event: StoredEvent)] = []
      for position in positions {
        events.append(try inclusion(of: Position(position), under: note, reader))
      }
      let anchor = try self.anchor(note, reader)
      let tree = TreeReader(reader)
      return (
        old: (size: old, root: try tree.root(size: old)),
        path: try tree.consistencyPath(old: old, new: anchor.size), events: events
      )
    }
    let disclosures = try parts.events.map { part in
      guard let (salt, content) = try store.folder.disclosure(of: part.event) else {
        throw CustodyError(
          .notFound, "The content at position \(part.event.position) is gone. Run: custody verify")
      }
      return DisclosureFile(salt: salt, content: content, proof: part.proof)
    }
    return CertificateFile(
      request: request, before: parts.old, path: parts.path, events: disclosures
    ).encoded
  }

  /// Where the events of an erasure stand, ascending: the request, what the library says of keys and
  /// bodies, the end.
  private func positions(of request: EventID, _ reader: LedgerReader) throws -> [Int] {
    let stream = "\(ErasureRequested.streamPrefix)\(request)"
    guard let requested = try reader.erasureRequest(request, store.ledgerID)?.position else {
      throw CustodyError(
        .notFound, "The ledger has no request \(request) of an erasure.")
    }
    guard
      let completed = try reader.events(
        EventFilter(stream: stream, type: ErasureCompleted.type), ledgerID: store.ledgerID, limit: 1
      ).first
    else {
      throw CustodyError(
        .notFound,
        "The erasure is not done yet: any command that writes finishes it, for example custody "
          + "checkpoint")
    }
    var positions = [requested.value]
    try reader.forEachSystemEvent(
      ledgerID: store.ledgerID, from: requested.value, to: completed.position.value
    ) { event, position in
      switch event {
      case .keyDestroyed(let destroyed) where destroyed.request == requested:
        positions.append(position)
      case .purged(let purged) where purged.request == requested: positions.append(position)
      default: break
      }
      return true
    }
    return positions + [completed.position.value]
  }
}
