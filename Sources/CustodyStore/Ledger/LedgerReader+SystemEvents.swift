import CustodyLedger

extension LedgerReader {
  /// Reads what the library itself recorded; what is malformed is left out.
  ///
  /// - Parameters:
  ///   - type: only events of this type.
  ///   - body: called with each and its position, until it returns false.
  package func forEachSystemEvent(
    _ type: String? = nil, ledgerID: LedgerID, from start: Int = 0, to end: Int? = nil,
    isReversed: Bool = false,
    _ body: (SystemEvent, Int) throws -> Bool
  ) throws {
    var filter = EventFilter(
      stream: SystemEvent.stream, type: type, from: Position(start), to: end.map { Position($0) },
      isReversed: isReversed)
    while true {
      let page = try events(filter, ledgerID: ledgerID, limit: Self.systemPageSize)
      for event in page {
        if let known = event.systemEvent, try !body(known, event.position.value) { return }
      }
      guard page.count == Self.systemPageSize, let last = page.last?.position else { return }
      if isReversed { filter.to = last } else { filter.from = last.next }
    }
  }

  /// Whether the ledger names a key as one that wraps others.
  func namesEpoch(_ key: KeyID, ledgerID: LedgerID) throws -> Bool {
    var isNamed = false
    try forEachSystemEvent("key.created", ledgerID: ledgerID, isReversed: true) { event, _ in
      if case .keyCreated(let created) = event, created.purpose == .epoch {
        isNamed = created.key == key.bytes
      }
      return !isNamed
    }
    return isNamed
  }

  private static let systemPageSize = 64
}
