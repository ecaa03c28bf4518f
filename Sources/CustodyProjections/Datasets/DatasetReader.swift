import CustodyLedger
import CustodyModel
import CustodyStore

/// A version of a dataset.
package struct VersionRow: Sendable {
  package let number: Int
  package let position: Position
  package let recordedAt: Timestamp
  package let root: Digest
  package let records, bytes, added, changed, removed: Int
  /// The ordinal that the next new record gets.
  package let next: Int
  /// The objects of the order; none when it is that of the ordinals.
  package let orders: [Digest]
  package let frame: Digest?
  package let actor: String
  package let run: String?
}

/// A record as one version has it.
package struct RecordRow: Sendable {
  package let ordinal: Int
  package let address: Digest
  /// The version that last changed it.
  package let since: Int
  /// Names the keys that seal it: see ``DatasetReader/keyIDs(_:)``.
  package let keys: Int64
  package let file: RecordChange.File?
}

/// Asks the tables of ``DatasetProjection`` for versions and records; belongs to one connection.
package final class DatasetReader {
  private let connection: OpaquePointer
  private var prepared: [String: HotStatement] = [:]

  package init(_ connection: OpaquePointer) { self.connection = connection }

  private func statement(_ sql: String) throws -> HotStatement {
    if let known = prepared[sql] { return known }
    let made = try HotStatement(connection, sql)
    prepared[sql] = made
    return made
  }

  // MARK: - Versions

  /// The versions of a dataset, the oldest first.
  package func versions(of dataset: Int64) throws -> [VersionRow] {
    try versions(dataset, "TRUE ORDER BY number") { _ in }
  }

  package func version(_ number: Int, of dataset: Int64) throws -> VersionRow? {
    try versions(dataset, "number = ?2") { $0.bind(2, Int64(number)) }.first
  }

  /// The newest version that stood in the ledger below a position.
  package func newest(of dataset: Int64, below position: Int = .max) throws -> VersionRow? {
    try versions(dataset, "position < ?2 ORDER BY number DESC LIMIT 1") {
      $0.bind(2, Int64(position))
    }.first
  }

  private func versions(
    _ dataset: Int64, _ condition: String, _ bind: (HotStatement) -> Void
  ) throws -> [VersionRow] {
    let query = try statement(
      """
      SELECT number, position, recorded_at, root, records, bytes, added, changed, removed, next,
             orders, frame, actor, run
      FROM dataset_1_version WHERE dataset = ?1 AND \(condition)
      """)
    query.bind(1, dataset)
    bind(query)
    defer { query.reset() }
    var found: [VersionRow] = []
    while try query.step() {
      // Counts and ordinals are at most 2^32 where Custody wrote them.
      for column in [0, 4, 6, 7, 8, 9] as [Int32]
      where !Self.possible.contains(query.integer(column)) {
        throw Self.damaged
      }
      guard query.integer(5) >= 0 else { throw Self.damaged }
      let orders = Array(query.bytes(10))
      found.append(
        VersionRow(
          number: Int(query.integer(0)), position: Position(Int(max(0, query.integer(1)))),
          recordedAt: Timestamp(microseconds: query.integer(2)),
          root: Digest(query.bytes(3)) ?? Digest(), records: Int(query.integer(4)),
          bytes: Int(query.integer(5)), added: Int(query.integer(6)),
          changed: Int(query.integer(7)), removed: Int(query.integer(8)),
          next: Int(query.integer(9)),
          orders: stride(from: 0, to: orders.count - 31, by: 32).compactMap {
            Digest(orders[$0..<$0 + 32])
          },
          frame: query.isNull(11) ? nil : Digest(query.bytes(11)), actor: query.text(12),
          run: query.isNull(13) ? nil : query.text(13)))
    }
    return found
  }

  // MARK: - Records

  /// The record with an ordinal as a version has it, or nil when it has none.
  ///
  /// Cost: one look-up, whatever the number of versions.
  package func record(_ ordinal: Int, of dataset: Int64, in version: Int) throws -> RecordRow? {
    let query = try statement(
      """
      SELECT ordinal, address, seconds, nanoseconds, mode, since, keys
      FROM dataset_1_record
      WHERE dataset = ?1 AND ordinal = ?2 AND since <= ?3 ORDER BY since DESC LIMIT 1
      """)
    query.bind(1, dataset)
    query.bind(2, Int64(ordinal))
    query.bind(3, Int64(version))
    defer { query.reset() }
    return try query.step() ? try Self.record(query) : nil
  }

  /// Records of a version from an ordinal on, ascending, at most `limit`.
  package func records(
    of dataset: Int64, in version: Int, from ordinal: Int, limit: Int
  ) throws -> [RecordRow] {
    let query = try statement(
      """
      SELECT ordinal, address, seconds, nanoseconds, mode, since, keys FROM dataset_1_record
      WHERE dataset = ?1 AND ordinal >= ?2 AND since <= ?3 ORDER BY ordinal, since
      """)
    query.bind(1, dataset)
    query.bind(2, Int64(ordinal))
    query.bind(3, Int64(version))
    defer { query.reset() }
    var found: [RecordRow] = []
    // The last of the rows that an ordinal has.
    var last: (ordinal: Int64, record: RecordRow?) = (-1, nil)
    while try query.step() {
      if query.integer(0) != last.ordinal, let record = last.record {
        found.append(record)
        if found.count == limit { return found }
      }
      last = (query.integer(0), try Self.record(query))
    }
    if let record = last.record { found.append(record) }
    return found
  }

  private static let possible: ClosedRange<Int64> = 0...1 << 32
  package static let damaged = CustodyError(
    .damaged, "projections.sqlite is not as Custody writes it. Run: custody projection rebuild")

  /// - Returns: nil for a row that says that it was removed.
  private static func record(_ row: HotStatement) throws -> RecordRow? {
    if row.isNull(1) { return nil }
    guard let address = Digest(row.bytes(1)), possible.contains(row.integer(0)),
      possible.contains(row.integer(5)),
      row.isNull(4)
        || (0..<1_000_000_000).contains(row.integer(3)) && possible.contains(row.integer(4))
    else { throw damaged }
    let file =
      row.isNull(4)
      ? nil
      : RecordChange.File(
        seconds: row.integer(2), nanoseconds: UInt32(truncatingIfNeeded: row.integer(3)),
        mode: UInt32(truncatingIfNeeded: row.integer(4)))
    return RecordRow(
      ordinal: Int(row.integer(0)), address: address, since: Int(row.integer(5)),
      keys: row.integer(6), file: file)
  }

  /// Records that came, changed or went after one version, up to another.
  ///
  /// - Parameter old: 1 or more: what came with the first version is everything it has.
  ///
  /// Cost: what changed, whatever else the dataset has.
  package func changed(in dataset: Int64, between old: Int, and new: Int) throws -> [Int] {
    let query = try statement(
      """
      SELECT DISTINCT ordinal FROM dataset_1_record
      WHERE dataset = ?1 AND since > 1 AND since > ?2 AND since <= ?3 ORDER BY ordinal
      """)
    query.bind(1, dataset)
    query.bind(2, Int64(old))
    query.bind(3, Int64(new))
    defer { query.reset() }
    var found: [Int] = []
    while try query.step() { found.append(Int(query.integer(0))) }
    return found
  }

  /// The ordinal of the record with a natural key, by its keyed hash, in whatever version.
  package func ordinal(of hash: EventID, in dataset: Int64) throws -> Int? {
    let query = try statement(
      "SELECT ordinal FROM dataset_1_name WHERE dataset = ? AND hash = ?")
    query.bind(1, dataset)
    query.bind(2, hash)
    defer { query.reset() }
    return try query.step() ? Int(query.integer(0)) : nil
  }

  /// Every natural key's keyed hash and the ordinal it has, in no order.
  package func forEachName(of dataset: Int64, _ body: (EventID, Int) -> Void) throws {
    let query = try statement("SELECT hash, ordinal FROM dataset_1_name WHERE dataset = ?")
    query.bind(1, dataset)
    defer { query.reset() }
    while try query.step() {
      if let hash = EventID(query.bytes(0)) { body(hash, Int(query.integer(1))) }
    }
  }

  // MARK: - People

  /// The keys that a row of records names, ascending.
  package func keyIDs(_ keys: Int64) throws -> [KeyID] {
    let query = try statement("SELECT key_ids FROM dataset_1_keys WHERE id = ?")
    query.bind(1, keys)
    defer { query.reset() }
    guard try query.step() else { return [] }
    return KeySet(query.bytes(0)).keyIDs
  }

  /// The sets of keys that seal records of a version, each once.
  ///
  /// Cost: a pass over the records that the dataset had up to that version.
  package func keySets(of dataset: Int64, in version: Int) throws -> [[KeyID]] {
    // https://www.sqlite.org/lang_select.html#bareagg: "the bare columns in the result set take
    // values from the input row which also contains the minimum or maximum"
    let query = try statement(
      """
      SELECT key_ids FROM dataset_1_keys WHERE id IN (
        SELECT keys FROM (
          SELECT keys, address, max(since) FROM dataset_1_record
          WHERE dataset = ?1 AND since <= ?2 GROUP BY ordinal)
        WHERE address IS NOT NULL)
      """)
    query.bind(1, dataset)
    query.bind(2, Int64(version))
    defer { query.reset() }
    var found: [[KeyID]] = []
    while try query.step() { found.append(KeySet(query.bytes(0)).keyIDs) }
    return found
  }

  /// Whether a record of any version of a dataset can be opened, as far as keys go.
  ///
  /// - Parameter end: what the ledger says from this position on does not count.
  ///
  /// Cost: one look-up, or a pass over the dataset's intervals when all is gone.
  package func hasOpenRecord(of dataset: Int64, below end: Int = .max) throws -> Bool {
    let query = try statement(
      """
      SELECT EXISTS (
        SELECT 1 FROM dataset_1_record AS r JOIN dataset_1_keys AS k ON k.id = r.keys
        WHERE r.dataset = ?1 AND r.address IS NOT NULL
          AND (k.destroyed IS NULL OR k.destroyed >= ?2))
      """)
    query.bind(1, dataset)
    query.bind(2, Int64(end))
    defer { query.reset() }
    return try query.step() && query.integer(0) != 0
  }

  /// Whether a record of one version can be opened, as far as keys go.
  ///
  /// - Parameters:
  ///   - other: a key under which records do not count.
  ///   - end: what the ledger says from this position on does not count.
  ///
  /// Cost: one look-up, or a pass over the dataset's intervals when there is none.
  package func hasOpenRecord(
    of dataset: Int64, in version: Int, besides other: KeyID? = nil, below end: Int = .max
  ) throws -> Bool {
    let query = try statement(
      """
      SELECT EXISTS (
        SELECT 1 FROM dataset_1_record AS r JOIN dataset_1_keys AS k ON k.id = r.keys
        WHERE r.dataset = ?1 AND r.since <= ?2 AND r.address IS NOT NULL
          AND (k.destroyed IS NULL OR k.destroyed >= ?3) AND k.key_ids IS NOT ?4
          AND NOT EXISTS (
            SELECT 1 FROM dataset_1_record AS l
            WHERE l.dataset = ?1 AND l.ordinal = r.ordinal AND l.since > r.since AND l.since <= ?2))
      """)
    query.bind(1, dataset)
    query.bind(2, Int64(version))
    query.bind(3, Int64(end))
    if let other { query.bind(4, other) } else { query.bindNull(4) }
    defer { query.reset() }
    return try query.step() && query.integer(0) != 0
  }

  /// What rows of records name keys by, of those that a key is one of.
  package func keySets(with key: KeyID) throws -> [Int64] {
    let query = try statement("SELECT keys FROM dataset_1_key WHERE key_id = ?")
    query.bind(1, key)
    defer { query.reset() }
    var found: [Int64] = []
    while try query.step() { found.append(query.integer(0)) }
    return found
  }

  /// What rows of records name a set of keys by, or nil when no record is sealed under just these.
  package func keySet(of keys: [KeyID]) throws -> Int64? {
    let query = try statement("SELECT id FROM dataset_1_keys WHERE key_ids = ?")
    return try keys.flatMap(\.bytes).withUnsafeBytes { bytes in
      query.bind(1, bytes)
      defer { query.reset() }
      return try query.step() ? query.integer(0) : nil
    }
  }

  /// The keys that seal records of some datasets, in any version.
  ///
  /// Cost: a pass over who is in which version of any dataset.
  package func keyIDs(in datasets: Set<Int64>) throws -> Set<KeyID> {
    let query = try statement(
      """
      SELECT DISTINCT s.dataset, k.key_ids FROM dataset_1_sealed AS s
      JOIN dataset_1_keys AS k ON k.id = s.keys
      """)
    defer { query.reset() }
    var found: Set<KeyID> = []
    while try query.step() {
      if datasets.contains(query.integer(0)) {
        found.formUnion(KeySet(query.bytes(1)).keyIDs)
      }
    }
    return found
  }

  /// The ordinals of a version's records that are sealed under some keys, ascending.
  ///
  /// Cost: the records of these people, whatever else there is.
  package func ordinals(
    under keys: Int64, of dataset: Int64, in version: Int
  ) throws -> [Int] {
    let query = try statement(
      """
      SELECT ordinals FROM dataset_1_sealed WHERE keys = ?1 AND dataset = ?2 AND version <= ?3
      """)
    query.bind(1, keys)
    query.bind(2, dataset)
    query.bind(3, Int64(version))
    defer { query.reset() }
    var found: Set<Int> = []
    while try query.step() { found.formUnion(OrdinalList.ordinals(query.bytes(0))) }
    // Later it may have been put under others.
    return try found.filter { try record($0, of: dataset, in: version)?.keys == keys }.sorted()
  }

  /// Keyed hashes of natural keys that go with some keys: those of records that no other key seals in
  /// any version.
  ///
  /// Cost: a pass over the natural keys of the dataset.
  package func names(goingWith keys: Set<Int64>, of dataset: Int64) throws -> [EventID] {
    let others = try statement(
      """
      SELECT r.keys FROM dataset_1_record AS r JOIN dataset_1_keys AS k ON k.id = r.keys
      WHERE r.dataset = ?1 AND r.ordinal = ?2 AND r.address IS NOT NULL AND k.destroyed IS NULL
      """)
    var ordinals = Set(try lives(under: keys, of: dataset).map(\.ordinal))
    for ordinal in ordinals {
      others.bind(1, dataset)
      others.bind(2, Int64(ordinal))
      defer { others.reset() }
      while try others.step() {
        if !keys.contains(others.integer(0)) { ordinals.remove(ordinal) }
      }
    }
    guard !ordinals.isEmpty else { return [] }
    var found: [EventID] = []
    try forEachName(of: dataset) { hash, ordinal in
      if ordinals.contains(ordinal) { found.append(hash) }
    }
    return found
  }

  /// A record as it was from one version until before another.
  package struct Life: Sendable {
    package let ordinal: Int
    package let since: Int
    /// The first version that no longer has it so; nil while it lasts.
    package let until: Int?
  }

  /// The records of a dataset that no key opens any more, with the event that says so of a key.
  ///
  /// Cost: the records of these people, whatever else there is.
  package func erasedLives(of dataset: Int64) throws -> [(destroyed: Position, life: Life)] {
    let query = try statement(
      """
      SELECT id, destroyed FROM dataset_1_keys
      WHERE destroyed IS NOT NULL AND EXISTS (
        SELECT 1 FROM dataset_1_sealed WHERE keys = dataset_1_keys.id AND dataset = ?1)
      """)
    query.bind(1, dataset)
    var keys: [(id: Int64, destroyed: Position)] = []
    do {
      defer { query.reset() }
      while try query.step() { keys.append((query.integer(0), Position(Int(query.integer(1))))) }
    }
    return try keys.flatMap { keys in
      try lives(under: [keys.id], of: dataset).map { (keys.destroyed, $0) }
    }
  }

  /// The records of a dataset that were ever sealed under some keys.
  ///
  /// Cost: the records of these people, whatever else there is.
  package func lives(under keys: Set<Int64>, of dataset: Int64) throws -> [Life] {
    let sealed = try statement(
      "SELECT ordinals FROM dataset_1_sealed WHERE keys = ?1 AND dataset = ?2")
    var ordinals: Set<Int> = []
    for key in keys {
      sealed.bind(1, key)
      sealed.bind(2, dataset)
      while try sealed.step() { ordinals.formUnion(OrdinalList.ordinals(sealed.bytes(0))) }
      sealed.reset()
    }
    let history = try statement(
      "SELECT since, keys FROM dataset_1_record WHERE dataset = ?1 AND ordinal = ?2 ORDER BY since")
    var lives: [Life] = []
    for ordinal in ordinals.sorted() {
      history.bind(1, dataset)
      history.bind(2, Int64(ordinal))
      defer { history.reset() }
      var open: Int?
      while try history.step() {
        let since = Int(history.integer(0))
        if let start = open { lives.append(Life(ordinal: ordinal, since: start, until: since)) }
        open = !history.isNull(1) && keys.contains(history.integer(1)) ? since : nil
      }
      if let open { lives.append(Life(ordinal: ordinal, since: open, until: nil)) }
    }
    return lives
  }
}
