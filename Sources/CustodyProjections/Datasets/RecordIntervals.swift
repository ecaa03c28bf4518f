import CustodyLedger
import CustodyModel
import CustodyStore

/// Writes the intervals of records, and what goes with the keys of their people.
///
/// A record has a name as long as any content it ever had can be opened, whoever it was about then:
/// so following and computing anew agree after an erasure.
struct RecordIntervals {
  private let insertRecord: HotStatement
  private let latest: HotStatement
  private let end: HotStatement
  private let insertName: HotStatement
  private let insertNameAgain: HotStatement
  private let selectKeys: HotStatement
  private let nextKeys: HotStatement
  private let insertKeys: HotStatement
  private let insertKey: HotStatement
  private let markKeys: HotStatement
  private let deleteNames: HotStatement

  private var keyIDs: [KeySet: Int64] = [:]
  private static let keySetCountMax = 1 << 16
  private var version = 0

  init(_ connection: OpaquePointer) throws {
    insertRecord = try HotStatement(
      connection,
      """
      INSERT INTO dataset_1_record
        (dataset, since, ordinal, address, keys, seconds, nanoseconds, mode)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """)
    latest = try HotStatement(
      connection,
      """
      SELECT since, until, keys FROM dataset_1_record
      WHERE dataset = ? AND ordinal = ? ORDER BY since DESC LIMIT 1
      """)
    end = try HotStatement(
      connection,
      "UPDATE dataset_1_record SET until = ? WHERE dataset = ? AND ordinal = ? AND since = ?")
    insertName = try HotStatement(
      connection, "INSERT INTO dataset_1_name (dataset, hash, ordinal) VALUES (?, ?, ?)")
    insertNameAgain = try HotStatement(
      connection, "INSERT OR IGNORE INTO dataset_1_name (dataset, hash, ordinal) VALUES (?, ?, ?)")
    selectKeys = try HotStatement(connection, "SELECT id FROM dataset_1_keys WHERE key_ids = ?")
    nextKeys = try HotStatement(connection, "SELECT ifnull(max(id), 0) + 1 FROM dataset_1_keys")
    insertKeys = try HotStatement(
      connection, "INSERT INTO dataset_1_keys (id, key_ids) VALUES (?, ?)")
    insertKey = try HotStatement(
      connection, "INSERT INTO dataset_1_key (key_id, keys) VALUES (?, ?)")
    markKeys = try HotStatement(
      connection,
      """
      UPDATE dataset_1_keys SET destroyed = ?2
      WHERE destroyed IS NULL AND id IN (SELECT keys FROM dataset_1_key WHERE key_id = ?1)
      """)
    deleteNames = try HotStatement(
      connection,
      """
      DELETE FROM dataset_1_name AS n
      WHERE (n.dataset, n.ordinal) IN (
          SELECT r.dataset, r.ordinal
          FROM dataset_1_key AS k JOIN dataset_1_record AS r ON r.keys = k.keys
          WHERE k.key_id = ?)
        AND NOT EXISTS (
          SELECT 1 FROM dataset_1_record AS r JOIN dataset_1_keys AS k ON k.id = r.keys
          WHERE r.dataset = n.dataset AND r.ordinal = n.ordinal AND k.destroyed IS NULL)
      """)
  }

  /// Begins a version; its changes follow.
  mutating func begin(_ dataset: Int64, version: Int) {
    self.version = version
    insertRecord.bind(1, dataset)
    insertRecord.bind(2, Int64(version))
    latest.bind(1, dataset)
    end.bind(1, Int64(version))
    end.bind(2, dataset)
    insertName.bind(1, dataset)
    insertNameAgain.bind(1, dataset)
  }

  /// Applies a change.
  ///
  /// - Parameters:
  ///   - next: the ordinal that the next new record gets.
  ///   - nameHash: opens the name of a record that is not new.
  mutating func apply(
    _ change: PreparedChange, next: inout Int, _ nameHash: () throws -> EventID?
  ) throws {
    guard change.ordinal < next else {
      guard let put = change.put else { throw ProjectionHalt("a record is removed that never was") }
      guard change.ordinal == next else { throw ProjectionHalt("ordinals with a gap") }
      next += 1
      try insert(change.ordinal, put, try id(of: put.keys))
      if let hash = change.hash { try name(insertName, change.ordinal, hash) }
      return
    }
    let last = try latest(of: change.ordinal)
    if last.isAlive {
      end.bind(3, Int64(change.ordinal))
      end.bind(4, last.since)
      try end.run()
    }
    guard let put = change.put else {
      guard last.isAlive else { throw ProjectionHalt("a record is removed twice") }
      return
    }
    let keys = try id(of: put.keys)
    try insert(change.ordinal, put, keys)
    // Under other keys than before: its name may have gone with those.
    if keys != last.keys, let hash = try nameHash() {
      try name(insertNameAgain, change.ordinal, hash)
    }
  }

  private func latest(
    of ordinal: Int
  ) throws -> (since: Int64, isAlive: Bool, keys: Int64) {
    latest.bind(2, Int64(ordinal))
    defer { latest.reset() }
    guard try latest.step() else { throw ProjectionHalt("a record that has no past") }
    return (latest.integer(0), latest.isNull(1), latest.integer(2))
  }

  private func insert(_ ordinal: Int, _ put: PreparedChange.Put, _ keys: Int64) throws {
    insertRecord.bind(3, Int64(ordinal))
    insertRecord.bind(5, keys)
    if let file = put.file {
      insertRecord.bind(6, file.seconds)
      insertRecord.bind(7, Int64(file.nanoseconds))
      insertRecord.bind(8, Int64(file.mode))
    } else {
      for index in 6...8 { insertRecord.bindNull(Int32(index)) }
    }
    try withUnsafeBytes(of: put.address) {
      insertRecord.bind(4, $0)
      try insertRecord.run()
    }
  }

  private func name(_ statement: HotStatement, _ ordinal: Int, _ hash: EventID) throws {
    statement.bind(3, Int64(ordinal))
    try withUnsafeBytes(of: hash) {
      statement.bind(2, $0)
      try statement.run()
    }
  }

  // MARK: - Keys

  private mutating func id(of keys: KeySet) throws -> Int64 {
    if let known = keyIDs[keys] { return known }
    let id = try storedID(of: keys.keyIDs)
    if keyIDs.count >= Self.keySetCountMax { keyIDs.removeAll(keepingCapacity: true) }
    keyIDs[keys] = id
    return id
  }

  private func storedID(of keys: [KeyID]) throws -> Int64 {
    try keys.flatMap(\.bytes).withUnsafeBytes { bytes in
      selectKeys.bind(1, bytes)
      defer { selectKeys.reset() }
      if try selectKeys.step() { return selectKeys.integer(0) }
      defer { nextKeys.reset() }
      _ = try nextKeys.step()
      let id = nextKeys.integer(0)
      insertKeys.bind(1, id)
      insertKeys.bind(2, bytes)
      try insertKeys.run()
      for key in keys {
        insertKey.bind(1, key)
        insertKey.bind(2, id)
        try insertKey.run()
      }
      return id
    }
  }

  /// Removes what could be learned from names of records that nobody can open any more.
  func destroy(_ keys: [KeyID], at position: Int) throws {
    for key in keys {
      markKeys.bind(1, key)
      markKeys.bind(2, Int64(position))
      try markKeys.run()
      deleteNames.bind(1, key)
      try deleteNames.run()
    }
  }
}
