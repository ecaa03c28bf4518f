import CSQLiteShim
import CustodyLedger
import GRDB

/// A failed call of SQLite, by its extended result code.
package struct SQLiteError: Error, CustomStringConvertible {
  package let code: Int32
  package let message: String

  package var description: String { "SQLite error \(code): \(message)" }
}

/// A prepared statement for hot loops: bound and read without a value object in between.
///
/// Everything else goes through GRDB. Belongs to one connection and one thread at a time; what a
/// column returns is valid until the next step.
package final class HotStatement {
  private let handle: OpaquePointer
  private let connection: OpaquePointer

  package init(_ connection: OpaquePointer, _ sql: String) throws(SQLiteError) {
    self.connection = connection
    var handle: OpaquePointer?
    // "SQLITE_PREPARE_PERSISTENT ... the prepared statement will be retained for a long time".
    let result = sqlite3_prepare_v3(
      connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
    guard result == SQLITE_OK, let handle else {
      throw SQLiteError(
        code: sqlite3_extended_errcode(connection),
        message: String(cString: sqlite3_errmsg(connection)))
    }
    self.handle = handle
  }

  deinit { sqlite3_finalize(handle) }

  // Bound bytes are not copied: they live until the statement has been run.

  @inline(__always)
  package func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }

  @inline(__always)
  package func bind(_ index: Int32, _ bytes: UnsafeRawBufferPointer) {
    sqlite3_bind_blob64(
      handle, index, bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1), UInt64(bytes.count), nil)
  }

  /// For values that may move: SQLite keeps a copy.
  @inline(__always)
  package func bind(_ index: Int32, _ value: some FixedBytes) {
    value.withUnsafeBytes {
      _ = sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), transient)
    }
  }

  package func bind(_ index: Int32, _ text: String) {
    sqlite3_bind_text(handle, index, text, -1, transient)
  }

  package func bind(_ index: Int32, optional text: String?) {
    if let text { bind(index, text) } else { bindNull(index) }
  }

  @inline(__always)
  package func bind(_ index: Int32, optional value: Int64?) {
    if let value { bind(index, value) } else { bindNull(index) }
  }

  package func bindNull(_ index: Int32) { sqlite3_bind_null(handle, index) }

  private var transient: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }

  /// Whether there is a row.
  package func step() throws(SQLiteError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default:
      let error = SQLiteError(
        code: sqlite3_extended_errcode(connection),
        message: String(cString: sqlite3_errmsg(connection)))
      sqlite3_reset(handle)
      throw error
    }
  }

  /// Runs a statement that returns no rows.
  package func run() throws(SQLiteError) {
    _ = try step()
    sqlite3_reset(handle)
  }

  package func reset() { sqlite3_reset(handle) }

  package var columnCount: Int32 { sqlite3_column_count(handle) }

  @inline(__always)
  package func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  package func real(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

  @inline(__always)
  package func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
    // "sqlite3_column_blob ... zero-length BLOB ... returns a NULL pointer".
    let start = sqlite3_column_blob(handle, column)
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
  }

  package func text(_ column: Int32) -> String {
    String(decoding: bytes(column), as: UTF8.self)
  }

  package func isNull(_ column: Int32) -> Bool {
    sqlite3_column_type(handle, column) == SQLITE_NULL
  }

  /// A column of fixed length.
  ///
  /// - Throws: `damaged` when it is not of that length.
  @inline(__always)
  package func value<T: FixedBytes>(_ column: Int32) throws -> T {
    let bytes = bytes(column)
    guard bytes.count == T.byteCount else {
      throw CustodyError(
        .damaged, "A row of the store is not as Custody writes it: changed or damaged.")
    }
    return T(loading: bytes)
  }

  /// A value with its storage class, for verification.
  @inline(__always)
  package func value(_ column: Int32) -> AuditValue {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_INTEGER: .integer(sqlite3_column_int64(handle, column))
    case SQLITE_TEXT:
      .text(
        UnsafeRawBufferPointer(
          start: sqlite3_column_text(handle, column),
          count: Int(sqlite3_column_bytes(handle, column))))
    case SQLITE_BLOB: .bytes(bytes(column))
    case SQLITE_NULL: .null
    default: .real
    }
  }
}

/// The statements of one connection, each prepared when it is first used.
package final class PreparedStatements {
  private var known: [String: HotStatement] = [:]

  package init() {}

  package func prepared(_ sql: String, on connection: OpaquePointer) throws -> HotStatement {
    if let statement = known[sql] { return statement }
    let statement = try HotStatement(connection, sql)
    known[sql] = statement
    return statement
  }

  func prepared(_ sql: String, _ db: Database) throws -> HotStatement {
    try prepared(sql, on: db.sqliteConnection!)
  }
}
