import CustodyLedger
import CustodyMigrations
import Foundation
import GRDB

/// Brings the databases of a store of an older version up to date; the store's lock is held.
///
/// A copy of everything but keys.sqlite is taken first and removed once the migrated ledger
/// verifies: keys must not come back from a copy after an erasure.
package struct StoreUpgrade {
  package let layout: Layout
  package var ledgerMigrations = Migration.ledger
  package var keyMigrations = Migration.keys
  package var objectMigrations = Migration.objects

  package init(layout: Layout) { self.layout = layout }

  private var copy: String { "\(layout.root)/before-upgrade.sqlite" }

  /// Does nothing when everything is current.
  package func run() throws {
    let ledger = try Self.state(layout.ledger, ledgerMigrations)
    let keys = try Self.state(layout.keys, keyMigrations)
    let objects = try Self.state(layout.objects, objectMigrations)
    for (path, state) in [
      (layout.ledger, ledger), (layout.keys, keys), (layout.objects, objects),
    ] where state == .older(from: 0) {
      throw Self.empty(path)
    }
    // A copy is left when an upgrade did not get as far as a ledger that verifies.
    if ledger == .current, keys == .current, objects == .current, !FileIO.exists(copy) { return }
    let database = try Connection.writer(layout.ledger)
    if ledger != .current {
      try? FileManager.default.removeItem(atPath: copy)
      try Connection.translating(layout.ledger) {
        try database.writeWithoutTransaction {
          // "VACUUM INTO ... a transactionally consistent copy of the original database."
          try $0.execute(sql: "VACUUM INTO ?", arguments: [copy])
        }
      }
      guard chmod(copy, 0o600) == 0 else {
        throw CustodyError(SystemCallError("chmod"), path: copy)
      }
      try Migrator.migrate(database, ledgerMigrations, path: layout.ledger)
    }
    if keys != .current {
      try Migrator.migrate(
        try Connection.writer(layout.keys), keyMigrations, path: layout.keys)
    }
    if objects != .current {
      try Migrator.migrate(
        try Connection.writer(layout.objects), objectMigrations, path: layout.objects)
    }
    guard FileIO.exists(copy) else { return }
    var verification = LedgerVerification(path: layout.ledger, level: .bodies)
    verification.migrations = ledgerMigrations
    let report = try verification.run()
    guard report.holds else {
      throw CustodyError(
        .needsRecovery,
        "The upgraded ledger does not verify; the one before the upgrade is \(copy).")
    }
    try FileManager.default.removeItem(atPath: copy)
  }

  /// What to say of a database without anything in it: one of a store never was.
  static func empty(_ path: String) -> CustodyError {
    CustodyError(
      .needsRecovery,
      "\(path) is empty: it was cut short or replaced. Put it back from where it was kept.")
  }

  package static func state(_ path: String, _ migrations: [Migration]) throws -> Migrator.State {
    try Connection.translating(path) {
      try Connection.reader(path).read { try Migrator.state($0, migrations, path: path) }
    }
  }
}
