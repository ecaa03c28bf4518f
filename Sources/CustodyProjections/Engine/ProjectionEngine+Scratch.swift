import CustodyLedger
import CustodyStore
import Foundation

/// Databases for the time being, beside the one in use.
extension ProjectionEngine {
  /// What one is for; each has a name of its own.
  enum ScratchUse: String, CaseIterable {
    case rebuilding = "rebuild"
    case rewriting = "rewrite"
    case scanning = "scan"
  }

  func scratchPath(_ use: ScratchUse) -> String { "\(path).\(use.rawValue)" }

  /// Runs `body` with a database that is gone afterwards; what a killed one left is removed first.
  func withScratch<R>(
    _ use: ScratchUse, _ body: (ProjectionDatabase) throws -> R
  ) throws -> R {
    let path = scratchPath(use)
    ProjectionDatabase.remove(path)
    defer { ProjectionDatabase.remove(path) }
    let scratch = try ProjectionDatabase.open(path, migrations, key: try digestKey(), .none)
    return try scratch.use { try body(scratch) }
  }

  /// Writes the tables anew of which rows went with a key and could be guessed.
  ///
  /// SQLite overwrites what it deletes ("secure_delete"), but a page that was split keeps copies of
  /// the rows that moved to another. A table that is emptied gives its pages back, all overwritten.
  func removeTraces(_ run: inout ProjectionRun, _ database: ProjectionDatabase) throws {
    // What is computed beside is removed as a whole.
    guard !database.isScratch else { return }
    let tables = run.kind.declaration.tables.filter(\.isGuessable).map(\.name)
    try withScratch(.rewriting) { scratch in
      try database.attached(scratch) {
        for table in tables {
          try database.execute("INSERT INTO scratch.\(table) SELECT * FROM main.\(table)")
        }
        try database.transaction {
          for table in tables {
            try database.execute("DELETE FROM main.\(table)")
            try database.execute("INSERT INTO main.\(table) SELECT * FROM scratch.\(table)")
          }
          try run.clearTraces(database)
        }
      }
    }
    try database.shortenLog()
  }
}
