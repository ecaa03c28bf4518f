import Foundation

/// SQLite's own check of a database, beside ours: pages, indexes and constraints.
package enum DatabaseIntegrity {
  /// More would say nothing new.
  private static let faultCountMax = 100

  /// What SQLite finds wrong, at most a hundred lines; they name tables and pages, never values.
  package static func faults(_ path: String) throws -> [String] {
    do {
      let database = try ReadOnlyDatabase(path: path)
      // https://www.sqlite.org/pragma.html#pragma_integrity_check: "a single row with the value 'ok'".
      let check = try HotStatement(
        database.handle, "PRAGMA integrity_check(\(faultCountMax))")
      var lines: [String] = []
      while try check.step() { lines.append(check.text(0)) }
      return lines == ["ok"] ? [] : lines
    } catch let error as SQLiteError {
      return [CustodyError(sqlite: error, path: path).message]
    } catch let error as CustodyError where error.code == .damaged {
      return [error.message]
    }
  }
}
