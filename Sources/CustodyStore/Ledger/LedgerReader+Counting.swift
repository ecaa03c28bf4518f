import CustodyLedger

extension LedgerReader {
  /// Events of one type.
  package struct TypeCount {
    package let type: String
    package let events, streams, bodyBytes, purged, first, last: Int
  }

  /// - Parameter end: events from this position on do not count.
  package func statistics(below end: Int = .max) throws -> [TypeCount] {
    let query = try statement(
      """
      SELECT n.text, count(*), count(DISTINCT e.stream), sum(e.body_length),
             count(*) - count(e.body), min(e.position), max(e.position)
      FROM event AS e JOIN name AS n ON n.id = e.type
      WHERE e.position < ?
      GROUP BY e.type ORDER BY count(*) DESC, n.text
      """)
    query.bind(1, Int64(end))
    defer { query.reset() }
    var counts: [TypeCount] = []
    while try query.step() {
      guard query.integer(5) >= 0 else {
        throw CustodyError(
          .damaged, "The ledger holds a malformed position. Run: custody verify")
      }
      counts.append(
        TypeCount(
          type: query.text(0), events: Int(query.integer(1)), streams: Int(query.integer(2)),
          bodyBytes: Int(query.integer(3)), purged: Int(query.integer(4)),
          first: Int(query.integer(5)), last: Int(query.integer(6))))
    }
    return counts
  }
}
