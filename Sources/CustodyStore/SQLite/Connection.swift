import CSQLiteShim
import CustodyLedger
import Foundation
import GRDB

/// How every connection to a database of a store is opened, and what it must answer when asked.
package enum Connection {
  /// Pages of 8 KiB: at 4 KiB, rows of a small event leave a fifth of each page empty; at 16 KiB, a
  /// commit of one event writes twice as much. https://www.sqlite.org/pragma.html#pragma_page_size
  package static let pageSize = 8192
  /// How long a statement waits for another connection, in seconds. Writers wait for the store's
  /// lock instead; this is for readers that meet a WAL checkpoint.
  package static let busySeconds = 10.0

  /// What a database keeps when the power fails.
  package enum Durability: Sendable {
    /// Every commit.
    case everyCommit
    /// A state that it was in, perhaps some commits ago: what was lost is computed again.
    case someCommit
    /// Nothing: it is thrown away when it was not finished.
    case none

    // "WAL: ... all changes ... are appended to a separate WAL file": readers do not wait. Where
    // there are none, pages are written once: "TRUNCATE ... commits transactions by truncating the
    // rollback journal". https://www.sqlite.org/pragma.html#pragma_journal_mode
    fileprivate var journalMode: String { self == .none ? "truncate" : "wal" }

    /// "FULL ... an additional sync operation of the WAL file happens after each transaction
    /// commit": an event whose receipt was given survives a power cut. "NORMAL ... in WAL mode ...
    /// a transaction ... might roll back following a power loss or system crash", but "WAL mode is
    /// always consistent". https://www.sqlite.org/pragma.html#pragma_synchronous
    fileprivate var synchronous: (name: String, number: String) {
      switch self {
      case .everyCommit: ("FULL", "2")
      case .someCommit: ("NORMAL", "1")
      case .none: ("OFF", "0")
      }
    }
  }

  /// The one connection that writes to a database; the store's lock is held while it is made.
  ///
  /// A `DatabaseQueue` in the default journal mode: GRDB's pool, and its WAL mode, set
  /// `synchronous` back to NORMAL after `prepareDatabase`. So both are set here and read back.
  ///
  /// - Parameter cacheSize: bytes of pages kept in memory; SQLite's own choice by default.
  package static func writer(
    _ path: String, _ durability: Durability = .everyCommit, cacheSize: Int? = nil
  ) throws -> DatabaseQueue {
    try FileIO.checkIsFile(path)
    var configuration = Configuration()
    configuration.label = "custody.writer"
    configuration.busyMode = .timeout(busySeconds)
    configuration.prepareDatabase { db in
      // "The page_size pragma will only cause a change ... before the database is created."
      try db.execute(sql: "PRAGMA page_size = \(pageSize)")
      try db.execute(sql: "PRAGMA journal_mode = \(durability.journalMode)")
      try db.execute(sql: "PRAGMA synchronous = \(durability.synchronous.name)")
      try prepare(db, cacheSize)
    }
    return try translating(path) {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.writeWithoutTransaction { try check($0, durability) }
      return queue
    }
  }

  /// A connection that cannot write.
  package static func reader(_ path: String, cacheSize: Int? = nil) throws -> DatabaseQueue {
    try FileIO.checkIsFile(path)
    var configuration = Configuration()
    configuration.readonly = true
    configuration.label = "custody.reader"
    configuration.busyMode = .timeout(busySeconds)
    configuration.prepareDatabase { try prepare($0, cacheSize) }
    return try translating(path) {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.read { try check($0, nil) }
      return queue
    }
  }

  private static func prepare(_ db: Database, _ cacheSize: Int?) throws {
    // "If the argument N is negative, then the number of cache pages is adjusted to be a number of
    // pages that would use approximately abs(N*1024) bytes of memory".
    if let cacheSize { try db.execute(sql: "PRAGMA cache_size = -\(cacheSize >> 10)") }
    // "SQLite below 3.51.3 can corrupt the WAL when two connections checkpoint at once": none does
    // by itself, neither after a commit nor on close.
    try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
    var now: Int32 = 0
    let result = custody_db_config(db.sqliteConnection!, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &now)
    guard result == SQLITE_OK, now == 1 else {
      throw CustodyError(.internal, "SQLite does not let checkpoints on close be turned off.")
    }
    // "When secure_delete is on, SQLite overwrites deleted content with zeros." FAST and OFF leave
    // remnants of purged bodies and destroyed keys.
    try db.execute(sql: "PRAGMA secure_delete = ON")
    // "temp_store is MEMORY ... temporary tables and indices are kept in as if they were pure
    // in-memory databases": nothing of a store goes into a temporary file.
    try db.execute(sql: "PRAGMA temp_store = MEMORY")
    // "trusted_schema ... OFF ... SQL functions ... in the schema ... are not run unless innocuous".
    try db.execute(sql: "PRAGMA trusted_schema = OFF")
  }

  /// - Parameter durability: what a writer was asked to keep; nil for a reader.
  private static func check(_ db: Database, _ durability: Durability?) throws {
    func value(_ pragma: String) throws -> String? {
      try String.fetchOne(db, sql: "PRAGMA \(pragma)")
    }
    if let durability {
      guard try value("journal_mode") == durability.journalMode,
        try value("synchronous") == durability.synchronous.number
      else {
        throw CustodyError(
          .io, "SQLite cannot use WAL with full synchronization here. Use a local disk.")
      }
    }
    guard try value("secure_delete") == "1", try value("temp_store") == "2" else {
      throw CustodyError(.internal, "SQLite did not keep the settings that erasure relies on.")
    }
  }

  /// Runs `body`, turning database errors into sentences about `path`.
  package static func translating<R>(_ path: String, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw CustodyError(error, path: path)
    } catch let error as SQLiteError {
      throw CustodyError(sqlite: error, path: path)
    } catch is RowDecodingError {
      // Not as the cause: it quotes the row.
      throw CustodyError(
        .damaged, "\(path) holds a row that is not as Custody writes it: changed or damaged.")
    }
  }
}

extension CustodyError {
  /// What a result code of SQLite means to a person. Its arguments are never shown.
  /// https://www.sqlite.org/rescode.html
  package init(_ error: DatabaseError, path: String) {
    self.init(
      sqlite: SQLiteError(code: error.extendedResultCode.rawValue, message: error.message ?? ""),
      path: path)
  }

  init(sqlite error: SQLiteError, path: String) {
    switch error.code & 0xff {
    // SQLITE_IOERR_SHMSIZE: "the underlying filesystem volume is out of space".
    // https://www.sqlite.org/rescode.html#ioerr_shmsize
    case SQLITE_FULL,
      SQLITE_IOERR where error.code == SQLITE_IOERR | 19 << 8:
      self.init(
        .diskFull, "No space left while writing \(path). Free some and try again.",
        cause: error)
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
      self.init(
        .permission, "\(path) cannot be written. Check its mode, or whether the disk is read-only.",
        cause: error)
    case SQLITE_CANTOPEN:
      self.init(
        .io, "\(path) cannot be opened. Check that it exists and who may read it.", cause: error)
    case SQLITE_NOTADB, SQLITE_CORRUPT:
      self.init(
        .damaged, "\(path) is not a readable database: replaced, cut short or damaged.",
        cause: error)
    case SQLITE_BUSY, SQLITE_LOCKED:
      self.init(
        .io, "\(path) is in use by another program for too long. Close it and repeat the command.",
        cause: error)
    default:
      self.init(.io, "The database \(path) failed: \(error).", cause: error)
    }
  }
}
