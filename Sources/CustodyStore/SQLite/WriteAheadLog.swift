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

  /// Whether the log of a database has all of some pages, in transactions that were committed.
  ///
  /// Who is killed while copying the log into the database leaves a first page that counts pages which are
  /// still in the log alone. Checksums are left to SQLite, which reads the log when it opens the database.
  static func holds(pages: ClosedRange<Int>, of path: String) -> Bool {
    let file = Foundation.open("\(path)-wal", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    func read(_ count: Int, at offset: Int) -> [UInt8]? {
      var bytes = [UInt8](repeating: 0, count: count)
      return pread(file, &bytes, count, off_t(offset)) == count ? bytes : nil
    }
    func number(_ bytes: [UInt8], _ offset: Int) -> Int {
      bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    // Offsets and meanings: https://www.sqlite.org/fileformat.html#wal_file_format
    guard let header = read(32, at: 0) else { return false }
    let frameSize = 24 + number(header, 8)
    var written: Set<Int> = []
    var committed: Set<Int> = []
    var offset = header.count
    // "A frame is considered valid if and only if ... the salt-1 and salt-2 values in the frame-header match
    // salt values in the wal-header".
    while let frame = read(24, at: offset), frame[8..<16] == header[16..<24] {
      if pages.contains(number(frame, 0)) { written.insert(number(frame, 0)) }
      // A commit says how many pages the database has after it.
      if number(frame, 4) > 0 { committed = written }
      offset += frameSize
    }
    return committed.count == pages.count
  }
}
