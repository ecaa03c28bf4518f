import CustodyLedger
import CustodyModel

extension StoreFolder {
  /// The store's erasure journal.
  package func journal() throws -> TombstoneJournal {
    try TombstoneJournal(path: layout.tombstones)
  }

  /// What speaks of erasures that this copy of the store does not know of, or that nobody requested.
  ///
  /// The store's line is written before the guard's, so it may be one ahead while an erasure goes on.
  func journalConditions(_ ledger: LedgerReader) throws -> [StoreCondition] {
    let (own, fault) = try TombstoneJournal.upToFault(layout.tombstones)
    if let fault { return [.torn(.tombstones, fault.message)] }
    let guarded: TombstoneJournal
    do {
      let (journal, fault) = try TombstoneJournal.upToFault(guardFolder.journalPath)
      if let fault = try fault ?? guardFolder.safeguardsUpToFault().fault {
        return [.torn(.guard, fault.message)]
      }
      guarded = journal
    } catch let error as CustodyError where error.code == .permission {
      // Whoever may not read it cannot write either.
      return []
    }
    let counts = (own: own.lines.count, guarded: guarded.lines.count)
    guard guarded.isPrefix(of: own) else {
      return [
        .torn(
          .tombstones,
          own.isPrefix(of: guarded)
            ? "The guard knows of \(counts.guarded) erasures, this store's journal of \(counts.own): an "
              + "older copy was put back."
            : "The erasure journals of store and guard name different erasures.")
      ]
    }
    guard let ahead = own.lines.dropFirst(counts.guarded).first else { return [] }
    guard try ledger.erasureRequest(ahead.request, ledgerID) != nil else {
      return [.torn(.tombstones, "The erasure journal names an erasure that nobody requested.")]
    }
    if counts.own == counts.guarded + 1,
      try !ledger.completedErasures(ledgerID).contains(ahead.request)
    {
      return []
    }
    return [
      .torn(
        .guard,
        "The guard knows of \(counts.guarded) erasures, this store's journal of \(counts.own): an older "
          + "copy of the guard was put back, or its journal is lost.")
    ]
  }

  /// How many erasures are decided and not said to be done. Needs no secret.
  package func pendingErasureCount() throws -> Int {
    let tombstones = try TombstoneJournal.upToFault(layout.tombstones).journal.lines
    guard !tombstones.isEmpty else { return 0 }
    let completed = try read { try $0.completedErasures(ledgerID) }
    return tombstones.count { !completed.contains($0.request) }
  }

  /// The lines that store and guard should have: those of the guards, and those of the store that the
  /// ledger has a request for. Where no guard's journal is whole, all of the store's.
  ///
  /// - Parameter former: where the guard was before.
  func mergedJournal(former: String?) throws -> [Tombstone] {
    var merged: [Tombstone] = []
    var isGuardWhole = false
    for guarding in [guardFolder, former.map(Guard.init)].compactMap({ $0 }) {
      let (journal, fault) = try TombstoneJournal.upToFault(guarding.journalPath)
      // One that guards nothing yet has no word on what the store says.
      isGuardWhole = isGuardWhole || fault == nil && guarding.isUsed
      for tombstone in journal.lines where !merged.contains(tombstone) {
        merged.append(tombstone)
      }
    }
    let own = try TombstoneJournal.upToFault(layout.tombstones).journal.lines
    return try read { ledger in
      merged
        + (try own.filter {
          try !merged.contains($0)
            && (!isGuardWhole || ledger.erasureRequest($0.request, ledgerID) != nil)
        })
    }
  }

  /// Brings the journals of store and guard to the same lines; the store's lock is held.
  func completeJournals(former: String?) throws {
    let merged = try mergedJournal(former: former)
    for path in [layout.tombstones, guardFolder.journalPath] {
      let (journal, fault) = try TombstoneJournal.upToFault(path)
      guard fault != nil || journal.lines != merged else { continue }
      try TombstoneJournal.write(merged, to: path)
    }
  }
}

extension LedgerReader {
  /// The event that requests an erasure, by its header: what it says is sealed. Nil when there is none.
  package func erasureRequest(_ request: EventID, _ ledgerID: LedgerID) throws -> StoredEvent? {
    guard let position = try position(of: request),
      let event = try event(at: position, ledgerID: ledgerID),
      event.header.claim.type.text == ErasureRequested.type,
      event.header.claim.stream.text == "\(ErasureRequested.streamPrefix)\(request)"
    else { return nil }
    return event
  }

  /// The requests of erasures that the ledger says are done, by headers alone.
  ///
  /// - Parameter end: only events below this position count.
  ///
  /// Cost: a look-up for each erasure there ever was.
  package func completedErasures(
    _ ledgerID: LedgerID, below end: Int = .max
  ) throws -> Set<EventID> {
    let prefix = ErasureRequested.streamPrefix
    let completed = try positions(
      ofTypes: [ErasureCompleted.type], inStreams: prefix, below: end)
    return Set(completed.compactMap { EventID(uuid: $0.stream.dropFirst(prefix.count)) })
  }
}
