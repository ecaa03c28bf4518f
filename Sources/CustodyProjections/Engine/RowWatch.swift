import CSQLiteShim
import CustodyLedger
import CustodyStore

/// Keeps the digest of a projection's rows while they are written, whatever statement writes them.
///
/// "The preupdate hook ... is invoked prior to each INSERT, UPDATE, and DELETE operation on a
/// database table" (https://www.sqlite.org/c3ref/preupdate_blobwrite.html). SQLite skips neither
/// rows that REPLACE removes nor a DELETE of all while a hook is set.
final class RowWatch {
  /// Which columns of a table a digest is over, and the name under which it counts them.
  struct View {
    let name: String
    /// Nil for all of them.
    let columns: [Int32]?
  }

  /// How a row of a table is taken in.
  private struct Shape {
    let prefix: [UInt8]
    /// Nil for all of them.
    let columns: [Int32]?
  }

  private let connection: OpaquePointer
  private let hasher: RowHasher
  /// Tables of which rows were deleted since the watch began.
  private(set) var tablesDeletedFrom: Set<String> = []
  private var isWatching = false
  private var views: [String: View]?
  /// By SQLite's own pointer to a table's name.
  private var shapes: [UnsafePointer<CChar>: Shape?] = [:]

  init(_ connection: OpaquePointer, key: SecretBytes) {
    self.connection = connection
    hasher = RowHasher(key: key)
  }

  /// Begins to watch.
  ///
  /// - Parameter views: the tables to watch, by name; nil for all of them and all their columns.
  func begin(_ views: [String: View]? = nil) {
    isWatching = true
    tablesDeletedFrom = []
    self.views = views
    shapes = [:]
    let context = Unmanaged.passUnretained(self).toOpaque()
    _ = sqlite3_preupdate_hook(
      connection,
      { context, _, operation, _, table, _, _ in
        guard let context, let table else { return }
        Unmanaged<RowWatch>.fromOpaque(context).takeUnretainedValue().note(operation, table)
      }, context)
  }

  /// Ends the watch.
  ///
  /// - Returns: `digest` after what was written meanwhile.
  @discardableResult
  func end(_ digest: RowDigest = RowDigest()) -> RowDigest {
    guard isWatching else { return digest }
    isWatching = false
    _ = sqlite3_preupdate_hook(connection, nil, nil)
    return hasher.take(onto: digest)
  }

  private func note(_ operation: Int32, _ table: UnsafePointer<CChar>) {
    if operation == SQLITE_DELETE { tablesDeletedFrom.insert(String(cString: table)) }
    guard let shape = shape(of: table) else { return }
    if operation != SQLITE_INSERT { add(shape, sqlite3_preupdate_old, isRemoved: true) }
    if operation != SQLITE_DELETE { add(shape, sqlite3_preupdate_new, isRemoved: false) }
  }

  private func add(
    _ shape: Shape,
    _ value: (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Int32,
    isRemoved: Bool
  ) {
    hasher.begin(shape.prefix)
    func add(_ column: Int32) {
      var found: OpaquePointer?
      // "SQLITE_OK ... or an error code": only for a column that is not there.
      _ = value(connection, column, &found)
      hasher.add(AuditValue(found))
    }
    if let columns = shape.columns {
      for column in columns { add(column) }
    } else {
      for column in 0..<sqlite3_preupdate_count(connection) { add(column) }
    }
    hasher.end(isRemoved: isRemoved)
  }

  private func shape(of table: UnsafePointer<CChar>) -> Shape? {
    if let known = shapes[table] { return known }
    let name = String(cString: table)
    var shape: Shape?
    if let views {
      shape = views[name].map { view in
        Shape(
          prefix: RowHasher.prefix(
            view.name, view.columns?.count ?? Int(sqlite3_preupdate_count(connection))),
          columns: view.columns)
      }
    } else {
      shape = Shape(
        prefix: RowHasher.prefix(name, Int(sqlite3_preupdate_count(connection))), columns: nil)
    }
    shapes[table] = .some(shape)
    return shape
  }
}

extension AuditValue {
  fileprivate init(_ value: OpaquePointer?) {
    switch sqlite3_value_type(value) {
    case SQLITE_INTEGER: self = .integer(sqlite3_value_int64(value))
    case SQLITE_FLOAT: self = .real
    case SQLITE_TEXT:
      self = .text(
        UnsafeRawBufferPointer(
          start: sqlite3_value_text(value), count: Int(sqlite3_value_bytes(value))))
    case SQLITE_BLOB:
      self = .bytes(
        UnsafeRawBufferPointer(
          start: sqlite3_value_blob(value), count: Int(sqlite3_value_bytes(value))))
    default: self = .null
    }
  }
}
