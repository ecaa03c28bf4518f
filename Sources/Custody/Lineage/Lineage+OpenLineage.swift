import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

extension Lineage {
  /// Hands out the events of OpenLineage that were taken in, in the order of the ledger.
  ///
  /// - Parameters:
  ///   - isRedacted: without what may be about somebody, as the graph knows them; else byte for byte
  ///     as they came.
  ///   - each: called with an event.
  /// - Returns: how many are left out because their key is gone.
  ///
  /// Cost: two look-ups for each event.
  @discardableResult
  public func forEachEvent(isRedacted: Bool, _ each: ([UInt8]) throws -> Void) throws -> Int {
    try query { query in
      var positions: [Int64] = []
      try query.reader.forEachEvent { event in positions.append(event.position) }
      var missing = 0
      for position in positions.sorted() {
        guard let stored = try store.event(at: Position(Int(position))),
          stored.header.claim.type.text == LineageRecorded.type,
          let content = try store.content(of: stored),
          let recorded = LineageRecorded(
            content: content, version: stored.header.claim.typeVersion)
        else { continue }
        if isRedacted {
          try each(recorded.event)
        } else if let source = try store.event(id: recorded.source),
          let original = try store.content(of: source)
        {
          try each(original)
        } else {
          missing += 1
        }
      }
      return missing
    }
  }
}
