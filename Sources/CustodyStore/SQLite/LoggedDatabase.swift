import GRDB

/// A database of the store with a log beside it, as whoever removes something from it has to know it.
package protocol LoggedDatabase {
  var path: String { get }
  /// Runs `body` with the one connection that writes; its lock is held.
  func writing<R>(_ body: (Database) throws -> R) throws -> R
}

extension LoggedDatabase {
  /// Copies the log into the database and cuts it; false when a reader keeps it.
  func truncateLog(wait seconds: Double) throws -> Bool {
    try writing { try WriteAheadLog.truncate($0, wait: seconds) }
  }

  /// Larger databases are written anew in a temporary file of SQLite, which holds what they do:
  /// ciphertext.
  private static var inMemorySizeMax: Int { 64 << 20 }

  /// Writes the database anew, without what rows that were moved or removed left behind in its pages.
  ///
  /// Cost: reads and writes all of it, and as much disk again for as long as it takes.
  func compact() throws {
    try writing { db in
      // "The VACUUM command ... takes the contents ... into a temporary database file and then
      // overwriting the original". https://www.sqlite.org/lang_vacuum.html
      if FileIO.size(path) > Self.inMemorySizeMax {
        try db.execute(sql: "PRAGMA temp_store = FILE")
      }
      defer { try? db.execute(sql: "PRAGMA temp_store = MEMORY") }
      try db.execute(sql: "VACUUM")
    }
  }
}
