import CustodyLedger

extension LedgerReader {
  /// Reads what the library itself recorded; what is malformed is left out.
  ///
  /// - Parameters:
  ///   - type: only events of this type.
  ///   - body: called with each and its position, until it returns false.
  func forEachSystemEvent(
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
        let claim = event.header.claim
        let known = event.body.flatMap {
          SystemEvent(
            type: claim.type.text.utf8, version: claim.typeVersion, content: $0, at: event.position)
        }
        if let known, try !body(known, event.position.value) { return }
      }
      guard page.count == Self.systemPageSize, let last = page.last?.position else { return }
      if isReversed { filter.to = last } else { filter.from = last.next }
    }
  }

  private static let systemPageSize = 64
}
