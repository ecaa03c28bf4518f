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
    guard error.code == .notAStore else { throw error }
    var report = VerificationReport.failed(level)
    report.add([
      Finding(.fileDamaged, expected: "a database that SQLite can read", found: error.message)
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
    let tree = TreeReader(reader)
    for claim in claims where claim.size <= size {
      verifier.checkHead(
        claim, root: try tree.root(size: max(0, claim.size)),
        declaredKeys: try signingKeys(reader, ledger))
    }
    return verifier.finishHead(
      size: size, root: try tree.root(size: size), beyond: claims.filter { $0.size > size })
  }

  /// Keys that the ledger's own events declare.
  private func signingKeys(_ reader: LedgerReader, _ ledger: AuditLedger) throws -> [SystemEvent] {
    guard let id = ledger.id else { return [] }
    return try reader.events(
      EventFilter(stream: SystemEvent.stream, type: "key.created"), ledgerID: id, limit: 1000
    ).compactMap { event in
      event.body.flatMap {
        SystemEvent(type: "key.created".utf8, version: 1, content: $0, at: event.position)
      }
    }
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
    let eventIDs = SpillingBuckets<UniqueEntry> { entry in entry.key.withUnsafeBytes { $0[15] } }
    let nonces = SpillingBuckets<UniqueEntry> { entry in entry.key.withUnsafeBytes { $0[15] } }
    let runs = SpillingBuckets<StreamRun> { run in run.stream.withUnsafeBytes { $0[15] } }

    init(verifier: LedgerVerifier) { self.verifier = verifier }
  }

  private func verifyEvents(_ database: ReadOnlyDatabase) throws -> VerificationReport {
    let ledger = try auditLedger(database)
    let named = try eventCount(database)
    // A hostile file can name any position, but it holds no more events than it has room for: a
    // gap lies among as many.
    let total = min(named, Self.roomForEvents(path))
    let shared = Shared(verifier: LedgerVerifier(level: level, ledger: ledger, keys: verifierKeys))
    let segments = (total + SegmentVerifier.size - 1) / SegmentVerifier.size
    let threads = max(1, min(threadCount, segments))
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      do {
        try work(shared, ledger, total, named)
      } catch {
        shared.lock.withLock { shared.failure = shared.failure ?? error }
      }
    }
    if let failure = shared.failure { throw failure }
    var extra = try checkOrder(shared, database)
    extra += try checkUpperTiles(shared.verifier, database)
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
    report.add(extra)
    if report.holds { report.add(try checkIndexes(database, count: report.eventCount)) }
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
    return findings
  }

  /// One thread: takes segments until there are none.
  private func work(
    _ shared: Shared, _ ledger: AuditLedger, _ total: Int, _ named: Int
  ) throws {
    let database = try ReadOnlyDatabase(path: path)
    // Every change of a ledger appends an event, so the same number of events is the same moment.
    for _ in 0..<100 where try eventCount(database) != named { try database.refresh() }
    let rows = try AuditRows(database.handle)
    let verifier = SegmentVerifier(level: level, ledgerID: ledger.id ?? LedgerID(), keys: dataKeys)
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
      found.append(
        RootClaim(size: Int(query.integer(0)), word: .note(note), source: "checkpoint"))
    }
    return found
  }

  /// Ids, nonces and revisions over the whole ledger, and names that nothing uses.
  private func checkOrder(_ shared: Shared, _ database: ReadOnlyDatabase) throws -> [Finding] {
    var findings: [Finding] = []
    try shared.eventIDs.forEach { entries in
      findings += UniqueEntry.repeated(in: entries).map {
        Finding(
          .eventIDRepeated, at: $0.again, expected: "an id of its own",
          found: "the id of position \($0.first)")
      }
    }
    try shared.nonces.forEach { entries in
      findings += UniqueEntry.repeated(in: entries).map {
        Finding(
          .nonceRepeated, at: $0.again, expected: "a nonce of its own",
          found: "the nonce of position \($0.first) under the same keys")
      }
    }
    var names = 0
    try shared.runs.forEach { runs in
      let checked = StreamRun.check(runs)
      findings += checked.findings
      names += checked.names
    }
    let query = try HotStatement(database.handle, "SELECT count(*) FROM name")
    _ = try query.step()
    let stored = Int(query.integer(0))
    // With findings in events, a name may look unused because its event could not be read.
    if stored != names, findings.isEmpty {
      findings.append(
        Finding(.nameUnused, expected: "\(names) names, each used", found: "\(stored)"))
    }
    return findings
  }

  /// Whether both indexes hold every event: one that an index lacks would be hidden from reads, or
  /// its id could be used again. Asked when every position was found in the table.
  private func checkIndexes(_ database: ReadOnlyDatabase, count: Int) throws -> [Finding] {
    let sum = Double(count) * Double(count - 1) / 2
    return try ["event_by_stream", "sqlite_autoindex_event_1"].compactMap { index in
      let expected = "\(count) events in the index \(index)"
      // An index over some rows only cannot answer this, and SQLite says so.
      guard
        let query = try? HotStatement(
          database.handle, "SELECT count(*), total(position) FROM event INDEXED BY \(index)")
      else {
        return Finding(.schemaChanged, expected: expected, found: "an index over some of them")
      }
      _ = try query.step()
      guard query.integer(0) != count || query.real(1) != sum else { return nil }
      return Finding(.schemaChanged, expected: expected, found: "\(query.integer(0)) others")
    }
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
