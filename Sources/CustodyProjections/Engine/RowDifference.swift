import CustodyLedger
import CustodyStore

extension ProjectionEngine {
  /// What differs between a table and one that was computed otherwise.
  package struct Difference: Sendable {
    package let table: String
    /// Rows that the events give and the table lacks.
    package private(set) var missing = 0
    /// Rows that the events do not give.
    package private(set) var unexpected = 0
    /// The first event that one of them comes from, when rows say so.
    package private(set) var firstPosition: Position?
    /// What cannot be compared, in words.
    package let note: String?

    init(table: String, note: String? = nil) {
      self.table = table
      self.note = note
    }

    var isNothing: Bool { missing + unexpected == 0 && note == nil }

    /// Counts the rows that only one of two tables has.
    ///
    /// - Parameters:
    ///   - columns: those that are compared.
    ///   - positionColumn: the one that says which event a row comes from.
    mutating func count(
      _ columns: [String], _ positionColumn: String?, expected: String, found: String,
      _ database: ProjectionDatabase
    ) throws {
      var first: Int64?
      func rows(_ one: String, without other: String) throws -> Int {
        // Row by row through the primary key: EXCEPT would hold one side in memory.
        let isSame = columns.map { #"b."\#($0)" IS a."\#($0)""# }.joined(separator: " AND ")
        let query = try HotStatement(
          database.connection,
          """
          SELECT count(*), \(positionColumn.map { #"min(a."\#($0)")"# } ?? "NULL") FROM \(one) AS a
          WHERE NOT EXISTS (SELECT 1 FROM \(other) AS b WHERE \(isSame))
          """)
        _ = try query.step()
        if !query.isNull(1) { first = min(first ?? .max, query.integer(1)) }
        return Int(query.integer(0))
      }
      missing = try rows(expected, without: found)
      unexpected = try rows(found, without: expected)
      firstPosition = first.flatMap { $0 >= 0 ? Position(Int($0)) : nil }
    }
  }

  /// The columns of a table.
  func columns(
    of table: String, _ database: ProjectionDatabase
  ) throws -> [String] {
    let query = try HotStatement(
      database.connection, "SELECT name FROM pragma_table_info(?, 'main') ORDER BY cid")
    query.bind(1, table)
    var found: [String] = []
    while try query.step() { found.append(query.text(0)) }
    return found
  }
}
