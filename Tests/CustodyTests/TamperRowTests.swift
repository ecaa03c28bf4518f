import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Rows that were swapped, dropped, added or cut off are found")
struct TamperRowTests {
  @Test("an untouched copy holds at every level, with a given key and with its own")
  func untouched() async throws {
    let copy = try await TamperedCopy()
    for level in [VerificationLevel.head, .headers, .bodies] {
      let report = try await copy.verify(level, anchors: [("kept", copy.sample.anchor)])
      #expect(report.holds, "\(level): \(report.findings)")
      #expect(report.eventCount == copy.sample.eventCount)
      #expect(report.unsealedCount == 0)
      #expect(report.newestCheckpoint?.size == copy.sample.checkpoints.last)
      #expect(!report.isKeySelfDeclared)
      let alone = try await Store.verify(file: copy.path, level: level)
      #expect(alone.holds && alone.isKeySelfDeclared, "\(level): \(alone.findings)")
    }
  }

  // MARK: - Rows

  /// A change of rows, and the position at which it has to be found first.
  struct RowChange: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let position: Int
    let sql: String

    init(_ description: String, at position: Int, _ sql: String) {
      testDescription = description
      self.position = position
      self.sql = sql
    }

    static func swap(_ first: Int, _ second: Int) -> RowChange {
      RowChange(
        "swapping events \(first) and \(second)", at: min(first, second),
        """
        UPDATE event SET position = -1 WHERE position = \(first);
        UPDATE event SET position = \(first) WHERE position = \(second);
        UPDATE event SET position = \(second) WHERE position = -1;
        """)
    }

    static func swapValues(_ columns: [String], _ first: Int, _ second: Int) -> RowChange {
      let list = columns.joined(separator: ", ")
      return RowChange(
        "exchanging \(list) of events \(first) and \(second)", at: min(first, second),
        """
        CREATE TEMP TABLE kept AS
          SELECT position, \(list) FROM event WHERE position IN (\(first), \(second));
        UPDATE event SET (\(list)) =
          (SELECT \(list) FROM kept WHERE kept.position = \(first) + \(second) - event.position)
        WHERE position IN (\(first), \(second));
        """)
    }

    static func drop(_ positions: ClosedRange<Int>) -> RowChange {
      RowChange(
        "dropping events \(positions)", at: positions.lowerBound,
        "DELETE FROM event WHERE position BETWEEN \(positions.lowerBound) AND "
          + "\(positions.upperBound)")
    }

    /// Everything above `position` moves down, as if the event had never been.
    static func close(_ position: Int) -> RowChange {
      RowChange(
        "dropping event \(position) and moving the rest up", at: position,
        """
        DELETE FROM event WHERE position = \(position);
        UPDATE event SET position = -position WHERE position > \(position);
        UPDATE event SET position = -position - 1 WHERE position < 0;
        """)
    }

    /// The constraints allow a second row of an event only under another id and revision.
    static func duplicate(_ position: Int, at other: Int, found: Int) -> RowChange {
      RowChange(
        "copying event \(position) to position \(other)", at: found,
        """
        INSERT INTO event SELECT \(other), randomblob(16), correlation_id, causation_id,
          occurred_at, stream, type, type_version, actor, key_ids, flags, nonce, body_length,
          body_hash, commitment, recorded_at, revision + 1000, leaf, body
        FROM event WHERE position = \(position)
        """)
    }
  }

  /// Of the sample's 264 events, 8 to 19 are of conversations and 24 to 263 small ones.
  static let rowChanges: [RowChange] = [
    .swap(8, 9), .swap(0, 1), .swap(10, 260), .swap(1, 263),
    .swapValues(["body"], 9, 10),
    .swapValues(["body", "body_hash", "body_length", "commitment"], 9, 10),
    .swapValues(["nonce"], 9, 10),
    .swapValues(["leaf"], 9, 10),
    .swapValues(["occurred_at"], 9, 20),
    .drop(0...0), .drop(1...1), .drop(12...12), .drop(9...200), .drop(0...19),
    .drop(263...263), .close(0), .close(11), .close(100),
  ]

  @Test("rows swapped, exchanged in part, dropped or closed up", arguments: rowChanges)
  func rows(change: RowChange) async throws {
    let copy = try await TamperedCopy()
    try copy.execute(change.sql)
    for level in [VerificationLevel.headers, .bodies] {
      // Bodies are what level headers does not read.
      if level == .headers, change.sql.contains("SELECT position, body FROM") { continue }
      let report = try await copy.verify(level)
      #expect(!report.holds)
      #expect(report.firstEvent == change.position, "\(report.findings.prefix(5))")
    }
  }

  @Test("a row more, wherever it is put")
  func duplicate() async throws {
    let end = try await SampleLedger.shared.value.eventCount
    let changes = [
      RowChange.duplicate(12, at: end, found: end),
      .duplicate(12, at: end + 1, found: end),
      .duplicate(12, at: end + 5000, found: end),
    ]
    for change in changes {
      let copy = try await TamperedCopy()
      try copy.execute(change.sql)
      let report = try await copy.verify()
      #expect(!report.holds)
      #expect(report.firstEvent == change.position, "\(change.testDescription)")
    }
  }

  @Test(
    "a row at a position that no ledger has is found, and takes no time",
    arguments: [-1, -7, Int.min, 1 << 40, 1 << 62, Int.max - 1, Int.max])
  func impossiblePosition(position: Int) async throws {
    let copy = try await TamperedCopy()
    let literal = RawValue.integer(Int64(position)).literal
    let added = RowChange.duplicate(12, at: 1_000_000, found: 0).sql
    for sql in [
      "UPDATE event SET position = \(literal) WHERE position = 12",
      "\(added); UPDATE event SET position = \(literal) WHERE position = 1000000",
    ] {
      try copy.sample.write(to: copy.path)
      try copy.execute(sql)
      for level in ["head", "headers", "bodies"] {
        // In a process of its own: what it must not do is to crash or to go on for ever.
        let outcome = try await CommandFolder().run(
          "verify", copy.path, "--level", level, "--vkey", "\(copy.sample.verifierKey)",
          timeout: 20)
        // A row before the first is beside the tree whose head is verified.
        let isUnseen = level == "head" && position < 0
        #expect(outcome.status == 1 || isUnseen && outcome.status == 0, "\(level): \(outcome)")
      }
    }
  }

  @Test("a duplicate made possible by a changed schema is found as a changed schema")
  func duplicateWithoutConstraint() async throws {
    let copy = try await TamperedCopy()
    try copy.execute(
      """
      PRAGMA legacy_alter_table = ON;
      CREATE TABLE loose AS SELECT * FROM event;
      DROP TABLE event;
      ALTER TABLE loose RENAME TO event;
      INSERT INTO event SELECT * FROM event WHERE position = 12;
      """)
    let report = try await copy.verify()
    #expect(report.findings.contains { $0.rule == .schemaChanged })
  }

  @Test("two rows of ledger, or none")
  func ledgerRows() async throws {
    for sql in ["INSERT INTO ledger SELECT * FROM ledger", "DELETE FROM ledger"] {
      let copy = try await TamperedCopy()
      try copy.execute(sql)
      #expect(try await !copy.verify().holds, "\(sql)")
      _ = try await copy.verify(.head)
    }
  }

  @Test(
    "a row more or less of what serves the events",
    arguments: [
      "INSERT INTO name (text) VALUES ('patient-0017')",
      "INSERT INTO name (id, text) VALUES (-1, 'hidden')",
      "DELETE FROM name WHERE id = (SELECT stream FROM event WHERE position = 12)",
      "INSERT INTO tile VALUES (1, 1, zeroblob(32))",
      "INSERT INTO tile VALUES (9, 0, x'68696464656e')",
      "INSERT INTO tile VALUES (-1, -1, x'68696464656e')",
      "DELETE FROM tile",
      "INSERT INTO checkpoint VALUES (5, 'hidden')",
      "INSERT INTO checkpoint VALUES (0, 'hidden')",
      "INSERT INTO checkpoint VALUES (-1, 'hidden')",
      "INSERT INTO checkpoint VALUES (9223372036854775807, 'hidden')",
      "INSERT INTO checkpoint SELECT size - 1, note FROM checkpoint ORDER BY size LIMIT 1",
      "INSERT INTO migration VALUES (2, 'hidden', zeroblob(32))",
      "INSERT INTO migration VALUES (0, 'hidden', zeroblob(32))",
      "DELETE FROM migration",
    ])
  func otherRows(sql: String) async throws {
    let copy = try await TamperedCopy()
    try copy.execute(sql)
    #expect(try await !copy.verify(.headers).holds)
    #expect(try await !copy.verify().holds)
    _ = try await copy.verify(.head)
  }

  @Test("lone checkpoints of sizes that cannot be do not stop any level", arguments: [-1, 0, 3])
  func loneCheckpoint(size: Int) async throws {
    let copy = try await TamperedCopy()
    try copy.execute(
      """
      DELETE FROM checkpoint WHERE size < (SELECT max(size) FROM checkpoint);
      UPDATE checkpoint SET size = \(size);
      """)
    for level in [VerificationLevel.head, .headers, .bodies] {
      #expect(try await !copy.verify(level).holds, "\(level)")
    }
  }

  // MARK: - Cut off

  @Test("the tail cut off is missed by the newest checkpoint", arguments: [1, 5, 100])
  func tail(count: Int) async throws {
    let copy = try await TamperedCopy()
    let end = copy.sample.eventCount - count
    try copy.execute("DELETE FROM event WHERE position >= \(end)")
    for level in [VerificationLevel.head, .headers, .bodies] {
      let report = try await copy.verify(level)
      let finding = report.findings.first { $0.rule == .checkpointBeyondEnd }
      #expect(finding?.position == Position(end), "\(level): \(report.findings)")
    }
  }

  @Test("the tail cut off with its checkpoints is missed by an anchor kept elsewhere")
  func tailWithCheckpoints() async throws {
    let copy = try await TamperedCopy()
    let end = copy.sample.eventCount - 100
    try copy.execute(
      "DELETE FROM event WHERE position >= \(end); DELETE FROM checkpoint WHERE size > \(end)")
    try Forger(copy.path, ledgerID: copy.sample.ledgerID).rechain()
    try copy.execute(
      """
      DELETE FROM name WHERE id NOT IN
        (SELECT stream FROM event UNION SELECT type FROM event UNION SELECT actor FROM event)
      """)
    // Nothing in the file says that there was more: that is what an anchor is for.
    let alone = try await copy.verify()
    #expect(alone.holds, "\(alone.findings)")
    #expect(alone.unsealedCount > 0)
    for level in [VerificationLevel.head, .headers, .bodies] {
      let report = try await copy.verify(level, anchors: [("kept", copy.sample.anchor)])
      let finding = report.findings.first { $0.rule == .checkpointBeyondEnd }
      #expect(finding?.position == Position(end), "\(level): \(report.findings)")
    }
  }

  @Test("all events gone")
  func noEvents() async throws {
    let copy = try await TamperedCopy()
    try copy.execute("DELETE FROM event; DELETE FROM tile; DELETE FROM name")
    for level in [VerificationLevel.head, .headers, .bodies] {
      #expect(try await !copy.verify(level).holds, "\(level)")
    }
    try copy.execute("DELETE FROM checkpoint")
    for level in [VerificationLevel.head, .headers, .bodies] {
      #expect(try await !copy.verify(level).holds, "\(level)")
    }
  }
}
