import CSQLiteShim
import CustodyLedger
import CustodyStore

/// A database file in the hands of somebody who does not go through Custody.
package final class RawDatabase {
  package let handle: OpaquePointer

  /// What SQLite refused, by its extended result code.
  package struct Failure: Error {
    package let code: Int32
    package let message: String
  }

  package init(_ path: String) throws {
    var opened: OpaquePointer?
    let result = sqlite3_open_v2(
      path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nil)
    guard result == SQLITE_OK, let opened else {
      sqlite3_close_v2(opened)
      throw Failure(code: result, message: "cannot open")
    }
    handle = opened
    sqlite3_busy_timeout(handle, 10_000)
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs statements that return nothing.
  package func execute(_ sql: String) throws {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
      throw Failure(
        code: sqlite3_extended_errcode(handle), message: String(cString: sqlite3_errmsg(handle)))
    }
  }

  /// All rows of a query.
  package func rows(_ sql: String) throws -> [[RawValue]] {
    let query = try HotStatement(handle, sql)
    let columns = columnCount(sql)
    var rows: [[RawValue]] = []
    while try query.step() { rows.append((0..<columns).map { RawValue(query.value($0)) }) }
    return rows
  }

  private func columnCount(_ sql: String) -> Int32 {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else { return 0 }
    return sqlite3_column_count(statement)
  }

  /// The first value of the first row.
  package func value(_ sql: String) throws -> RawValue { try rows(sql).first?.first ?? .null }

  /// The first value of the first row, as a number; 0 when it is none.
  package func integer(_ sql: String) throws -> Int {
    Int(try value(sql).integer)
  }

  /// Runs `body` while tables take values of any storage class, and puts the schema back.
  ///
  /// "PRAGMA writable_schema": what a hostile file can hold although SQL refuses to write it.
  package static func withLooseTables(
    _ path: String, _ body: (RawDatabase) throws -> Void
  ) throws {
    let schema = try RawDatabase(path).rows(
      "SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    try RawDatabase(path).execute(
      """
      PRAGMA writable_schema = ON;
      UPDATE sqlite_master SET sql =
        replace(replace(replace(sql, ') STRICT, WITHOUT', ') WITHOUT'), ') STRICT', ')'),
                ' NOT NULL', '')
      WHERE type = 'table';
      """)
    defer {
      for row in schema {
        try? RawDatabase(path).execute(
          """
          PRAGMA writable_schema = ON;
          UPDATE sqlite_master SET sql = \(row[1].literal) WHERE name = \(row[0].literal);
          """)
      }
    }
    try body(try RawDatabase(path))
  }
}

/// A value with its storage class.
package enum RawValue: Hashable, Sendable, CustomStringConvertible {
  case null
  case integer(Int64)
  case real
  case text([UInt8])
  case blob([UInt8])

  init(_ value: AuditValue) {
    switch value {
    case .null: self = .null
    case .integer(let number): self = .integer(number)
    case .real: self = .real
    case .text(let bytes): self = .text(Array(bytes))
    case .bytes(let bytes): self = .blob(Array(bytes))
    }
  }

  /// The bytes of a text or a BLOB; none of anything else.
  package var bytes: [UInt8] {
    switch self {
    case .text(let bytes), .blob(let bytes): bytes
    default: []
    }
  }

  /// The number; 0 of anything else.
  package var integer: Int64 { if case .integer(let number) = self { number } else { 0 } }

  /// The value as SQL.
  package var literal: String {
    switch self {
    case .null: "NULL"
    case .integer(.min): "-9223372036854775807 - 1"
    case .integer(let number): "\(number)"
    case .real: "0.5"
    case .text(let bytes): "CAST(x'\(Hex.encode(bytes))' AS TEXT)"
    case .blob(let bytes): "x'\(Hex.encode(bytes))'"
    }
  }

  package var description: String {
    switch self {
    case .null: "NULL"
    case .integer(let number): "\(number)"
    case .real: "a real"
    case .text(let bytes): "'\(String(decoding: bytes.prefix(40), as: UTF8.self))'"
    case .blob(let bytes): "x'\(Hex.encode(bytes.prefix(8)))' (\(bytes.count))"
    }
  }
}
