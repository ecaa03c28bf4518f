import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

extension Lineage {
  /// Events of which the original is not handed out.
  public struct LeftOut: Equatable, Sendable {
    /// Their key is gone.
    public internal(set) var erased = 0
    /// They wait to be erased, and nobody stated a ground.
    public internal(set) var restricted = 0
  }

  /// Hands out the events of OpenLineage that were taken in, in the order of the ledger.
  ///
  /// - Parameters:
  ///   - isRedacted: without what may be about somebody, as the graph knows them; else byte for byte
  ///     as they came.
  ///   - ground: on which ground restricted ones are handed out too; they are left out without one.
  ///   - each: called with an event.
  /// - Returns: how many are left out.
  ///
  /// Cost: two look-ups for each event.
  @discardableResult
  public func forEachEvent(
    isRedacted: Bool, on ground: RestrictionGround? = nil, _ each: ([UInt8]) throws -> Void
  ) throws -> LeftOut {
    let reader = try isRedacted ? nil : store.contents(on: ground)
    return try query { query in
      var positions: [Int64] = []
      try query.reader.forEachEvent { event in positions.append(event.position) }
      var leftOut = LeftOut()
      for position in positions.sorted() {
        guard let stored = try store.event(at: Position(Int(position))),
          stored.header.claim.type.text == LineageRecorded.type,
          let content = try store.content(of: stored),
          let recorded = LineageRecorded(
            content: content, version: stored.header.claim.typeVersion)
        else { continue }
        guard let reader else {
          try each(recorded.event)
          continue
        }
        switch try store.event(id: recorded.source).map(reader.content) {
        case .opened(let original)?: try each(original)
        case .restricted?: leftOut.restricted += 1
        case .gone?, nil: leftOut.erased += 1
        }
      }
      return leftOut
    }
  }
}
