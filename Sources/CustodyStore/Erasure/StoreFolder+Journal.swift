import CustodyLedger
import CustodyModel

extension StoreFolder {
  /// The store's erasure journal.
  package func journal() throws -> TombstoneJournal {
    try TombstoneJournal(path: layout.tombstones)
  }

  /// What speaks of erasures that this copy of the store does not know of.
  ///
  /// The store's line is written before the guard's, so it may be one ahead and never behind.
  func journalConditions() throws -> [StoreCondition] {
    let own: TombstoneJournal
    let guarded: TombstoneJournal
    do {
      own = try journal()
      guarded = try guardFolder.journal()
    } catch let error as CustodyError where error.code == .damaged {
      return [.torn(.tombstones, error.message)]
    } catch let error as CustodyError where error.code == .permission {
      // Whoever may not read it cannot write either.
      return []
    }
    if guarded.isPrefix(of: own), own.tombstones.count <= guarded.tombstones.count + 1 { return [] }
    return [
      .torn(
        .tombstones,
        own.isPrefix(of: guarded)
          ? "The guard knows of \(guarded.tombstones.count) erasures, this store's journal of "
            + "\(own.tombstones.count): an older copy was put back."
          : "The erasure journals of store and guard name different erasures.")
    ]
  }

  /// Brings the journals of store and guard to the same lines; the store's lock is held.
  ///
  /// - Throws: `needsRecovery` when they name different erasures: one of them is another store's.
  func completeJournals() throws {
    var own = try journal()
    let guarded = try guardFolder.journal()
    guard own.isPrefix(of: guarded) || guarded.isPrefix(of: own) else {
      throw CustodyError(
        .needsRecovery,
        "The erasure journals of store and guard name different erasures. Put back the one that is "
          + "true; Custody cannot tell which.")
    }
    for tombstone in guarded.tombstones.dropFirst(own.tombstones.count) {
      try own.append(tombstone)
    }
    for tombstone in own.tombstones.dropFirst(guarded.tombstones.count) {
      try guardFolder.bury(tombstone)
    }
  }
}

extension LedgerReader {
  /// Whether the ledger says that an erasure is done.
  ///
  /// - Parameter end: only events below this position count.
  package func isErasureCompleted(
    _ request: EventID, _ ledgerID: LedgerID, below end: Int = .max
  ) throws -> Bool {
    let stream = "\(ErasureRequested.streamPrefix)\(request)"
    guard try nameID(stream) != nil else { return false }
    return try !events(
      EventFilter(stream: stream, type: ErasureCompleted.type, to: Position(end)),
      ledgerID: ledgerID, limit: 1
    ).isEmpty
  }
}
