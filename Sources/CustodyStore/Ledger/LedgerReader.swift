import CSQLiteShim
import CustodyLedger
import Foundation
import GRDB

/// Reads ledger.sqlite: events, subtrees, checkpoints. Belongs to one connection.
package final class LedgerReader {
  /// The newest event, or nil in an empty ledger.
  package struct Head: Equatable, Sendable {
    package let position: Position
    package let leaf: Leaf
    package let recordedAt: Timestamp

    package init(position: Position, leaf: Leaf, recordedAt: Timestamp) {
      self.position = position
      self.leaf = leaf
      self.recordedAt = recordedAt
    }
  }

  private static func malformed(_ position: Int, _ error: (any Error)? = nil) -> CustodyError {
    CustodyError(
      .damaged, "Position \(position) of the ledger cannot be read. Run: custody verify",
      cause: error)
  }

  private let connection: OpaquePointer
  private var prepared: [String: HotStatement] = [:]

  package init(_ connection: OpaquePointer) { self.connection = connection }

  package func statement(_ sql: String) throws(SQLiteError) -> HotStatement {
    if let known = prepared[sql] { return known }
    let statement = try HotStatement(connection, sql)
    prepared[sql] = statement
    return statement
  }

  package func head() throws -> Head? {
    let query = try statement(
      "SELECT position, leaf, recorded_at FROM event ORDER BY position DESC LIMIT 1")
    defer { query.reset() }
    guard try query.step() else { return nil }
    // A hostile file can name any position; one more than it has to be a number too.
    guard (0..<Int64.max).contains(query.integer(0)) else {
      throw CustodyError(.damaged, "The ledger holds a malformed position. Run: custody verify")
    }
    return Head(
      position: Position(Int(query.integer(0))), leaf: try digest(query, 1),
      recordedAt: Timestamp(microseconds: query.integer(2)))
  }

  /// How many events there are.
  package func size() throws -> Int { try head().map { $0.position.value + 1 } ?? 0 }

  package func newestCheckpoint() throws -> (size: Int, note: String)? {
    let query = try statement("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1")
    defer { query.reset() }
    guard try query.step() else { return nil }
    let size = Int(query.integer(0))
    guard size >= 0 else { throw Self.malformed(size) }
    return (size, query.text(1))
  }

  /// The note of the checkpoint of so many events, or nil.
  package func checkpoint(size: Int) throws -> String? {
    let query = try statement("SELECT note FROM checkpoint WHERE size = ?")
    query.bind(1, Int64(size))
    defer { query.reset() }
    return try query.step() ? query.text(0) : nil
  }

  /// The position of an event, by its id.
  package func position(of id: EventID) throws -> Position? {
    let query = try statement("SELECT position FROM event WHERE event_id = ?")
    query.bind(1, id)
    defer { query.reset() }
    guard try query.step() else { return nil }
    guard query.integer(0) >= 0 else { throw Self.malformed(Int(query.integer(0))) }
    return Position(Int(query.integer(0)))
  }

  /// Positions of events whose id starts with these hexadecimal digits, at most two of them.
  package func positions(idPrefix digits: String) throws -> [Position] {
    let even = digits.count.isMultiple(of: 2) ? digits : digits + "0"
    let last = digits.count.isMultiple(of: 2) ? digits : digits + "f"
    guard let low = Hex.decode(even.utf8), let high = Hex.decode(last.utf8), low.count <= 16 else {
      return []
    }
    let query = try statement(
      "SELECT position FROM event WHERE event_id BETWEEN ? AND ? ORDER BY event_id LIMIT 2")
    query.bind(1, EventID(low + [UInt8](repeating: 0, count: 16 - low.count))!)
    query.bind(2, EventID(high + [UInt8](repeating: 255, count: 16 - high.count))!)
    defer { query.reset() }
    var positions: [Position] = []
    while try query.step() {
      guard query.integer(0) >= 0 else { throw Self.malformed(Int(query.integer(0))) }
      positions.append(Position(Int(query.integer(0))))
    }
    return positions
  }

  /// The first position recorded at or after `time`, or the size of the ledger.
  ///
  /// Times never decrease along positions, so this is a search by halves.
  package func firstPosition(recordedSince time: Timestamp) throws -> Int {
    let query = try statement("SELECT recorded_at FROM event WHERE position = ?")
    var low = 0
    var high = try size()
    while low < high {
      let middle = low + (high - low) / 2
      query.bind(1, Int64(middle))
      let isBefore = try query.step() && query.integer(0) < time.microseconds
      query.reset()
      if isBefore { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The newest revision of a stream, or nil when it does not exist.
  package func newestRevision(of stream: Int64) throws -> Int? {
    let query = try statement("SELECT max(revision) FROM event WHERE stream = ?")
    query.bind(1, stream)
    defer { query.reset() }
    guard try query.step(), !query.isNull(0) else { return nil }
    guard (0..<Int64.max).contains(query.integer(0)) else { throw Self.malformed(0) }
    return Int(query.integer(0))
  }

  package func nameID(_ text: String) throws -> Int64? {
    let query = try statement("SELECT id FROM name WHERE text = ?")
    query.bind(1, text)
    defer { query.reset() }
    return try query.step() ? query.integer(0) : nil
  }

  /// The event at a position.
  package func event(at position: Position, ledgerID: LedgerID) throws -> StoredEvent? {
    try events(
      EventFilter(from: position, to: position.next), ledgerID: ledgerID, limit: 1
    ).first
  }

  /// The positions that a filter's positions and times leave.
  package func range(of filter: EventFilter) throws -> Range<Int> {
    var low = filter.from?.value ?? 0
    var high = filter.to?.value ?? Int.max
    if let since = filter.since { low = max(low, try firstPosition(recordedSince: since)) }
    if let until = filter.until, until.microseconds < .max {
      let after = Timestamp(microseconds: until.microseconds + 1)
      high = min(high, try firstPosition(recordedSince: after))
    }
    return low..<max(low, high)
  }

  /// Which bodies to read along with headers.
  package enum Bodies {
    case all
    /// Of events of these types; no event follows once those read have `sizeMax` bytes.
    case of(Set<String>, sizeMax: Int)
  }

  /// At most `limit` events of a filter, from its start; the caller moves the start on.
  package func events(
    _ filter: EventFilter, ledgerID: LedgerID, limit: Int, bodies: Bodies = .all
  ) throws -> [StoredEvent] {
    let range = try range(of: filter)
    var conditions = "e.position >= ?1 AND e.position < ?2"
    var stream: Int64?
    var type: Int64?
    if let name = filter.stream {
      guard let id = try nameID(name) else { return [] }
      stream = id
      conditions += " AND e.stream = ?3"
    }
    if let name = filter.type {
      guard let id = try nameID(name) else { return [] }
      type = id
      conditions += " AND e.type = ?4"
    }
    let keys = filter.keys ?? []
    if filter.keys != nil {
      // Ids are 16 bytes each in one value: a match has to start at a multiple of that.
      let any = keys.indices.map { "instr(e.key_ids, ?\($0 + 6)) % 16 = 1" }
      conditions += any.isEmpty ? " AND FALSE" : " AND (\(any.joined(separator: " OR ")))"
    }
    var body = "e.body"
    var sizeLeft = Int.max
    if case .of(let types, let sizeMax) = bodies {
      let ids = try types.compactMap { try nameID($0) }.sorted().map(String.init)
      body = "CASE WHEN e.type IN (\(ids.joined(separator: ", "))) THEN e.body END"
      sizeLeft = sizeMax
    }
    // Along a stream, revisions ascend with positions and have the index.
    let order = stream == nil ? "e.position" : "e.revision"
    let query = try statement(
      """
      SELECT e.position, e.event_id, e.correlation_id, e.causation_id, e.occurred_at,
             e.stream, e.type, e.type_version, e.actor, e.key_ids, e.flags, e.nonce, \(body),
             e.body_length, e.body_hash, e.commitment, e.recorded_at, e.revision, e.leaf
      FROM event AS e
      WHERE \(conditions) ORDER BY \(order) \(filter.isReversed ? "DESC" : "ASC") LIMIT ?5
      """)
    query.bind(1, Int64(range.lowerBound))
    query.bind(2, Int64(range.upperBound))
    if let stream { query.bind(3, stream) }
    if let type { query.bind(4, type) }
    query.bind(5, Int64(limit))
    for (index, key) in keys.enumerated() { query.bind(Int32(index + 6), key) }
    defer { query.reset() }
    // Few, and the same for many events.
    var names: [Int64: Name] = [:]
    var events: [StoredEvent] = []
    while sizeLeft > 0, try query.step() {
      let event = try event(query, &names, after: events.last, ledgerID: ledgerID)
      sizeLeft -= event.body?.count ?? 0
      events.append(event)
    }
    return events
  }

  /// - Parameters:
  ///   - names: those that were looked up before, by their ids.
  ///   - last: the event that was read before, mostly a neighbor.
  private func event(
    _ row: HotStatement, _ names: inout [Int64: Name], after last: StoredEvent?, ledgerID: LedgerID
  ) throws -> StoredEvent {
    func malformed(_ error: (any Error)? = nil) -> CustodyError {
      Self.malformed(Int(row.integer(0)), error)
    }
    func fixed<T: FixedBytes>(_ column: Int32) throws -> T {
      let bytes = row.bytes(column)
      guard bytes.count == T.byteCount else { throw malformed() }
      return T(loading: bytes)
    }
    func nonNegative(_ column: Int32) throws -> Int {
      guard row.integer(column) >= 0 else { throw malformed() }
      return Int(row.integer(column))
    }
    let keyBytes = row.bytes(9)
    guard keyBytes.count.isMultiple(of: KeyID.byteCount) else { throw malformed() }
    let keys = stride(from: 0, to: keyBytes.count, by: KeyID.byteCount).map {
      keyBytes.loadUnaligned(fromByteOffset: $0, as: KeyID.self)
    }
    let correlation: EventID = try fixed(2)
    let causation: EventID = try fixed(3)
    let position = Position(try nonNegative(0))
    let claim: Claim
    do {
      claim = try Claim(
        flags: Claim.Flags(rawValue: UInt8(truncatingIfNeeded: row.integer(10))),
        ledgerID: ledgerID, eventID: try fixed(1),
        correlationID: correlation.isZero ? nil : correlation,
        causationID: causation.isZero ? nil : causation,
        occurredAt: Timestamp(microseconds: row.integer(4)),
        stream: try name(row.integer(5), &names),
        type: try name(row.integer(6), &names),
        typeVersion: UInt16(truncatingIfNeeded: row.integer(7)),
        actor: try name(row.integer(8), &names), keyIDs: keys, nonce: try fixed(11))
    } catch {
      throw malformed(error)
    }
    var previous = last.flatMap { $0.position.next == position ? $0.leaf : nil }
    if previous == nil { previous = try leaf(before: position) }
    return StoredEvent(
      header: Header(
        claim: claim,
        seal: Seal(
          bodyLength: try nonNegative(13), bodyHash: try fixed(14), commitment: try fixed(15)),
        place: Place(
          position: position, previousLeaf: previous ?? Leaf(),
          recordedAt: Timestamp(microseconds: row.integer(16)),
          revision: Revision(try nonNegative(17)))),
      body: row.isNull(12) ? nil : Array(row.bytes(12)), leaf: try fixed(18))
  }

  private func leaf(before position: Position) throws -> Leaf? {
    let query = try statement("SELECT leaf FROM event WHERE position = ?")
    query.bind(1, Int64(position.value) - 1)
    defer { query.reset() }
    return try query.step() ? try digest(query, 0) : nil
  }

  private func name(_ id: Int64, _ names: inout [Int64: Name]) throws -> Name {
    if let known = names[id] { return known }
    let query = try statement("SELECT text FROM name WHERE id = ?")
    query.bind(1, id)
    defer { query.reset() }
    guard try query.step() else {
      throw CustodyError(.damaged, "The ledger lacks a name. Run: custody verify")
    }
    let name = try Name(stored: query.text(0))
    names[id] = name
    return name
  }

  private func digest(_ row: HotStatement, _ column: Int32) throws -> Digest {
    let bytes = row.bytes(column)
    guard bytes.count == Digest.byteCount else {
      throw CustodyError(.damaged, "The ledger holds a malformed hash. Run: custody verify")
    }
    return Digest(loading: bytes)
  }
}

/// Subtrees of 256 leaves and more are rows of `tile`; smaller ones are made from leaves.
extension LedgerReader: SubtreeSource {
  package func subtree(level: Int, place: Int) throws -> Digest {
    if level.isMultiple(of: 8), level > 0 {
      let query = try statement("SELECT root FROM tile WHERE level = ? AND place = ?")
      query.bind(1, Int64(level / 8))
      query.bind(2, Int64(place))
      defer { query.reset() }
      guard try query.step() else { throw missingTile(level, place) }
      return try digest(query, 0)
    }
    let below = level / 8 * 8
    let count = 1 << (level - below)
    let first = place << (level - below)
    let query =
      below == 0
      ? try statement("SELECT leaf FROM event WHERE position BETWEEN ?1 AND ?2 ORDER BY position")
      : try statement(
        """
        SELECT root FROM tile WHERE level = ?3 AND place BETWEEN ?1 AND ?2 ORDER BY place
        """)
    query.bind(1, Int64(first))
    query.bind(2, Int64(first + count - 1))
    if below > 0 { query.bind(3, Int64(below / 8)) }
    defer { query.reset() }
    let sha256 = SHA256()
    var tree = TreeFrontier()
    while try query.step() { tree.append(try digest(query, 0), using: sha256) }
    guard tree.size == count else { throw missingTile(level, place) }
    return tree.root(using: sha256)
  }

  private func missingTile(_ level: Int, _ place: Int) -> CustodyError {
    CustodyError(
      .damaged,
      "The ledger lacks part of its tree (level \(level), place \(place)). Run: custody verify")
  }
}
