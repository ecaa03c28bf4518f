import CustodyLedger
import CustodyMigrations
import CustodyProjections
import CustodyStore
import Synchronization

/// Counts what was said in each stream; some things cannot be said.
struct Words: Projection {
  static let declaration = ProjectionDeclaration(
    name: "words", version: 1, summary: "what was said",
    tables: [.init("words_1", positionColumn: "position"), .init("words_1_total")],
    contentTypes: ["word.said"])
  static let migrations = adding(
    "create_words_1",
    """
    CREATE TABLE words_1 (position INTEGER PRIMARY KEY, length INTEGER) STRICT;
    CREATE TABLE words_1_total (
      stream TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (stream)
    ) STRICT, WITHOUT ROWID;
    """, to: Migration.projections)

  static func adding(
    _ name: String, _ sql: String, to migrations: [Migration]
  ) -> [Migration] {
    migrations + [Migration(number: migrations.count + 1, name: name, sql: Array(sql.utf8))]
  }

  private let insert: HotStatement
  private let count: HotStatement

  init(_ connection: OpaquePointer) throws {
    insert = try HotStatement(connection, "INSERT INTO words_1 (position, length) VALUES (?, ?)")
    count = try HotStatement(
      connection,
      """
      INSERT INTO words_1_total (stream, count) VALUES (?, 1)
      ON CONFLICT (stream) DO UPDATE SET count = count + 1
      """)
  }

  mutating func apply(_ event: ProjectedEvent) throws {
    switch event.content {
    case .unread, .damaged: return
    case .gone: insert.bindNull(2)
    case .opened(let content):
      if content == Array("unspeakable".utf8) { throw ProjectionHalt("that cannot be said") }
      insert.bind(2, Int64(content.count))
    }
    insert.bind(1, Int64(event.position))
    try insert.run()
    count.bind(1, event.header.claim.stream.text)
    try count.run()
  }
}

/// The same in another way: nothing that is empty counts, and it says how loud something was.
struct LouderWords: Projection {
  static let declaration = ProjectionDeclaration(
    name: "words", version: 2, summary: "what was said, and how loud",
    tables: [
      .init("words_2", positionColumn: "position"), .init("words_2_total"),
      .init("words_2_loudest"),
    ],
    contentTypes: ["word.said"])
  static let migrations = Words.adding(
    "create_words_2",
    """
    CREATE TABLE words_2 (
      position INTEGER PRIMARY KEY, length INTEGER, is_loud INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE words_2_total (
      stream TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (stream)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE words_2_loudest (stream TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
    """, to: Words.migrations)

  private let insert: HotStatement
  private let count: HotStatement

  init(_ connection: OpaquePointer) throws {
    insert = try HotStatement(connection, "INSERT INTO words_2 VALUES (?, ?, ?)")
    count = try HotStatement(
      connection,
      """
      INSERT INTO words_2_total (stream, count) VALUES (?, 1)
      ON CONFLICT (stream) DO UPDATE SET count = count + 1
      """)
  }

  mutating func apply(_ event: ProjectedEvent) throws {
    guard case .opened(let content) = event.content else { return }
    if content == Array("whisper".utf8) { throw ProjectionHalt("that is too low") }
    insert.bind(1, Int64(event.position))
    insert.bind(2, Int64(content.count))
    insert.bind(3, content.contains(UInt8(ascii: "!")) ? 1 : 0)
    try insert.run()
    guard !content.isEmpty else { return }
    count.bind(1, event.header.claim.stream.text)
    try count.run()
  }
}

/// Fails where a test wants it to, once, by a fault that is not the event's: what was written with
/// it is lost, as when the program is killed there.
struct Crasher: Projection {
  static let declaration = ProjectionDeclaration(
    name: "crasher", version: 1, summary: "fails", tables: [])

  struct Crash: Error {}

  private static let places = Mutex<[LedgerID: Int]>([:])

  static func arm(_ ledger: LedgerID, at position: Int) {
    places.withLock { $0[ledger] = position }
  }

  init(_ connection: OpaquePointer) throws {}

  mutating func apply(_ event: ProjectedEvent) throws {
    let isHere = Self.places.withLock { places in
      guard places[event.header.claim.ledgerID] == event.position else { return false }
      places[event.header.claim.ledgerID] = nil
      return true
    }
    if isHere { throw Crash() }
  }
}
