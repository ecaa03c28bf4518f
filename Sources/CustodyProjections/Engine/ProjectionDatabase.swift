import CustodyLedger
import CustodyMigrations
import CustodyStore
import Foundation
import GRDB

/// The one connection that writes a database of projections.
final class ProjectionDatabase: @unchecked Sendable {
  let path: String
  let watch: RowWatch
  private let queue: DatabaseQueue
  private let inode: ino_t?
  private var database: Database?
  let connection: OpaquePointer

  /// Opens the database at `path`; one that was made by another version, or is no database at all,
  /// is thrown away: everything in it can be computed again.
  static func open(
    _ path: String, _ migrations: [Migration], key: SecretBytes
  ) throws -> ProjectionDatabase {
    if FileIO.exists(path), !(try isUsable(path, migrations)) {
      for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    }
    if !FileIO.exists(path) { try FileIO.create(path, [], mode: 0o600) }
    return try ProjectionDatabase(path, migrations, key: key)
  }

  /// Whether the file has the tables that this program's projections write.
  static func isUsable(_ path: String, _ migrations: [Migration]) throws -> Bool {
    do {
      return try StoreUpgrade.state(path, migrations) == .current
    } catch let error as CustodyError
      where [.damaged, .notAStore, .newerStore].contains(error.code)
    {
      return false
    }
  }

  /// Whether the file is still the one that was opened.
  var isThere: Bool { FileAttributes.inode(path) == inode }

  private init(_ path: String, _ migrations: [Migration], key: SecretBytes) throws {
    self.path = path
    queue = try Connection.writer(path)
    try Migrator.migrate(queue, migrations, path: path)
    connection = queue.unsafeReentrantRead { $0.sqliteConnection! }
    watch = RowWatch(connection, key: key)
    inode = FileAttributes.inode(path)
  }

  deinit { watch.end() }

  /// Copies the log into the database when it has grown.
  func shortenLog() throws {
    guard WriteAheadLog.size(path) > Limits.walSizeMax else { return }
    try WriteAheadLog.shorten(database!)
  }

  func states(_ kinds: [ProjectionKind]) throws -> [ProjectionState] {
    try kinds.map { try ProjectionState.read($0, connection) }
  }

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

  /// Runs `body`; what it wrote is taken back when it throws or returns something.
  func savepoint<R>(_ body: () throws -> R?) throws -> R? {
    var result: R?
    try database!.inSavepoint {
      result = try body()
      return result == nil ? .commit : .rollback
    }
    return result
  }

  /// Runs `body` while another database can be named as `scratch`.
  func attached<R>(_ other: ProjectionDatabase, _ body: () throws -> R) throws -> R {
    let attach = try HotStatement(connection, "ATTACH DATABASE ? AS scratch")
    attach.bind(1, other.path)
    try attach.run()
    defer { try? execute("DETACH DATABASE scratch") }
    return try body()
  }

  /// The digest of the rows as they are.
  func digest(_ tables: [ProjectionDeclaration.Table], key: SecretBytes) throws -> RowDigest {
    var digest = RowDigest()
    let hasher = RowHasher(key: key)
    for table in tables {
      let rows = try HotStatement(connection, "SELECT * FROM \(table.name)")
      while try rows.step() {
        hasher.begin(table.name, rows.columnCount)
        for column in 0..<rows.columnCount { hasher.add(rows.value(column)) }
        digest.add(hasher.end())
      }
    }
    return digest
  }
}
