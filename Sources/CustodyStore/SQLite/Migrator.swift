import CustodyLedger
import CustodyMigrations
import Foundation
import GRDB

/// Brings a database to the version that this program was compiled with.
package enum Migrator {
  /// What stands in a database's table `migration`.
  package struct Applied: Equatable {
    package let number: Int
    package let name: String
    package let sha256: [UInt8]
  }

  /// Whether a database is as this program expects it.
  package enum State: Equatable {
    case current
    case older(from: Int)
  }

  package static func digest(_ migration: Migration) -> [UInt8] {
    SHA256.hash(migration.sql).bytes
  }

  /// Compares a database with the migrations it should have.
  ///
  /// - Throws: ``CustodyError/Code/newerStore`` when it has one that this program lacks,
  ///   ``CustodyError/Code/damaged`` when a recorded one is another than the compiled one.
  package static func state(
    _ db: Database, _ migrations: [Migration], path: String
  ) throws -> State {
    guard try db.tableExists("migration") else {
      guard try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0 else {
        throw CustodyError(.notAStore, "\(path) is a database, but not one of Custody.")
      }
      return .older(from: 0)
    }
    let applied = try Row.fetchAll(
      db, sql: "SELECT number, name, sha256 FROM migration ORDER BY number"
    ).map {
      Applied(
        number: try $0.decode(atIndex: 0), name: try $0.decode(atIndex: 1),
        sha256: [UInt8](try $0.decode(Data.self, atIndex: 2)))
    }
    if let last = applied.last, last.number > migrations.count {
      throw CustodyError(
        .newerStore,
        "\(path) was made by a newer version of Custody (its migration \(last.number), "
          + "\(last.name); this program knows \(migrations.count)). Use that version.")
    }
    for (recorded, known) in zip(applied, migrations) {
      let expected = Applied(
        number: known.number, name: known.name, sha256: digest(known))
      guard recorded == expected else {
        throw CustodyError(
          .damaged,
          "\(path) records another migration \(recorded.number) than this program has. "
            + "It was changed after its release, or the file was tampered with.")
      }
    }
    return applied.count == migrations.count ? .current : .older(from: applied.count)
  }

  /// Applies what is missing, in one transaction.
  package static func migrate(
    _ queue: DatabaseQueue, _ migrations: [Migration], path: String
  ) throws {
    try Connection.translating(path) {
      try queue.writeWithoutTransaction { db in
        guard case .older(let from) = try state(db, migrations, path: path) else { return }
        try db.inTransaction(.immediate) {
          for migration in migrations.dropFirst(from) {
            try db.execute(sql: String(decoding: migration.sql, as: UTF8.self))
            try db.execute(
              sql: "INSERT INTO migration (number, name, sha256) VALUES (?, ?, ?)",
              arguments: [migration.number, migration.name, Data(digest(migration))])
          }
          return .commit
        }
      }
    }
  }
}
