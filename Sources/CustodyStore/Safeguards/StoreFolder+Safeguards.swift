import CustodyLedger

extension StoreFolder {
  /// Brings ledger and guard to the same safeguards; the store's lock is held and the store is clean.
  ///
  /// What the guard lacks was appended before a kill, or by a version that kept none. What the ledger
  /// lacks was lost by a recovery: it is appended again, as it was sealed.
  ///
  /// Cost: a look-up for each that there ever was.
  func completeSafeguards(_ ledger: LedgerStore) throws {
    let kept = try guardFolder.safeguards()
    let (lost, recordedCount) = try read { reader in
      (
        try kept.lines.filter { try reader.position(of: $0.id) == nil },
        try Safeguard.types.reduce(0) {
          try $0 + reader.positions(ofTypes: $1.value, inStreams: $1.key).count
        }
      )
    }
    if !guardFolder.keepsSafeguards || Set(kept.lines.map(\.id)).count - lost.count < recordedCount
    {
      try guardFolder.keep(safeguards: try recordedSafeguards())
    }
    for start in stride(from: 0, to: lost.count, by: Limits.batchCountMax) {
      let batch = lost[start..<min(start + Limits.batchCountMax, lost.count)]
      try ledger.appendUnderLock(try batch.map(pending))
    }
  }

  /// Events of some types with their contents, read from the ledger itself. A content that is damaged
  /// there is taken from the guard; so are events that the ledger of a store that is only read has lost.
  ///
  /// - Parameters:
  ///   - types: some of those in these streams.
  ///   - prefix: how the names of the streams begin.
  ///   - end: only events below this position count.
  /// - Returns: the oldest first; nil for a content that neither has.
  ///
  /// Cost: a look-up and an opened content for each.
  package func safeguards(
    ofTypes types: [String], inStreams prefix: String, below end: Int = .max
  ) throws -> [(event: StoredEvent, content: [UInt8]?)] {
    var events = try read {
      try $0.events(ofTypes: types, inStreams: prefix, ledgerID: ledgerID, below: end)
    }
    guard keyring != nil || events.isEmpty else {
      throw CustodyError(.usage, "Contents are sealed: open the store with its secrets.")
    }
    lazy var kept = keptSafeguards()
    // Opened for writing it has them all.
    if !isWritable, end == .max {
      let known = Set(events.map(\.header.claim.eventID))
      events += kept.filter { safeguard in
        let claim = safeguard.header.claim
        return claim.ledgerID == ledgerID && types.contains(claim.type.text)
          && claim.stream.text.hasPrefix(prefix) && !known.contains(claim.eventID)
      }.map(\.event)
    }
    return try events.map { event in
      if let content = try undamaged(event) { return (event, content) }
      let whole = kept.first { $0.header.claim == event.header.claim }.map {
        StoredEvent(header: event.header, body: $0.body, leaf: event.leaf)
      }
      return (event, try whole.flatMap(undamaged))
    }
  }

  /// What of the guard's can be read: whoever may not look into it has the ledger's own.
  private func keptSafeguards() -> [Safeguard] {
    (try? Journal.upToFault(guardFolder.safeguardsPath).journal.lines) ?? []
  }

  private func undamaged(_ event: StoredEvent) throws -> [UInt8]? {
    do {
      return try openedContent(of: event)
    } catch let error as CustodyError where error.code == .damaged {
      return nil
    }
  }

  /// How many safeguards have another body in the ledger than the one that was recorded. Needs no secret.
  package func damagedSafeguardCount() throws -> Int {
    try read { reader in
      try Safeguard.types.reduce(0) {
        try $0
          + reader.events(ofTypes: $1.value, inStreams: $1.key, ledgerID: ledgerID).count {
            $0.body.map(SHA256.hash) != $0.header.seal.bodyHash
          }
      }
    }
  }

  private func recordedSafeguards() throws -> [Safeguard] {
    try read { reader in
      try Safeguard.types.flatMap {
        try reader.events(ofTypes: $0.value, inStreams: $0.key, ledgerID: ledgerID)
      }
    }.sorted { $0.position < $1.position }.compactMap(Safeguard.init)
  }

  /// Whoever can write into the guard can add a line, but none that opens under the store's key.
  private func pending(_ safeguard: Safeguard) throws -> PendingEvent {
    let claim = safeguard.header.claim
    guard claim.ledgerID == ledgerID, try claim.keyIDs == [keyring?.operationsKey()],
      let content = try? openedContent(of: safeguard.event)
    else {
      throw CustodyError(
        .needsRecovery,
        "\(guardFolder.safeguardsPath) names an event that this store has not written. Put the file "
          + "back from where it was kept, or remove it: what the ledger has is written there again."
      )
    }
    return PendingEvent(
      claim: claim, claimBytes: claim.bytes, seal: safeguard.header.seal, body: safeguard.body,
      content: content, expected: .any, isIDGiven: false, isOccurredAtGiven: true)
  }

  /// Safeguards that guards know and the ledger does not.
  ///
  /// - Parameter former: where the guard was before.
  func lostSafeguardCount(former: String?) throws -> Int {
    let known = try Self.safeguards(in: guards(former))
    return try read { reader in
      try known.count { try reader.position(of: $0.id) == nil }
    }
  }

  /// Whether one of these guards is there with all that it was told.
  func knowsAllSafeguards(former: String?) throws -> Bool {
    try guards(former).contains { candidate in
      try candidate.keepsSafeguards
        && Journal<Safeguard>.upToFault(candidate.safeguardsPath).fault == nil
    }
  }

  /// Writes into the guard what is whole of what it and its former place know; what the ledger has
  /// besides is added when the store is opened.
  func mendSafeguards(former: String?) throws {
    let guards = guards(former)
    let isWhole = try Journal<Safeguard>.upToFault(guardFolder.safeguardsPath).fault == nil
    if isWhole, guards.count == 1 { return }
    try Journal.write(try Self.safeguards(in: guards), to: guardFolder.safeguardsPath)
  }

  private func guards(_ former: String?) -> [Guard] {
    [guardFolder] + [former.map(Guard.init)].compactMap { $0 }
  }

  private static func safeguards(in guards: [Guard]) throws -> [Safeguard] {
    var known: Set<EventID> = []
    return try guards.flatMap {
      try Journal<Safeguard>.upToFault($0.safeguardsPath).journal.lines
    }.filter { known.insert($0.id).inserted }
  }
}
