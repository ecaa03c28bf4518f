import CustodyLedger

extension StoreFolder {
  /// Brings ledger and guard to the same safeguards; the store's lock is held and the store is clean.
  ///
  /// What the guard lacks was appended before a kill, or by a version that kept none. What the ledger
  /// lacks was lost by a recovery: it is appended again, as it was sealed.
  ///
  /// - Throws: `needsRecovery` for a line of the guard's that this ledger cannot have lost.
  ///
  /// Cost: a look-up for each that there ever was.
  func completeSafeguards(_ ledger: LedgerStore) throws {
    let kept = try guardFolder.safeguards().lines
    let (known, recorded) = try read { reader in
      (
        try kept.map { try reader.position(of: $0.id) },
        try Safeguard.types.reduce(into: Set()) {
          $0.formUnion(
            try reader.positions(ofTypes: $1.value, inStreams: $1.key).map(\.position))
        }
      )
    }
    if !guardFolder.keepsSafeguards || !recorded.isSubset(of: Set(known.compactMap { $0 })) {
      let events = try read(recordedSafeguards)
      try guardFolder.keep(
        safeguards: events.sorted { $0.position < $1.position }.compactMap(Safeguard.init))
    }
    let lost = zip(kept, known).filter { $1 == nil && Safeguard.is($0.header.claim) }.map(\.0)
    if lost.isEmpty { return }
    guard let end = try restoredSize(), lost.allSatisfy({ $0.header.place.position.value >= end })
    else {
      throw CustodyError(
        .needsRecovery,
        "\(guardFolder.safeguardsPath) names an event that this ledger has never had: the file is that of "
          + "another copy of the store. Put its own back.")
    }
    let opening = try opening()
    let pending = try lost.sorted { $0.order < $1.order }.compactMap { try opening.pending($0) }
    for start in stride(from: 0, to: pending.count, by: Limits.batchCountMax) {
      try ledger.appendUnderLock(
        Array(pending[start..<min(start + Limits.batchCountMax, pending.count)]))
    }
  }

  /// The fewest events that a recovery has gone on from; nil when there was none.
  private func restoredSize() throws -> Int? {
    var size: Int?
    try read {
      try $0.forEachSystemEvent("ledger.restored", ledgerID: ledgerID) { event, _ in
        if case .restored(let restored) = event { size = min(size ?? .max, restored.size) }
        return true
      }
    }
    return size
  }

  private func recordedSafeguards(_ reader: LedgerReader) throws -> [StoredEvent] {
    try Safeguard.types.flatMap {
      try reader.events(ofTypes: $0.value, inStreams: $0.key, ledgerID: ledgerID)
    }
  }

  // MARK: - Reading

  /// Events of some types with their contents, read from the ledger itself. One that is damaged there, or
  /// that the ledger has lost, is taken from the guard.
  ///
  /// - Parameters:
  ///   - types: some of those in these streams.
  ///   - prefix: how the names of the streams begin.
  ///   - end: only events below this position count.
  /// - Returns: in the order of the ledger; nil for a content that neither has.
  ///
  /// Cost: a look-up and an opened content for each.
  package func safeguards(
    ofTypes types: [String], inStreams prefix: String, below end: Int = .max
  ) throws -> [(event: StoredEvent, content: [UInt8]?)] {
    let events = try read {
      try $0.events(ofTypes: types, inStreams: prefix, ledgerID: ledgerID, below: end)
    }
    // Whoever may not look into the guard has the ledger's own.
    let lines = (try? guardFolder.safeguardsUpToFault().journal.lines) ?? []
    var kept = Dictionary(
      lines.filter { Safeguard.is($0.header.claim, types, prefix) }.map { ($0.id, $0) },
      uniquingKeysWith: { first, _ in first })
    guard keyring != nil || events.isEmpty && kept.isEmpty else {
      throw CustodyError(.usage, "Contents are sealed: open the store with its secrets.")
    }
    let opening = try opening()
    var found = try events.map { event in
      let whole = kept.removeValue(forKey: event.header.claim.eventID)
      if let content = try opening.content(of: event) { return (event, Optional(content)) }
      guard let whole, let content = try opening.content(of: whole.event) else {
        return (event, nil)
      }
      let header = Header(
        claim: whole.header.claim, seal: whole.header.seal, place: event.header.place)
      return (StoredEvent(header: header, body: whole.body, leaf: event.leaf), content)
    }
    guard end == .max else { return found }
    for lost in kept.values.sorted(by: { $0.order < $1.order }) {
      guard let content = try opening.content(of: lost.event) else { continue }
      found.append((lost.event, content))
    }
    return found
  }

  private func opening() throws -> SafeguardOpening {
    try keyring?.refresh()
    return SafeguardOpening(
      folder: self, keyIDs: try [keyring?.operationsKey()].compactMap { $0 })
  }

  /// How many safeguards are not in the ledger as they were recorded. Needs no secret.
  package func damagedSafeguardCount() throws -> Int {
    let kept = try guardFolder.safeguards().lines.filter { Safeguard.is($0.header.claim) }
    return try read { reader in
      var damaged: Set<EventID> = []
      for event in try recordedSafeguards(reader)
      where event.body.map(SHA256.hash) != event.header.seal.bodyHash {
        damaged.insert(event.header.claim.eventID)
      }
      for safeguard in kept {
        let event = try reader.position(of: safeguard.id).flatMap {
          try reader.event(at: $0, ledgerID: ledgerID)
        }
        if event?.header.claim != safeguard.header.claim { damaged.insert(safeguard.id) }
      }
      return damaged.count
    }
  }
}

/// Opens safeguards in a row.
private struct SafeguardOpening {
  let folder: StoreFolder
  /// What each of them is sealed under.
  let keyIDs: [KeyID]
  private let sealer = ContentSealer()

  init(folder: StoreFolder, keyIDs: [KeyID]) {
    self.folder = folder
    self.keyIDs = keyIDs
  }

  /// Nil for one that is damaged, or that nobody has sealed here: whoever can write into the guard can add
  /// a line, but none that opens under the store's key.
  func content(of event: StoredEvent) throws -> [UInt8]? {
    let claim = event.header.claim
    guard claim.ledgerID == folder.ledgerID, claim.keyIDs == keyIDs else { return nil }
    do {
      return try folder.openedContent(of: event, with: sealer)
    } catch let error as CustodyError where error.code == .damaged {
      return nil
    }
  }

  func pending(_ safeguard: Safeguard) throws -> PendingEvent? {
    let claim = safeguard.header.claim
    guard let content = try content(of: safeguard.event) else { return nil }
    return PendingEvent(
      claim: claim, claimBytes: claim.bytes, seal: safeguard.header.seal, body: safeguard.body,
      content: content, expected: .any, isIDGiven: false, isOccurredAtGiven: true)
  }
}
