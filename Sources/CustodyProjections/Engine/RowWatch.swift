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
  private final class Shape {
    let prefix: [UInt8]
    let columns: [Int32]

    init(prefix: [UInt8], columns: [Int32]) {
      self.prefix = prefix
      self.columns = columns
    }
  }

  private let connection: OpaquePointer
  private let hasher: RowHasher
  /// Tables of which rows were deleted since the watch began.
  private(set) var tablesDeletedFrom: Set<String> = []
  private var isWatching = false
  private var views: [String: View]?
  /// By SQLite's own pointer to a table's name; nil for tables that are not watched.
  private var shapes: [UnsafePointer<CChar>: Shape?] = [:]
  /// Neighbors are mostly rows of one table.
  private var last: (table: UnsafePointer<CChar>, shape: Shape?)?

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
    last = nil
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
    var value: OpaquePointer?
    if operation != SQLITE_INSERT {
      hasher.begin(shape.prefix)
      for column in shape.columns {
        // "SQLITE_OK ... or an error code": only for a column that is not there.
        _ = sqlite3_preupdate_old(connection, column, &value)
        hasher.add(AuditValue(value))
      }
      hasher.end(isRemoved: true)
    }
    if operation != SQLITE_DELETE {
      hasher.begin(shape.prefix)
      for column in shape.columns {
        _ = sqlite3_preupdate_new(connection, column, &value)
        hasher.add(AuditValue(value))
      }
      hasher.end()
    }
  }

  private func shape(of table: UnsafePointer<CChar>) -> Shape? {
    if let last, last.table == table { return last.shape }
    let shape = shapes[table] ?? makeShape(of: table)
    shapes[table] = .some(shape)
    last = (table, shape)
    return shape
  }

  private func makeShape(of table: UnsafePointer<CChar>) -> Shape? {
    let name = String(cString: table)
    let all = Array(0..<sqlite3_preupdate_count(connection))
    guard let views else {
      return Shape(prefix: RowHasher.prefix(name, all.count), columns: all)
    }
    return views[name].map { view in
      let columns = view.columns ?? all
      return Shape(prefix: RowHasher.prefix(view.name, columns.count), columns: columns)
    }
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
