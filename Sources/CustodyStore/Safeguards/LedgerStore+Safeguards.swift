import CustodyLedger

extension LedgerStore {
  /// Gives the guard what was committed just now; the store's lock is held.
  ///
  /// - Throws: when it cannot be written. The events stand in the ledger all the same, and the guard gets
  ///   them when the store is opened for writing next.
  func keepSafeguards(at positions: [Position], _ reader: LedgerReader) throws {
    if positions.isEmpty { return }
    let safeguards = try positions.compactMap {
      try reader.event(at: $0, ledgerID: ledgerID).flatMap(Safeguard.init)
    }
    do {
      try signer.guardFolder.keep(safeguards: safeguards)
    } catch let error as CustodyError {
      throw CustodyError(
        error.code,
        "It is recorded, and the guard could not be told: \(error.message) The next command that writes "
          + "tells it.", cause: error.cause)
    }
  }
}
