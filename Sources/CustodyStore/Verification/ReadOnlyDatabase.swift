import CSQLiteShim
import CustodyLedger
import Foundation

/// A database file that is read and never trusted: a live store's, a copy, or one on a CD.
///
/// Apart from GRDB's connections because it must open what cannot be written, not even the files
/// beside it, and because verification reads rows without a value object in between.
package final class ReadOnlyDatabase {
  package let handle: OpaquePointer
  private let path: String

  /// - Throws: ``CustodyError`` when the file cannot be opened as a database.
  ///
  /// - Parameters:
  ///   - isImmutable: whether to read the file alone, without a log or anything made beside it.
  ///   - cacheSize: bytes of pages kept in memory; SQLite's own choice by default.
  package init(path: String, isImmutable: Bool = false, cacheSize: Int? = nil) throws {
    self.path = path
    guard FileIO.exists(path) else {
      throw CustodyError(.notFound, "\(path) does not exist.")
    }
    try FileIO.checkIsFile(path)
    do {
      handle = try Self.open(path, immutable: isImmutable)
    } catch  where Self.isForLackOfAFolder(error) {
      // A database in WAL mode wants to make files beside it. Where that is impossible and there
      // is no WAL to read, "immutable=1 ... the file cannot be modified" reads it as it is.
      guard WriteAheadLog.size(path) == 0 else {
        throw CustodyError(
          .permission,
          "\(path) has a WAL beside it that cannot be read here. Copy the folder to a place that "
            + "can be written, or use: custody export ledger", cause: error)
      }
      do {
        handle = try Self.open(path, immutable: true)
      } catch {
        throw CustodyError(sqlite: error, path: path)
      }
    } catch {
      throw CustodyError(sqlite: error, path: path)
    }
    // "PRAGMA cache_size = -kibibytes".
    if let cacheSize {
      sqlite3_exec(handle, "PRAGMA cache_size = -\(cacheSize >> 10)", nil, nil, nil)
    }
  }

  deinit { sqlite3_close_v2(handle) }

  /// Ends the snapshot that opening began; ``begin()`` starts another.
  func end() throws(SQLiteError) { try HotStatement(handle, "COMMIT").run() }

  func begin() throws(SQLiteError) { try HotStatement(handle, "BEGIN").run() }

  private static func isForLackOfAFolder(_ error: SQLiteError) -> Bool {
    [SQLITE_CANTOPEN, SQLITE_READONLY].contains(error.code & 0xff)
  }

  private static func open(_ path: String, immutable: Bool) throws(SQLiteError) -> OpaquePointer {
    // https://www.sqlite.org/uri.html: "?", "#" and "%" are escaped in a file URI.
    var escaped = ""
    for character in path {
      switch character {
      case "?": escaped += "%3f"
      case "#": escaped += "%23"
      case "%": escaped += "%25"
      default: escaped.append(character)
      }
    }
    var handle: OpaquePointer?
    let result = sqlite3_open_v2(
      "file:\(escaped)?\(immutable ? "immutable=1" : "mode=ro")", &handle,
      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nil)
    func failure() -> SQLiteError {
      let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "no memory"
      let code = handle.map { sqlite3_extended_errcode($0) } ?? result
      sqlite3_close_v2(handle)
      return SQLiteError(code: code, message: message)
    }
    guard result == SQLITE_OK, let opened = handle else { throw failure() }
    sqlite3_busy_timeout(opened, 10_000)
    // "The file is hostile input": no functions from its schema, no writes to it, cells checked.
    var now: Int32 = 0
    _ = custody_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &now)
    _ = custody_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, &now)
    let pragmas = """
      PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;
      PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0;
      BEGIN; SELECT count(*) FROM sqlite_master;
      """
    guard sqlite3_exec(opened, pragmas, nil, nil, nil) == SQLITE_OK else { throw failure() }
    return opened
  }

  /// Starts a new snapshot.
  func refresh() throws(SQLiteError) {
    try end()
    try begin()
  }
}
