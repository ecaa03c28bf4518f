import CustodyStore

/// Checks what only the ledger knows, for an input of which nothing is appended yet: ids that stand
/// there with another content, and revisions that its streams would not have.
///
/// Others may append in between: the writer checks again.
package final class ConflictValidator {
  private let store: Store
  /// Ids met in the input, with a hash of their events.
  private var ids: [EventID: Int] = [:]
  /// The revision that the next event of each stream would get.
  private var next: [String: Int] = [:]

  package init(store: Store) { self.store = store }

  /// - Parameter event: the next one of the input.
  /// - Throws: `idReused`, `revisionConflict`.
  package func validate(_ event: NewEvent) throws {
    if let id = event.id {
      let hash = event.claimHash
      if let earlier = ids.updateValue(hash, forKey: id) {
        guard earlier == hash else { throw CustodyError.idReused(id, at: nil) }
        return
      }
      // A repeat is harmless, whatever its stream has become since.
      if try store.isRepeat(event, id) { return }
    }
    let next = try next[event.stream] ?? store.nextRevision(of: event.stream)
    guard event.expectedRevision.allows(next: next) else {
      throw CustodyError.unexpectedRevision(
        stream: event.stream, next: next, expected: event.expectedRevision)
    }
    self.next[event.stream] = next + 1
  }
}

extension NewEvent {
  /// Equal for equal events of one input; a process chooses its own hashes.
  fileprivate var claimHash: Int {
    var hasher = Hasher()
    hasher.combine(stream)
    hasher.combine(type)
    hasher.combine(typeVersion)
    hasher.combine(occurredAt)
    hasher.combine(subjects)
    hasher.combine(dataClass)
    hasher.combine(correlationID)
    hasher.combine(causationID)
    hasher.combine(content)
    return hasher.finalize()
  }
}

extension Store {
  /// Whether this event stands in the ledger already.
  ///
  /// - Throws: `idReused` when another stands there under its id.
  fileprivate func isRepeat(_ event: NewEvent, _ id: EventID) throws -> Bool {
    guard let stored = try self.event(id: id) else { return false }
    let isSame: Bool
    do {
      let repetition = try sealing.seal([event])[0].compared(
        with: stored, sealer: ContentSealer(), keys: folder.dataKeys)
      isSame = repetition != .other
    } catch let error as CustodyError where error.code == .unknownSubject {
      isSame = false
    }
    guard isSame else { throw CustodyError.idReused(id, at: stored.header.place.position) }
    return true
  }

  fileprivate func nextRevision(of stream: String) throws -> Int {
    try folder.read { reader in
      guard let name = try reader.nameID(stream) else { return 0 }
      return try reader.newestRevision(of: name).map { $0 + 1 } ?? 0
    }
  }
}
