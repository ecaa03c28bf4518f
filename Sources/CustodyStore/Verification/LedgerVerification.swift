import CSQLiteShim
import CustodyLedger
import CustodyMigrations
import Foundation
import Synchronization

/// Verifies a ledger.sqlite on all cores: of a live store, a copy, or read-only media.
package struct LedgerVerification {
  /// Called as segments are done, with events so far and in all. From any thread.
  package typealias Progress = @Sendable (_ done: Int, _ total: Int) -> Void

  package var path: String
  package var level: VerificationLevel
  /// Keys from outside; when empty, the key that the ledger declares is believed.
  package var verifierKeys: [VerifierKey] = []
  /// Roots that someone outside the ledger vouches for.
  package var claims: [RootClaim] = []
  /// Opens contents; required at level contents.
  package var dataKeys: LedgerStore.Keys?
  package var threadCount = ProcessInfo.processInfo.activeProcessorCount
  package var progress: Progress?
  /// What made the file; tests bring others.
  package var migrations = Migration.ledger

  package init(path: String, level: VerificationLevel) {
    self.path = path
    self.level = level
  }

  package func run() throws -> VerificationReport {
    do {
      let database = try ReadOnlyDatabase(path: path)
      let schema = try SchemaCheck.findings(database, migrations)
      guard schema.isEmpty else {
        var report = VerificationReport.failed(level)
        report.add(schema)
        return report
      }
      return level == .head ? try verifyHead(database) : try verifyEvents(database)
    } catch let error as SQLiteError {
      return try damaged(CustodyError(sqlite: error, path: path))
    } catch let error as CustodyError {
      return try damaged(error)
    }
  }

  /// A file that SQLite cannot read is a finding; one that cannot be opened is an error.
  private func damaged(_ error: CustodyError) throws -> VerificationReport {
    guard [.damaged, .notAStore].contains(error.code) else { throw error }
    var report = VerificationReport.failed(level)
    report.add([
      Finding(
        .fileDamaged, expected: "a ledger that can be read",
        found: error.message.replacing(" Run: custody verify", with: ""))
    ])
    return report
  }

  // MARK: - Level head

  private func verifyHead(_ database: ReadOnlyDatabase) throws -> VerificationReport {
    let reader = LedgerReader(database.handle)
    let ledger = try auditLedger(database)
    var verifier = LedgerVerifier(level: .head, ledger: ledger, keys: verifierKeys)
    let size = try reader.size()
    var claims = claims
    if let newest = try reader.newestCheckpoint() {
      claims += try stored(database, from: newest.size, upTo: newest.size)
    }
    for (event, position) in try systemEvents(reader, ledger) {
      verifier.takeForHead(event, at: position)
    }
    let tree = TreeReader(reader)
    for claim in claims where claim.size <= size {
      verifier.checkHead(claim, root: try tree.root(size: max(0, claim.size)))
    }
    return verifier.finishHead(
      size: size, root: try tree.root(size: size), beyond: claims.filter { $0.size > size })
  }

  /// What the ledger's own events say of its keys and lives. Not verified: that takes every leaf.
  private func systemEvents(
    _ reader: LedgerReader, _ ledger: AuditLedger
  ) throws -> [(event: SystemEvent, position: Int)] {
    guard let id = ledger.id else { return [] }
    var events: [(event: SystemEvent, position: Int)] = []
    for type in ["ledger.created", "key.created", "ledger.restored"] {
      try reader.forEachSystemEvent(type, ledgerID: id) {
        events.append(($0, $1))
        return true
      }
    }
    return events.sorted { $0.position < $1.position }
  }

  // MARK: - Every event

  /// What the threads share: whose turn it is, and what has to be joined in order.
  private final class Shared: @unchecked Sendable {
    let lock = NSLock()
    var nextStart = 0
    var joinNext = 0
    var done: [Int: SegmentResult] = [:]
    var verifier: LedgerVerifier
    var failure: (any Error)?
    var indexes = SystemIndex.allCases
    var indexFindings: [Finding] = []
    let seed: HashSeed
    let eventIDs: SpillingBuckets<UniqueEntry>
    let nonces: SpillingBuckets<UniqueEntry>
    let runs: SpillingBuckets<StreamRun>

    init(verifier: LedgerVerifier) {
      self.verifier = verifier
      let seed = HashSeed(.random(in: .min ... .max), .random(in: .min ... .max))
      self.seed = seed
      eventIDs = SpillingBuckets { $0.key.hash(seed) }
      nonces = SpillingBuckets { $0.key.hash(seed) }
      runs = SpillingBuckets { $0.stream.hash(seed) }
    }
  }

  /// The indexes of the table `event`.
  private enum SystemIndex: String, CaseIterable {
    case eventByStream = "event_by_stream"
    case eventByID = "sqlite_autoindex_event_1"
  }

  private func verifyEvents(_ database: ReadOnlyDatabase) throws -> VerificationReport {
    let ledger = try auditLedger(database)
    var workers: [ReadOnlyDatabase] = []
    for _ in 0..<max(1, threadCount) { workers.append(try ReadOnlyDatabase(path: path)) }
    let named = try align([database] + workers)
    // A hostile file can name any position, but it holds no more events than it has room for: a
    // gap lies among as many.
    let total = min(named, Self.roomForEvents(path))
    let shared = Shared(verifier: LedgerVerifier(level: level, ledger: ledger, keys: verifierKeys))
    nonisolated(unsafe) let connections = workers
    DispatchQueue.concurrentPerform(iterations: workers.count) { worker in
      do {
        try work(shared, connections[worker], ledger, total)
      } catch {
        shared.lock.withLock { shared.failure = shared.failure ?? error }
      }
    }
    if let failure = shared.failure { throw failure }
    let order = try checkOrder(shared, database)
    let tiles = try checkUpperTiles(shared.verifier, database)
    let leaves = try HotStatement(
      database.handle,
      "SELECT leaf FROM audit_event WHERE position BETWEEN ? AND ? ORDER BY position")
    var report = try shared.verifier.finish(
      claimsBeyondEnd: try self.claims(database, above: total, upTo: Int.max)
    ) { range, each in
      leaves.bind(1, Int64(range.lowerBound))
      leaves.bind(2, Int64(range.upperBound))
      defer { leaves.reset() }
      while try leaves.step() {
        if let leaf = Leaf(leaves.bytes(0)) { each(leaf) }
      }
    }
    report.add(order)
    report.add(tiles)
    // Where positions are missing they are missing from the indexes too.
    if report.holds { report.add(shared.indexFindings) }
    report.add(try checkPositions(database, report, named))
    report.sort()
    return report
  }

  /// More events than `path` can hold, in whole segments.
  private static func roomForEvents(_ path: String) -> Int {
    // Less than any row takes, of which the hashes alone have 96 bytes.
    let rowSizeMin = 16
    let rows = (FileIO.size(path) + WriteAheadLog.size(path)) / rowSizeMin
    return (rows / SegmentVerifier.size + 1) * SegmentVerifier.size
  }

  /// Rows beside the range that was read.
  private func checkPositions(
    _ database: ReadOnlyDatabase, _ report: VerificationReport, _ named: Int
  ) throws -> [Finding] {
    var findings: [Finding] = []
    if named > report.eventCount, !report.findings.contains(where: { $0.rule == .positionMissing })
    {
      findings.append(
        Finding(
          .positionMissing, at: report.eventCount, expected: "position \(report.eventCount)",
          found: "position \(named - 1)"))
    }
    let below = try HotStatement(
      database.handle, "SELECT position FROM audit_event WHERE position < 0 LIMIT 1")
    if try below.step() {
      findings.append(
        Finding(
          .fieldValue, expected: "positions from 0", found: "position \(below.integer(0))"))
    }
    // SQL keeps to one note for a size; a hostile file need not.
    let again = try HotStatement(
      database.handle,
      "SELECT size FROM audit_checkpoint GROUP BY size HAVING count(*) > 1 LIMIT 1")
    if try again.step() {
      findings.append(
        Finding(
          .checkpointMalformed, expected: "one note of size \(again.integer(0))", found: "more"))
    }
    return findings
  }

  /// Brings connections to the same moment of a ledger that is being written to; returns how many
  /// events it has then.
  ///
  /// Every change of a ledger appends an event or a larger checkpoint.
  private func align(_ databases: [ReadOnlyDatabase]) throws -> Int {
    for _ in 0..<10_000 {
      let moments = try databases.map { database in
        (try eventCount(database), try checkpointSize(database))
      }
      if moments.allSatisfy({ $0 == moments[0] }) { return moments[0].0 }
      for database in databases { try database.refresh() }
    }
    throw CustodyError(
      .io, "\(path) is being appended to without a pause. Verify a copy: custody export ledger")
  }

  /// One thread: takes an index or a segment until there are none.
  private func work(
    _ shared: Shared, _ database: ReadOnlyDatabase, _ ledger: AuditLedger, _ total: Int
  ) throws {
    while let index = shared.lock.withLock({ shared.indexes.popLast() }) {
      let finding = try check(index, database, count: total)
      shared.lock.withLock { if let finding { shared.indexFindings.append(finding) } }
    }
    let rows = try AuditRows(database.handle)
    let verifier = SegmentVerifier(
      level: level, ledgerID: ledger.id ?? LedgerID(), keys: dataKeys.map(Self.openable))
    while true {
      let start = shared.lock.withLock { () -> Int? in
        guard shared.failure == nil, shared.nextStart < total else { return nil }
        defer { shared.nextStart += SegmentVerifier.size }
        return shared.nextStart
      }
      guard let start else { return }
      let end = min(start + SegmentVerifier.size, total)
      verifier.begin(
        at: start, previousLeaf: try rows.leaf(before: start),
        claims: try claims(database, above: start == 0 ? -1 : start, upTo: end))
      try rows.forEach(from: start, to: end) { try verifier.take($0) }
      var result = verifier.end()
      try checkTiles(&result, database)
      try join(result, shared, total)
    }
  }

  /// A key that does not unwrap opens nothing: a finding where it is used, like one that is gone.
  private static func openable(_ keys: @escaping LedgerStore.Keys) -> LedgerStore.Keys {
    { id in
      do {
        return try keys(id)
      } catch let error as CustodyError where [.damaged, .keyDestroyed].contains(error.code) {
        return nil
      }
    }
  }

  private func join(_ result: SegmentResult, _ shared: Shared, _ total: Int) throws {
    let joined = try shared.lock.withLock { () -> Int in
      shared.done[result.start] = result
      while let next = shared.done.removeValue(forKey: shared.joinNext) {
        shared.verifier.join(next)
        try shared.eventIDs.add(next.eventIDs)
        try shared.nonces.add(next.nonces)
        try shared.runs.add(next.streamRuns)
        shared.joinNext += SegmentVerifier.size
      }
      return min(shared.joinNext, total)
    }
    progress?(joined, total)
  }

  // MARK: - What the events do not say themselves

  private func eventCount(_ database: ReadOnlyDatabase) throws -> Int {
    let query = try HotStatement(
      database.handle, "SELECT position FROM audit_event ORDER BY position DESC LIMIT 1")
    defer { query.reset() }
    guard try query.step() else { return 0 }
    return Int(min(max(query.integer(0), -1), .max - 1)) + 1
  }

  private func checkpointSize(_ database: ReadOnlyDatabase) throws -> Int64 {
    let query = try HotStatement(database.handle, "SELECT max(size) FROM audit_checkpoint")
    return try query.step() ? query.integer(0) : 0
  }

  private func auditLedger(_ database: ReadOnlyDatabase) throws -> AuditLedger {
    let query = try HotStatement(
      database.handle, "SELECT id, origin, incarnation, format, count(*) OVER () FROM audit_ledger")
    defer { query.reset() }
    guard try query.step(), query.integer(4) == 1 else {
      return AuditLedger(id: nil, origin: nil, incarnation: nil, format: nil)
    }
    func integer(_ column: Int32) -> Int? {
      if case .integer(let value) = query.value(column) { return Int(value) }
      return nil
    }
    var id: LedgerID?
    var origin: String?
    if case .bytes(let bytes) = query.value(0) { id = LedgerID(bytes) }
    if case .text(let bytes) = query.value(1) { origin = String(validating: bytes, as: UTF8.self) }
    return AuditLedger(id: id, origin: origin, incarnation: integer(2), format: integer(3))
  }

  /// The ledger's checkpoints and the claims from outside, for sizes in a range, ascending.
  private func claims(
    _ database: ReadOnlyDatabase, above low: Int, upTo high: Int
  ) throws -> [RootClaim] {
    let outside = claims.filter { $0.size > low && $0.size <= high }
    let inside = try stored(database, from: low < 0 ? .min : low + 1, upTo: high)
    return (outside + inside).sorted { $0.size < $1.size }
  }

  /// The ledger's own checkpoints for sizes in a range.
  private func stored(
    _ database: ReadOnlyDatabase, from low: Int, upTo high: Int
  ) throws -> [RootClaim] {
    let query = try HotStatement(
      database.handle,
      "SELECT size, note FROM audit_checkpoint WHERE size BETWEEN ? AND ? ORDER BY size")
    query.bind(1, Int64(low))
    query.bind(2, Int64(high))
    var found: [RootClaim] = []
    while try query.step() {
      // "Types are exact": the same bytes as a BLOB are no note.
      var note = ""
      if case .text(let bytes) = query.value(1) { note = String(decoding: bytes, as: UTF8.self) }
      found.append(RootClaim(stored: note, size: Int(query.integer(0))))
    }
    return found
  }

  /// Ids, nonces and revisions over the whole ledger, and names that nothing uses.
  private func checkOrder(_ shared: Shared, _ database: ReadOnlyDatabase) throws -> Findings {
    var findings = Findings()
    try shared.eventIDs.forEach { entries in
      UniqueEntry.forEachRepeated(in: entries, seed: shared.seed) { first, again in
        findings.add(
          Finding(
            .eventIDRepeated, at: again, expected: "an id of its own",
            found: "the id of position \(first)"))
      }
    }
    try shared.nonces.forEach { entries in
      UniqueEntry.forEachRepeated(in: entries, seed: shared.seed) { first, again in
        findings.add(
          Finding(
            .nonceRepeated, at: again, expected: "a nonce of its own",
            found: "the nonce of position \(first) under the same keys"))
      }
    }
    var names = 0
    try shared.runs.forEach { names += StreamRun.check($0, &findings) }
    let query = try HotStatement(database.handle, "SELECT count(*) FROM name")
    _ = try query.step()
    let stored = Int(query.integer(0))
    // With findings in events, a name may look unused because its event could not be read.
    if stored != names, findings.isEmpty {
      findings.add(
        Finding(.nameUnused, expected: "\(names) names, each used", found: "\(stored)"))
    }
    return findings
  }

  /// Whether an index holds every event: one that it lacks would be hidden from reads, or its id
  /// could be used again.
  private func check(
    _ index: SystemIndex, _ database: ReadOnlyDatabase, count: Int
  ) throws -> Finding? {
    let expected = "\(count) events in the index \(index.rawValue)"
    // An index over some rows only cannot answer this, and SQLite says so.
    guard
      let query = try? HotStatement(
        database.handle,
        "SELECT count(*), total(position) FROM event INDEXED BY \(index.rawValue)")
    else {
      return Finding(.schemaChanged, expected: expected, found: "an index over some of them")
    }
    _ = try query.step()
    let sum = Double(count) * Double(count - 1) / 2
    guard query.integer(0) != count || query.real(1) != sum else { return nil }
    return Finding(.schemaChanged, expected: expected, found: "\(query.integer(0)) others")
  }

  private func checkTiles(_ result: inout SegmentResult, _ database: ReadOnlyDatabase) throws {
    guard !result.tiles.isEmpty else { return }
    let query = try HotStatement(
      database.handle,
      "SELECT place, root FROM tile WHERE level = 1 AND place BETWEEN ? AND ? ORDER BY place")
    query.bind(1, Int64(result.tiles.first!.place))
    query.bind(2, Int64(result.tiles.last!.place))
    var stored: [Int: Digest] = [:]
    while try query.step() {
      if case .bytes(let root) = query.value(1) { stored[Int(query.integer(0))] = Digest(root) }
    }
    for tile in result.tiles where stored[tile.place] != tile.root {
      result.addFinding(
        Finding(
          .tileMismatch, at: tile.place * 256, expected: "subtree root \(tile.root)",
          found: stored[tile.place]?.hex ?? "none"))
    }
  }

  private func checkUpperTiles(
    _ verifier: LedgerVerifier, _ database: ReadOnlyDatabase
  ) throws -> [Finding] {
    let query = try HotStatement(
      database.handle, "SELECT root FROM tile WHERE level = ? AND place = ?")
    var findings: [Finding] = []
    for tile in verifier.upperTiles {
      query.bind(1, Int64(tile.level))
      query.bind(2, Int64(tile.place))
      var stored: Digest?
      if try query.step(), case .bytes(let root) = query.value(0) { stored = Digest(root) }
      query.reset()
      if stored != tile.root {
        findings.append(
          Finding(
            .tileMismatch, at: tile.place << (8 * tile.level),
            expected: "subtree root \(tile.root)", found: stored?.hex ?? "none"))
      }
    }
    let count = try HotStatement(database.handle, "SELECT count(*) FROM tile")
    _ = try count.step()
    let expected = verifier.tileCount
    if let expected, Int(count.integer(0)) != expected, findings.isEmpty {
      findings.append(
        Finding(
          .tileMismatch, expected: "\(expected) subtree roots", found: "\(count.integer(0))"))
    }
    return findings
  }
}

/// Reads rows of `audit_event` in order.
private final class AuditRows {
  private let rows: HotStatement
  private let leaf: HotStatement

  init(_ handle: OpaquePointer) throws(SQLiteError) {
    rows = try HotStatement(
      handle,
      """
      SELECT position, event_id, correlation_id, causation_id, occurred_at, stream, type,
             type_version, actor, key_ids, flags, nonce, body, body_length, body_hash, commitment,
             recorded_at, revision, leaf
      FROM audit_event WHERE position >= ? AND position < ? ORDER BY position
      """)
    leaf = try HotStatement(handle, "SELECT leaf FROM audit_event WHERE position = ?")
  }

  /// The stored leaf of the event before `position`; zero at the start, nil when it is missing.
  func leaf(before position: Int) throws -> Leaf? {
    guard position > 0 else { return Leaf() }
    leaf.bind(1, Int64(position - 1))
    defer { leaf.reset() }
    return try leaf.step() ? Leaf(leaf.bytes(0)) : nil
  }

  func forEach(from start: Int, to end: Int, _ body: (AuditRow) throws -> Void) throws {
    rows.bind(1, Int64(start))
    rows.bind(2, Int64(end))
    defer { rows.reset() }
    while try rows.step() {
      try body(
        AuditRow(
          position: rows.value(0), eventID: rows.value(1), correlationID: rows.value(2),
          causationID: rows.value(3), occurredAt: rows.value(4), stream: rows.value(5),
          type: rows.value(6), typeVersion: rows.value(7), actor: rows.value(8),
          keyIDs: rows.value(9), flags: rows.value(10), nonce: rows.value(11),
          body: rows.value(12), bodyLength: rows.value(13), bodyHash: rows.value(14),
          commitment: rows.value(15), recordedAt: rows.value(16), revision: rows.value(17),
          leaf: rows.value(18)))
    }
  }
}
