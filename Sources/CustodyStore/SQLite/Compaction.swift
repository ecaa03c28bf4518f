import GRDB

/// Writes a database anew, without what rows that were moved or removed left behind in its pages.
package enum Compaction {
  /// Databases up to this size are written in memory, larger ones in a temporary file of SQLite, which
  /// holds what the database does: ciphertext.
  private static let inMemorySizeMax = 64 << 20

  /// Cost: reads and writes the whole database, and as much disk again for as long as it takes.
  package static func run(_ db: Database, size: Int) throws {
    // "The VACUUM command ... takes the contents ... into a temporary database file and then
    // overwriting the original". https://www.sqlite.org/lang_vacuum.html
    if size > inMemorySizeMax { try db.execute(sql: "PRAGMA temp_store = FILE") }
    defer { try? db.execute(sql: "PRAGMA temp_store = MEMORY") }
    try db.execute(sql: "VACUUM")
  }
}
