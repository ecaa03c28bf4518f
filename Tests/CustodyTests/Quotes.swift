import CustodyLedger
import CustodyMigrations
import CustodyProjections
import CustodyStore

/// Keeps what was said, sealed, and forgets it with its people.
struct Quotes: Projection {
  static let kind = ProjectionKind(Quotes.self)
  static let declaration = ProjectionDeclaration(
    name: "quotes", version: 1, summary: "what was said",
    tables: [.init("quotes_1", positionColumn: "position"), .init("quotes_1_key")],
    contentTypes: ["word.said"])
  static let migrations = Words.adding(
    "create_quotes_1",
    """
    CREATE TABLE quotes_1 (position INTEGER PRIMARY KEY, quote BLOB) STRICT;
    CREATE TABLE quotes_1_key (
      key_id BLOB NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (key_id, position)
    ) STRICT, WITHOUT ROWID;
    """, to: Migration.projections)

  private let insert: HotStatement
  private let insertKey: HotStatement
  private let forget: HotStatement

  init(_ connection: OpaquePointer) throws {
    insert = try HotStatement(connection, "INSERT INTO quotes_1 (position, quote) VALUES (?, ?)")
    insertKey = try HotStatement(
      connection, "INSERT INTO quotes_1_key (key_id, position) VALUES (?, ?)")
    forget = try HotStatement(
      connection,
      """
      UPDATE quotes_1 SET quote = NULL
      WHERE position IN (SELECT position FROM quotes_1_key WHERE key_id = ?)
      """)
  }

  mutating func apply(_ event: ProjectedEvent) throws {
    for key in event.destroyedKeys {
      forget.bind(1, key)
      try forget.run()
    }
    let position = Int64(event.position)
    var quote: [UInt8]?
    switch event.content {
    case .unread, .damaged: return
    case .gone: break
    case .opened(let content): quote = try event.sealed(content, in: "quote", position)
    }
    insert.bind(1, position)
    if let quote {
      try quote.withUnsafeBytes {
        insert.bind(2, $0)
        try insert.run()
      }
    } else {
      insert.bindNull(2)
      try insert.run()
    }
    for key in event.header.claim.keyIDs {
      insertKey.bind(1, key)
      insertKey.bind(2, position)
      try insertKey.run()
    }
  }
}
