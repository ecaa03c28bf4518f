import CustodyLedger
import CustodyMigrations
import CustodyStore
import Foundation
import GRDB

/// The one connection that writes a database of projections.
final class ProjectionDatabase: @unchecked Sendable {
  /// What a file at a path is to this program.
  enum Condition {
    case missing
    /// Another program's, damaged, or made by migrations that this program has otherwise: of no use.
    case foreign
    /// Lacks tables of newer versions, which are made beside those there are.
    case older
    case current
  }

  /// Pages that are kept in memory: rows of an index come in no order.
  private static let cacheSize = 64 << 20
  /// The log is copied into the database when it has this size and nothing more is written: whoever
  /// opens the file next reads all of it.
  private static let restingLogSizeMax = 4 << 20

  let path: String
  /// Whether it is removed as a whole when it has served.
  let isScratch: Bool
  let connection: OpaquePointer
  let watch: RowWatch
  private let queue: DatabaseQueue
  private let inode: ino_t?
  private var database: Database?
  /// Projections at work, with what they remember of their rows.
  var runs: [ProjectionRun] = []

  /// Opens the database at `path`. One of no use is thrown away: everything in it can be computed
  /// again.
  ///
  /// - Parameter durability: none for a file that is removed when it is not finished.
  /// - Throws: `newerStore` for one that a newer program has made.
  static func open(
    _ path: String, _ migrations: [Migration], key: SecretBytes,
    _ durability: Connection.Durability = .someCommit
  ) throws -> ProjectionDatabase {
    switch try condition(path, migrations) {
    case .missing: break
    case .foreign: remove(path)
    case .older, .current:
      // A trigger in a hostile file would run with the first insert.
      let findings = try SchemaCheck.findings(try ReadOnlyDatabase(path: path), migrations)
      if !findings.isEmpty { remove(path) }
    }
    if !FileIO.exists(path) { try FileIO.create(path, [], mode: 0o600) }
    return try ProjectionDatabase(path, migrations, key: key, durability)
  }

  static func remove(_ path: String) {
    for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path + suffix) }
  }

  /// - Throws: `newerStore`.
  static func condition(_ path: String, _ migrations: [Migration]) throws -> Condition {
    guard FileIO.exists(path) else { return .missing }
    do {
      switch try StoreUpgrade.state(path, migrations) {
      case .current: return .current
      // An empty file.
      case .older(from: 0): return .foreign
      case .older: return .older
      }
    } catch let error as CustodyError where [.damaged, .notAStore].contains(error.code) {
      return .foreign
    } catch let error as CustodyError where error.code == .newerStore {
      throw CustodyError(
        .newerStore,
        "\(path) was made by a newer version of Custody. Use that version, or remove the file: "
          + "everything in it is computed again.")
    }
  }

  /// Whether the file is still the one that was opened.
  var isThere: Bool { FileAttributes.inode(path) == inode }

  private init(
    _ path: String, _ migrations: [Migration], key: SecretBytes,
    _ durability: Connection.Durability
  ) throws {
    self.path = path
    isScratch = durability == .none
    queue = try Connection.writer(path, durability, cacheSize: Self.cacheSize)
    try Migrator.migrate(queue, migrations, path: path)
    connection = queue.unsafeReentrantRead { $0.sqliteConnection! }
    watch = RowWatch(connection, key: key)
    inode = FileAttributes.inode(path)
  }

  deinit {
    watch.end()
    // Statements go before their connection.
    runs = []
  }

  /// Copies the log into the database when it has grown.
  ///
  /// - Parameter isResting: whether nothing more is written for now.
  func shortenLog(isResting: Bool) throws {
    let sizeMax = isResting ? Self.restingLogSizeMax : Limits.walSizeMax
    if WriteAheadLog.size(path) > sizeMax { try shortenLog() }
  }

  func shortenLog() throws { try WriteAheadLog.shorten(database!) }

  /// Runs `body` with the connection as GRDB has it.
  func withDatabase<R>(_ body: (Database) throws -> R) throws -> R { try body(database!) }

  func execute(_ sql: String) throws { try HotStatement(connection, sql).run() }

  /// Runs `body` with the connection; everything below is called within.
  func use<R>(_ body: () throws -> R) throws -> R {
    try queue.writeWithoutTransaction { db in
      database = db
      defer { database = nil }
      return try body()
    }
  }

  // GRDB watches transactions and ends the program when one is made behind its back.

  func transaction(_ body: () throws -> Void) throws {
    try database!.inTransaction(.immediate) {
      try body()
      return .commit
    }
  }

  /// Runs `body` while another database can be named as `scratch`.
  func attached<R>(_ other: ProjectionDatabase, _ body: () throws -> R) throws -> R {
    let attach = try HotStatement(connection, "ATTACH DATABASE ? AS scratch")
    attach.bind(1, other.path)
    try attach.run()
    try execute("PRAGMA scratch.cache_size = -\(Self.cacheSize >> 10)")
    defer { try? execute("DETACH DATABASE scratch") }
    return try body()
  }

  /// The digest of the rows as they are.
  func digest(_ tables: [ProjectionDeclaration.Table], key: SecretBytes) throws -> RowDigest {
    let hasher = RowHasher(key: key)
    for table in tables {
      let rows = try HotStatement(connection, "SELECT * FROM main.\(table.name)")
      let prefix = RowHasher.prefix(table.name, Int(rows.columnCount))
      while try rows.step() {
        hasher.begin(prefix)
        for column in 0..<rows.columnCount { hasher.add(rows.value(column)) }
        hasher.end()
      }
    }
    return hasher.take()
  }
}
