import CSQLiteShim
import CustodyLedger
import CustodyMigrations
import Foundation

/// Whether a database has exactly the tables, indexes and views that its migrations make.
///
/// Anything more could hide rows or run code of the file's author; anything else could show an
/// auditor another ledger than the program reads.
package enum SchemaCheck {
  private struct Object: Hashable {
    let type: String
    let name: String
    let sql: String
  }

  package static func findings(
    _ database: ReadOnlyDatabase, _ known: [Migration]
  ) throws -> [Finding] {
    let found = try objects(database.handle)
    let migrations = try recorded(database.handle, found)
    guard let migrations, migrations.count <= known.count else {
      return [
        Finding(
          .schemaChanged, expected: "a ledger of Custody",
          found: found.isEmpty ? "an empty file" : "another or a newer schema")
      ]
    }
    var findings: [Finding] = []
    for (recorded, known) in zip(migrations, known)
    where recorded
      != Migrator.Applied(
        number: known.number, name: known.name, sha256: Migrator.digest(known))
    {
      findings.append(
        Finding(
          .schemaChanged, expected: "migration \(known.number) \(known.name)",
          found: "another text recorded as \(recorded.number) \(recorded.name)"))
    }
    let expected = try self.expected(known.prefix(migrations.count))
    for object in expected.subtracting(found).sorted(by: { $0.name < $1.name }) {
      findings.append(
        Finding(
          .schemaChanged, expected: "\(object.type) \(object.name) as Custody makes it",
          found: "none or another"))
    }
    for object in found.subtracting(expected).sorted(by: { $0.name < $1.name }) {
      findings.append(
        Finding(
          .schemaChanged, expected: "nothing but what Custody makes",
          found: "\(object.type) \(object.name)"))
    }
    return findings
  }

  private static func objects(_ handle: OpaquePointer) throws -> Set<Object> {
    let query = try HotStatement(handle, "SELECT type, name, ifnull(sql, '') FROM sqlite_master")
    var objects: Set<Object> = []
    while try query.step() {
      objects.insert(Object(type: query.text(0), name: query.text(1), sql: query.text(2)))
    }
    return objects
  }

  private static func recorded(
    _ handle: OpaquePointer, _ objects: Set<Object>
  ) throws -> [Migrator.Applied]? {
    guard objects.contains(where: { $0.type == "table" && $0.name == "migration" }) else {
      return nil
    }
    let query: HotStatement
    do {
      query = try HotStatement(
        handle, "SELECT number, name, sha256 FROM migration ORDER BY number")
    } catch {
      return nil
    }
    var rows: [Migrator.Applied] = []
    while try query.step() {
      var row = (name: "", sha256: [UInt8]())
      if case .text = query.value(1) { row.name = query.text(1) }
      if case .bytes(let digest) = query.value(2) { row.sha256 = Array(digest) }
      rows.append(
        Migrator.Applied(number: Int(query.integer(0)), name: row.name, sha256: row.sha256))
    }
    return rows
  }

  /// What the migrations make of an empty database in memory.
  private static func expected(_ migrations: ArraySlice<Migration>) throws -> Set<Object> {
    var handle: OpaquePointer?
    guard sqlite3_open(":memory:", &handle) == SQLITE_OK, let handle else {
      throw CustodyError(.internal, "SQLite has no memory for a database.")
    }
    defer { sqlite3_close_v2(handle) }
    for migration in migrations {
      let sql = String(decoding: migration.sql, as: UTF8.self)
      guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
        throw CustodyError(.internal, "Migration \(migration.name) does not run.")
      }
    }
    return try objects(handle)
  }
}
