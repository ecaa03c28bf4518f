import CustodyLedger
import CustodyStore

extension EventIndex {
  /// Positions in a range, ascending or, reversed, descending; at most `limit`.
  ///
  /// - Parameters:
  ///   - type: only events of this type.
  ///   - keys: only events sealed under one of these keys; nil for all.
  ///
  /// Cost: a look-up, and an index entry a position; with a type and keys, one of the keys'
  /// entries a position that is passed over.
  package static func positions(
    _ connection: OpaquePointer, type: String?, keys: [KeyID]?, in range: Range<Int>,
    reversed: Bool, limit: Int
  ) throws -> [Position] {
    let order = reversed ? "DESC" : "ASC"
    var typeID: Int64?
    if let type {
      let query = try HotStatement(connection, "SELECT id FROM event_index_1_type WHERE text = ?")
      query.bind(1, type)
      guard try query.step() else { return [] }
      typeID = query.integer(0)
    }
    func run(_ sql: String, _ bind: (HotStatement) -> Void) throws -> [Int] {
      let query = try HotStatement(connection, sql)
      query.bind(1, Int64(range.lowerBound))
      query.bind(2, Int64(range.upperBound))
      query.bind(3, Int64(limit))
      bind(query)
      var found: [Int] = []
      while try query.step() { found.append(Int(query.integer(0))) }
      return found
    }
    guard let keys else {
      return try run(
        """
        SELECT position FROM event_index_1_by_type
        WHERE type = ?4 AND position >= ?1 AND position < ?2 ORDER BY position \(order) LIMIT ?3
        """
      ) { $0.bind(4, typeID ?? 0) }.map { Position($0) }
    }
    // A person has a key for each class of data, and an event may be sealed under several of them.
    var all: Set<Int> = []
    for key in keys {
      all.formUnion(
        try run(
          """
          SELECT k.position FROM event_index_1_by_key AS k
          WHERE k.key_id = ?4 AND k.position >= ?1 AND k.position < ?2
            AND (?5 IS NULL OR EXISTS (SELECT 1 FROM event_index_1_by_type AS t
                                       WHERE t.type = ?5 AND t.position = k.position))
          ORDER BY k.position \(order) LIMIT ?3
          """
        ) {
          $0.bind(4, key)
          if let typeID { $0.bind(5, typeID) } else { $0.bindNull(5) }
        })
    }
    let sorted = reversed ? all.sorted(by: >) : all.sorted()
    return sorted.prefix(limit).map { Position($0) }
  }

  /// How many events a key seals, alone or with others.
  package static func count(_ connection: OpaquePointer, under key: KeyID) throws -> Int {
    let query = try HotStatement(
      connection, "SELECT count(*) FROM event_index_1_by_key WHERE key_id = ?")
    query.bind(1, key)
    return try query.step() ? Int(query.integer(0)) : 0
  }
}
