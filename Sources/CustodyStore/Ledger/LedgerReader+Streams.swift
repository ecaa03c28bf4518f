import CustodyLedger

extension LedgerReader {
  /// Where the events of some types stand in all streams whose names begin with a text, ascending.
  ///
  /// Read from the ledger itself, by headers alone: what is decided by such events is not left to what a
  /// projection says.
  ///
  /// - Parameters:
  ///   - prefix: ends in a slash.
  ///   - end: only events below this position count.
  ///
  /// Cost: a look-up for each such stream.
  package func positions(
    ofTypes types: [String], inStreams prefix: String, below end: Int = .max
  ) throws -> [(position: Position, stream: String)] {
    precondition(prefix.last == "/")
    let query = try statement(
      """
      SELECT event.position, name.text FROM name JOIN event ON event.stream = name.id
      WHERE name.text >= ?1 AND name.text < ?2 AND event.type = ?3 AND event.position < ?4
      """)
    var found: [(position: Position, stream: String)] = []
    for type in types {
      guard let type = try nameID(type) else { continue }
      query.bind(1, prefix)
      // The character after the slash that ends the prefix.
      query.bind(2, prefix.dropLast() + "0")
      query.bind(3, type)
      query.bind(4, Int64(end))
      defer { query.reset() }
      while try query.step() {
        found.append((Position(Int(query.integer(0))), query.text(1)))
      }
    }
    return found.sorted { $0.position < $1.position }
  }

  /// These events themselves, with their bodies.
  package func events(
    ofTypes types: [String], inStreams prefix: String, ledgerID: LedgerID, below end: Int = .max
  ) throws -> [StoredEvent] {
    try positions(ofTypes: types, inStreams: prefix, below: end).compactMap {
      try event(at: $0.position, ledgerID: ledgerID)
    }
  }
}
