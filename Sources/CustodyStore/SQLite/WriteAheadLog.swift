import CSQLiteShim
import CustodyLedger
import Foundation
import GRDB

/// Copies the WAL into its database, under the store's lock only.
package enum WriteAheadLog {
  /// The size of the WAL beside `path`, in bytes.
  package static func size(_ path: String) -> Int { FileIO.size(path + "-wal") }

  /// Copies what no reader still needs and, when that was everything, cuts the WAL to nothing.
  ///
  /// Does not wait for readers: they cost space, not time.
  package static func shorten(_ db: Database) throws {
    try db.execute(sql: "PRAGMA wal_checkpoint(PASSIVE)")
    _ = try truncate(db, wait: 0)
  }

  /// Copies everything and cuts the WAL to nothing.
  ///
  /// Returns false when a reader kept it from doing so: then nothing may be claimed.
  ///
  /// - Parameter seconds: how long to wait for readers.
  package static func truncate(
    _ db: Database, wait seconds: Double = Connection.busySeconds
  ) throws -> Bool {
    sqlite3_busy_timeout(db.sqliteConnection, Int32(seconds * 1000))
    defer { sqlite3_busy_timeout(db.sqliteConnection, Int32(Connection.busySeconds * 1000)) }
    let busy = try Int.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    return busy == 0
  }
}
