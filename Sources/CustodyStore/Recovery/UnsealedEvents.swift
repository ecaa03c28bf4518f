import CustodyLedger

/// Events of the library's own that no checkpoint covers, held against what was done here.
///
/// They need no key, so whoever can write the file can append one, and the next checkpoint would sign
/// it: a purge that explains why bodies are gone, the end of a key that is in use, a loss that never was.
struct UnsealedEvents {
  let ledgerID: LedgerID
  /// The epoch keys that the secrets hold; nil for whoever may not look.
  let heldEpochs: Set<KeyID>?
  /// The events by which recoveries here began a new life.
  let recoveries: Set<EventID>
  /// What the guard's erasure journal names; asked only where there is something to explain.
  let erasures: () -> [Tombstone]

  /// What is wrong with the first that nothing here has written, or nil.
  func condition(_ ledger: LedgerReader, from start: Int) throws -> StoreCondition? {
    var filter = EventFilter(stream: SystemEvent.stream, from: Position(start))
    var open: [Tombstone]?
    func openErasures() throws -> [Tombstone] {
      if let open { return open }
      // One that is signed to be done appends nothing any more.
      let completed = try ledger.completedErasures(ledgerID, below: start)
      let found = erasures().filter { !completed.contains($0.request) }
      open = found
      return found
    }
    func erasedKeys() throws -> Set<KeyID> {
      try openErasures().reduce(into: []) { $0.formUnion($1.keys) }
    }
    var created: [(key: KeyID, position: Int)] = []
    var destroyed: Set<KeyID> = []
    while true {
      let page = try ledger.events(filter, ledgerID: ledgerID, limit: Self.pageSize)
      for event in page {
        let position = event.position.value
        switch event.systemEvent {
        case nil: return forked(position, "written no such event")
        case .created: return forked(position, "been created once")
        case .purged(let purged):
          guard purged.reason == .erasure,
            try isRequested(purged.request, in: openErasures(), ledger),
            try ledger.areSealed(purged.positions, under: DyingKeys(erasedKeys()))
          else { return forked(position, "purged no such thing") }
        case .restored:
          if !recoveries.contains(event.header.claim.eventID) {
            return forked(position, "begun no such recovery")
          }
        case .keyCreated(let key):
          guard key.purpose == .epoch, let id = KeyID(key.key) else {
            return forked(position, "made no such key")
          }
          created.append((id, position))
        case .keyDestroyed(let keys):
          if keys.reason == .erasure {
            let erased = try erasedKeys()
            guard let other = keys.keys.first(where: { !erased.contains($0) }) else { continue }
            return forked(position, "not destroyed key \(other)")
          }
          for key in keys.keys {
            let wasEpoch = try ledger.namesEpoch(key, ledgerID: ledgerID)
            guard keys.reason == .rotation, wasEpoch, heldEpochs?.contains(key) != true else {
              return forked(position, "not destroyed key \(key)")
            }
          }
          destroyed.formUnion(keys.keys)
        }
      }
      guard page.count == Self.pageSize, let last = page.last?.position else { break }
      filter.from = last.next
    }
    guard let heldEpochs else { return nil }
    let stranger = created.first { !heldEpochs.contains($0.key) && !destroyed.contains($0.key) }
    return stranger.map { forked($0.position, "made no such key") }
  }

  /// Whether a purge answers one of some erasures: by its position, or by none where the ledger has lost
  /// the request.
  private func isRequested(
    _ request: Position?, in erasures: [Tombstone], _ ledger: LedgerReader
  ) throws -> Bool {
    try erasures.contains { try ledger.position(of: $0.request) == request }
  }

  private static let pageSize = 64

  private func forked(_ position: Int, _ what: String) -> StoreCondition {
    .forked(at: position + 1, by: "this store, which has \(what),")
  }
}

extension StoredEvent {
  /// What the library itself says in it; nil when it is malformed, or none of those.
  var systemEvent: SystemEvent? {
    body.flatMap {
      SystemEvent(
        type: header.claim.type.text.utf8, version: header.claim.typeVersion, content: $0,
        at: position)
    }
  }
}
