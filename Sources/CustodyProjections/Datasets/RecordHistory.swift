import CustodyLedger
import CustodyModel
import CustodyStore

/// Writes what records were from version to version, and what goes with the keys of their people.
///
/// A record has a name as long as any content it ever had can be opened, whoever it was about then:
/// so following and computing anew agree after an erasure.
final class RecordHistory {
  private let insertRecord: RowInserter
  private let insertName: RowInserter
  private let insertMissingName: HotStatement
  private let selectNames: HotStatement
  private let deleteName: HotStatement
  private let selectUnnamed: HotStatement
  private let updateUnnamed: HotStatement
  private let insertSealed: HotStatement
  private let selectSealed: HotStatement
  private let selectLiving: HotStatement
  private let selectKeys: HotStatement
  private let nextKeys: HotStatement
  private let insertKeys: HotStatement
  private let insertKey: HotStatement
  private let keySets: HotStatement
  private let markKeys: HotStatement

  private var keyIDs: [KeySet: Int64] = [:]
  private static let keySetCountMax = 1 << 16

  /// Names and keys that wait to be written in the order of their tables, which is far quicker.
  private var names: [PreparedChanges.Name] = []
  private var sealed: [(keys: Int64, ordinal: Int)] = []
  private static let waitingCountMax = 1 << 19

  /// Ordinals that have a name, by dataset: known once somebody asked.
  private var named: [Int64: OrdinalSet] = [:]
  /// Ordinals whose names are to go, by dataset.
  private var nameless: [Int64: [Int]] = [:]

  init(_ connection: OpaquePointer) throws {
    func statement(_ sql: String) throws -> HotStatement { try HotStatement(connection, sql) }
    insertRecord = try RowInserter(
      connection, into: "dataset_1_record",
      ["dataset", "since", "ordinal", "keys", "address", "seconds", "nanoseconds", "mode"],
      blob: ("address", Digest.byteCount))
    insertName = try RowInserter(
      connection, into: "dataset_1_name", ["dataset", "ordinal", "hash"],
      blob: ("hash", EventID.byteCount))
    insertMissingName = try statement(
      """
      INSERT OR IGNORE INTO dataset_1_name (dataset, ordinal, hash) VALUES (?, ?, ?)
      RETURNING 1
      """)
    selectNames = try statement("SELECT ordinal, hash FROM dataset_1_name WHERE dataset = ?")
    deleteName = try statement("DELETE FROM dataset_1_name WHERE dataset = ? AND hash = ?")
    selectUnnamed = try statement("SELECT unnamed FROM dataset_1_dataset WHERE id = ?")
    updateUnnamed = try statement("UPDATE dataset_1_dataset SET unnamed = ?2 WHERE id = ?1")
    insertSealed = try statement(
      """
      INSERT INTO dataset_1_sealed (keys, dataset, version, first, ordinals)
      VALUES (?, ?, ?, ?, ?)
      """)
    selectSealed = try statement("SELECT dataset, ordinals FROM dataset_1_sealed WHERE keys = ?")
    selectLiving = try statement(
      """
      SELECT 1 FROM dataset_1_record AS r JOIN dataset_1_keys AS k ON k.id = r.keys
      WHERE r.dataset = ? AND r.ordinal = ? AND k.destroyed IS NULL LIMIT 1
      """)
    selectKeys = try statement("SELECT id FROM dataset_1_keys WHERE key_ids = ?")
    nextKeys = try statement("SELECT ifnull(max(id), 0) + 1 FROM dataset_1_keys")
    insertKeys = try statement("INSERT INTO dataset_1_keys (id, key_ids) VALUES (?, ?)")
    insertKey = try statement("INSERT INTO dataset_1_key (key_id, keys) VALUES (?, ?)")
    keySets = try statement("SELECT keys FROM dataset_1_key WHERE key_id = ?")
    markKeys = try statement(
      "UPDATE dataset_1_keys SET destroyed = ?2 WHERE destroyed IS NULL AND id = ?1")
  }

  // MARK: - Records

  /// Writes the changes of a version.
  ///
  /// - Parameters:
  ///   - next: the ordinal that the first new record gets.
  ///   - missingName: opens the name of a record that is not new.
  /// - Returns: the ordinal that the next new record gets.
  func apply(
    _ changes: () throws -> [PreparedChanges]?, of dataset: Int64, version: Int, next: Int,
    missingName: (PreparedChange) throws -> EventID?
  ) throws -> Int {
    try removeNames()
    (names, sealed) = ([], [])
    insertRecord.bind(0, dataset)
    insertRecord.bind(1, Int64(version))
    insertName.bind(0, dataset)
    let unnamedBefore = try unnamed(in: dataset)
    var (next, unnamed) = (next, unnamedBefore)
    while let parts = try changes() {
      for part in parts {
        let first = next
        for change in part.changes {
          if change.ordinal >= next {
            guard change.ordinal == next, change.put != nil else {
              throw ProjectionHalt("ordinals with a gap, or a record is removed that never was")
            }
            next += 1
          } else if unnamedBefore > 0, change.put != nil,
            try insertNameIfMissing(dataset, change, missingName)
          {
            unnamed -= 1
          }
          try insert(change)
        }
        try insertRecord.flush()
        names += part.names
        unnamed += next - first - part.names.count
        if sealed.count >= Self.waitingCountMax { try flush(dataset, version) }
      }
    }
    try flush(dataset, version)
    if unnamed != unnamedBefore { try set(unnamed: unnamed, in: dataset) }
    return next
  }

  private func insert(_ change: PreparedChange) throws {
    insertRecord.bind(2, Int64(change.ordinal))
    guard let put = change.put else {
      for column in 3...7 { insertRecord.bindNull(column) }
      return try insertRecord.run()
    }
    let keys = try id(of: put.keys)
    sealed.append((keys, change.ordinal))
    insertRecord.bind(3, keys)
    if let file = put.file {
      insertRecord.bind(5, file.seconds)
      insertRecord.bind(6, Int64(file.nanoseconds))
      insertRecord.bind(7, Int64(file.mode))
    } else {
      for column in 5...7 { insertRecord.bindNull(column) }
    }
    try insertRecord.run(put.address)
  }

  /// Writes what waits.
  private func flush(_ dataset: Int64, _ version: Int) throws {
    names.sort { $0.place < $1.place }
    for name in names {
      insertName.bind(1, Int64(name.ordinal))
      try insertName.run(name.hash)
      named[dataset]?.insert(name.ordinal)
    }
    try insertName.flush()
    names.removeAll(keepingCapacity: true)

    sealed.sort { ($0.keys, $0.ordinal) < ($1.keys, $1.ordinal) }
    insertSealed.bind(2, dataset)
    insertSealed.bind(3, Int64(version))
    var list = OrdinalList()
    for index in sealed.indices {
      let (keys, ordinal) = sealed[index]
      if list.isEmpty {
        insertSealed.bind(1, keys)
        insertSealed.bind(4, Int64(ordinal))
      }
      list.append(ordinal)
      guard index + 1 == sealed.count || sealed[index + 1].keys != keys else { continue }
      try list.withUnsafeBytes {
        insertSealed.bind(5, $0)
        try insertSealed.run()
      }
      list.removeAll()
    }
    sealed.removeAll(keepingCapacity: true)
  }

  // MARK: - Names

  /// How many records of a dataset have no name any more.
  private func unnamed(in dataset: Int64) throws -> Int {
    selectUnnamed.bind(1, dataset)
    defer { selectUnnamed.reset() }
    return try selectUnnamed.step() ? Int(selectUnnamed.integer(0)) : 0
  }

  private func set(unnamed: Int, in dataset: Int64) throws {
    updateUnnamed.bind(1, dataset)
    updateUnnamed.bind(2, Int64(unnamed))
    try updateUnnamed.run()
  }

  private func named(in dataset: Int64) throws -> OrdinalSet {
    if let known = named[dataset] { return known }
    var found = OrdinalSet()
    selectNames.bind(1, dataset)
    defer { selectNames.reset() }
    while try selectNames.step() { found.insert(Int(selectNames.integer(0))) }
    named[dataset] = found
    return found
  }

  /// - Returns: whether it was missing and is there now.
  private func insertNameIfMissing(
    _ dataset: Int64, _ change: PreparedChange, _ name: (PreparedChange) throws -> EventID?
  ) throws -> Bool {
    guard try !named(in: dataset).contains(change.ordinal), let hash = try name(change) else {
      return false
    }
    insertMissingName.bind(1, dataset)
    insertMissingName.bind(2, Int64(change.ordinal))
    insertMissingName.bind(3, hash)
    defer { insertMissingName.reset() }
    // Another record may have the name by now.
    guard try insertMissingName.step() else { return false }
    named[dataset]?.insert(change.ordinal)
    return true
  }

  /// Removes the names that ``destroy(_:at:)`` found to be of no record any more: all at once, for
  /// it takes reading all names.
  func removeNames() throws {
    defer { nameless = [:] }
    for (dataset, ordinals) in nameless.sorted(by: { $0.key < $1.key }) {
      let named = try named(in: dataset)
      let gone = OrdinalSet(ordinals.filter(named.contains))
      guard gone.count > 0 else { continue }
      var hashes: [EventID] = []
      selectNames.bind(1, dataset)
      while try selectNames.step() {
        guard gone.contains(Int(selectNames.integer(0))), let hash = EventID(selectNames.bytes(1))
        else { continue }
        hashes.append(hash)
      }
      selectNames.reset()
      for hash in hashes {
        deleteName.bind(1, dataset)
        deleteName.bind(2, hash)
        try deleteName.run()
      }
      self.named[dataset]?.subtract(gone)
      try set(unnamed: try unnamed(in: dataset) + hashes.count, in: dataset)
    }
  }

  // MARK: - Keys

  private func id(of keys: KeySet) throws -> Int64 {
    if let known = keyIDs[keys] { return known }
    let id = try storedID(of: keys.keyIDs)
    if keyIDs.count >= Self.keySetCountMax { keyIDs.removeAll(keepingCapacity: true) }
    keyIDs[keys] = id
    return id
  }

  private func knownID(of keys: [KeyID]) throws -> Int64? {
    try keys.flatMap(\.bytes).withUnsafeBytes { bytes in
      selectKeys.bind(1, bytes)
      defer { selectKeys.reset() }
      return try selectKeys.step() ? selectKeys.integer(0) : nil
    }
  }

  private func storedID(of keys: [KeyID]) throws -> Int64 {
    if let known = try knownID(of: keys) { return known }
    return try keys.flatMap(\.bytes).withUnsafeBytes { bytes in
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

  /// Marks what is sealed under destroyed keys, and what could be learned from names of records
  /// that nobody can open any more: ``removeNames()`` removes those.
  func destroy(_ destruction: KeyDestruction, at position: Int) throws {
    let kept = Set(try destruction.kept.compactMap { try knownID(of: $0) })
    var destroyed = try destruction.joint.compactMap { try knownID(of: $0) }
    for key in destruction.keys {
      keySets.bind(1, key)
      defer { keySets.reset() }
      while try keySets.step() {
        if !kept.contains(keySets.integer(0)) { destroyed.append(keySets.integer(0)) }
      }
    }
    for keys in destroyed {
      markKeys.bind(1, keys)
      markKeys.bind(2, Int64(position))
      try markKeys.run()
    }
    for keys in destroyed {
      selectSealed.bind(1, keys)
      defer { selectSealed.reset() }
      while try selectSealed.step() {
        let dataset = selectSealed.integer(0)
        for ordinal in OrdinalList.ordinals(selectSealed.bytes(1)) {
          if try !isLiving(ordinal, in: dataset) { nameless[dataset, default: []].append(ordinal) }
        }
      }
    }
  }

  /// Whether any content that a record ever had can be opened.
  private func isLiving(_ ordinal: Int, in dataset: Int64) throws -> Bool {
    selectLiving.bind(1, dataset)
    selectLiving.bind(2, Int64(ordinal))
    defer { selectLiving.reset() }
    return try selectLiving.step()
  }
}
