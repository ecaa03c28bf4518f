import Custody
import CustodyMigrations
import CustodyStore
import CustodyTesting
import Foundation
import Testing

/// One column of ledger.sqlite.
struct LedgerColumn: Sendable, CustomTestStringConvertible {
  let table: String
  let name: String

  var testDescription: String { "\(table).\(name)" }

  /// Every column of every table that the migrations make, so that a new one is tested unasked.
  static let all: [LedgerColumn] = {
    do {
      let database = try RawDatabase(":memory:")
      for migration in Migration.ledger {
        try database.execute(String(decoding: migration.sql, as: UTF8.self))
      }
      return try database.rows(
        """
        SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c
        WHERE t.type = 'table' ORDER BY t.name, c.cid
        """
      ).map { LedgerColumn(table: text($0[0]), name: text($0[1])) }
    } catch {
      fatalError("the migrations do not run: \(error)")
    }
  }()

  private static func text(_ value: RawValue) -> String {
    if case .text(let bytes) = value { String(decoding: bytes, as: UTF8.self) } else { "" }
  }
}

@Suite("Every change of a value in ledger.sqlite is found")
struct TamperColumnTests {
  @Test("the columns of every table are known to this test")
  func columns() {
    let tables = Set(LedgerColumn.all.map(\.table))
    #expect(tables == ["checkpoint", "event", "ledger", "migration", "name", "tile"])
    #expect(LedgerColumn.all.count { $0.table == "event" } == 19)
  }

  /// Other values than `value`, of its own storage class and of every other.
  ///
  /// SQL refuses some: STRICT and NOT NULL are in the way of an honest writer only.
  static func changes(of value: RawValue) -> [RawValue] {
    var changes: [RawValue] = [.null, .integer(7), .real, .text(Array("x".utf8)), .blob([0])]
    switch value {
    case .integer(let number):
      changes += [.integer(number &+ 1), .integer(number &- 1), .integer(0), .integer(-1)]
      changes += [.integer(.max), .integer(.min)]
    case .text(let bytes):
      changes += [.text([]), .text(bytes + [0x78]), .text(Array(bytes.dropLast()))]
      changes += [.text(bytes + [0xff]), .text(bytes + [0]), .blob(bytes)]
      changes.append(.text(bytes.flipped(at: 0)))
      changes.append(.text(bytes.flipped(at: bytes.count - 1)))
    case .blob(let bytes):
      changes += [.blob([]), .blob(bytes + [0]), .blob(Array(bytes.dropLast())), .text(bytes)]
      changes.append(.blob(bytes.flipped(at: 0)))
      changes.append(.blob(bytes.flipped(at: bytes.count - 1)))
      changes.append(.blob([UInt8](repeating: 0, count: bytes.count)))
    case .null, .real: break
    }
    return Array(Set(changes).subtracting([value])).sorted { $0.literal < $1.literal }
  }

  /// Which rows of a table are changed: the first, the last and one in between; of events two, for
  /// each column others, so that together they are of every sort.
  private static func rows(
    _ column: LedgerColumn, _ index: Int, _ database: RawDatabase, _ sample: SampleLedger
  ) throws -> [[RawValue]] {
    let all = try database.rows("SELECT * FROM \(column.table)")
    guard column.table == "event" else {
      return Set([0, all.count / 2, all.count - 1]).sorted().map { all[$0] }
    }
    let sorts = sample.positions.dropFirst().dropLast()
    let chosen = [index, index + sorts.count / 2].map { sorts[1 + $0 % sorts.count] }
    return Set([0, all.count - 1] + chosen).sorted().map { all[$0] }
  }

  /// Writes `change` past whatever SQL has against it; false when the file cannot hold it at all.
  private static func write(
    _ change: RawValue, _ column: LedgerColumn, where condition: String, _ path: String
  ) throws -> Bool {
    let update = "UPDATE \(column.table) SET \(column.name) = \(change.literal) WHERE \(condition)"
    do {
      try RawDatabase(path).execute(update)
    } catch let refusal as RawDatabase.Failure {
      guard Self.isAboutTypes(refusal) else { return Self.refusesTwice(refusal) }
      do {
        try RawDatabase.withLooseTables(path) { try $0.execute(update) }
      } catch let refusal as RawDatabase.Failure {
        return Self.refusesTwice(refusal)
      }
    }
    return true
  }

  /// STRICT and NOT NULL: declarations that a hostile file need not have followed.
  private static func isAboutTypes(_ refusal: RawDatabase.Failure) -> Bool {
    let datatype: Int32 = 19 | 12 << 8  // SQLITE_CONSTRAINT_DATATYPE
    let notNull: Int32 = 19 | 5 << 8  // SQLITE_CONSTRAINT_NOTNULL
    return [datatype, notNull].contains(refusal.code)
  }

  /// A key that is there already, or no integer where the row's own number goes: false.
  private static func refusesTwice(_ refusal: RawDatabase.Failure) -> Bool {
    let isKey = refusal.code & 0xff == 19
    let isRowNumber = refusal.code == 20  // SQLITE_MISMATCH
    #expect(isKey || isRowNumber, "\(refusal)")
    return false
  }

  @Test("in every column of every table, at several rows", arguments: LedgerColumn.all)
  func column(column: LedgerColumn) async throws {
    let sample = try await SampleLedger.shared.value
    let folder = try TemporaryStore()
    let path = "\(folder.folder)/copy.sqlite"
    try sample.write(to: path)
    let names = LedgerColumn.all.filter { $0.table == column.table }.map(\.name)
    let index = try #require(names.firstIndex(of: column.name))
    let rows = try Self.rows(column, index, RawDatabase(path), sample)
    try #require(!rows.isEmpty)

    var count = 0
    for row in rows {
      let condition = zip(names, row).map { "\($0) IS \($1.literal)" }.joined(separator: " AND ")
      let position = try Self.position(of: row, column, names, RawDatabase(path))
      for change in Self.changes(of: row[index]) {
        try sample.write(to: path)
        guard try Self.write(change, column, where: condition, path) else { continue }
        count += 1
        try await Self.expectFound(
          path, sample, at: position, column, atEachLevel: count.isMultiple(of: 3),
          "\(column.testDescription): \(row[index]) -> \(change)")
      }
    }
    #expect(count >= rows.count * 3, "only \(count) changes could be made")
  }

  /// The position that a change of a row is expected at, nil when it is about the file as a whole.
  private static func position(
    of row: [RawValue], _ column: LedgerColumn, _ names: [String], _ database: RawDatabase
  ) throws -> Int? {
    func integer(_ name: String) -> Int {
      guard let index = names.firstIndex(of: name), case .integer(let number) = row[index] else {
        return 0
      }
      return Int(number)
    }
    switch column.table {
    case "event": return integer("position")
    case "name":
      let id = integer("id")
      return try database.integer(
        "SELECT min(position) FROM event WHERE \(id) IN (stream, type, actor)")
    case "checkpoint" where column.name == "note": return integer("size") - 1
    case "tile" where column.name == "root": return integer("place") * 256
    case "ledger" where column.name == "id": return 0
    default: return nil
    }
  }

  private static func expectFound(
    _ path: String, _ sample: SampleLedger, at position: Int?, _ column: LedgerColumn,
    atEachLevel: Bool, _ change: String
  ) async throws {
    let report = try await Store.verify(file: path, keys: [sample.verifierKey])
    #expect(!report.holds, "\(change) was not found")
    if let position {
      let first =
        column.table == "event" || column.table == "name"
        ? report.firstEvent : report.findings.compactMap(\.position?.value).min()
      #expect(first == position, "\(change): \(report.findings)")
    }
    guard atEachLevel else { return }
    // A body alone is what level headers leaves out; of an event of the library it is checked too.
    let headers = try await Store.verify(file: path, level: .headers, keys: [sample.verifierKey])
    if !(column.table == "event" && column.name == "body") {
      #expect(!headers.holds, "\(change) was not found at level headers")
    }
    // Level head rests on two rows; whatever else the file holds must not stop it.
    _ = try await Store.verify(file: path, level: .head, keys: [sample.verifierKey])
  }
}
