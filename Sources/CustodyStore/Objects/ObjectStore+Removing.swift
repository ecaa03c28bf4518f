import CSQLiteShim
import CustodyLedger
import GRDB
import Synchronization

/// A stored object that keys seal, as far as its removal has to know it.
struct KeyedObject: Sendable {
  /// Its row in objects.sqlite.
  let row: Int64
  let address: Digest
  let byteCount: Int
}

extension ObjectStore: LoggedDatabase {
  /// The objects that go with some keys, ascending by address; and the sets of several keys that seal
  /// them.
  ///
  /// Read from the objects' own headers: no table names their keys, and a commit that was cut short
  /// leaves some that no event names.
  ///
  /// Cost: a look at the first bytes of every object, on all cores.
  func objects(
    goingWith keys: DyingKeys
  ) throws -> (objects: [KeyedObject], joint: Set<[KeyID]>) {
    let path = path
    let reader = try reader()
    let last = try reader.objectCountMax()
    takeBack(reader)
    let joint = Mutex<Set<[KeyID]>>([])
    let found = try Connection.translating(path) {
      try Parallel.map(last) { range in
        let database = try ReadOnlyDatabase(path: path)
        let rows = try HotStatement(
          database.handle, "SELECT id, address FROM object WHERE id > ? AND id <= ?")
        rows.bind(1, Int64(range.lowerBound))
        rows.bind(2, Int64(range.upperBound))
        let headers = ObjectHeaders(database.handle)
        var found: [KeyedObject] = []
        var together: Set<[KeyID]> = []
        while try rows.step() {
          let row = rows.integer(0)
          guard let byteCount = try headers.byteCount(row, ifGoingWith: keys, &together) else {
            continue
          }
          found.append(KeyedObject(row: row, address: try rows.value(1), byteCount: byteCount))
        }
        joint.withLock { $0.formUnion(together) }
        return found
      }
    }
    return (found.sorted { $0.address < $1.address }, joint.withLock { $0 })
  }

  /// Calls `each` with the bytes of objects that are there.
  func forEach(
    _ objects: [KeyedObject], _ each: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try Connection.translating(path) {
      let database = try ReadOnlyDatabase(path: path)
      let query = try HotStatement(database.handle, "SELECT bytes FROM object WHERE id = ?")
      for object in objects {
        query.bind(1, object.row)
        defer { query.reset() }
        if try query.step() { try each(query.bytes(0)) }
      }
    }
  }

  /// Removes objects and the tags that find them, in one transaction; the store's lock is held.
  func remove(_ objects: [KeyedObject]) throws {
    guard !objects.isEmpty else { return }
    try writing { db in
      try db.inTransaction(.immediate) {
        let connection = db.sqliteConnection!
        let tag = try HotStatement(
          connection,
          """
          DELETE FROM content_tag WHERE tag = (SELECT tag FROM object WHERE id = ?1) AND object = ?1
          """)
        let object = try HotStatement(connection, "DELETE FROM object WHERE id = ?")
        // Overwritten where they stand first: removing rows moves others from page to page, and what
        // is moved leaves a copy behind.
        let overwrite = try HotStatement(
          connection, "UPDATE object SET bytes = zeroblob(length(bytes)) WHERE id = ?")
        for removed in objects {
          overwrite.bind(1, removed.row)
          try overwrite.run()
        }
        for removed in objects {
          tag.bind(1, removed.row)
          try tag.run()
          object.bind(1, removed.row)
          try object.run()
        }
        return .commit
      }
    }
  }
}

/// The first bytes of objects, read without the rest of them.
private final class ObjectHeaders {
  private let connection: OpaquePointer
  private var blob: OpaquePointer?
  /// Up to the ids of the keys, of which there are at most eight.
  private static let countAt = SealedObject.ledgerIDBytes.upperBound
  private var bytes = [UInt8](
    repeating: 0, count: countAt + 1 + Claim.keyCountMax * KeyID.byteCount)

  init(_ connection: OpaquePointer) { self.connection = connection }

  deinit { sqlite3_blob_close(blob) }

  /// How large an object is, or nil when it does not go with `keys`.
  func byteCount(
    _ row: Int64, ifGoingWith keys: DyingKeys, _ joint: inout Set<[KeyID]>
  ) throws -> Int? {
    let result =
      blob == nil
      ? sqlite3_blob_open(connection, "main", "object", "bytes", row, 0, &blob)
      : sqlite3_blob_reopen(blob, row)
    guard result == SQLITE_OK else {
      throw SQLiteError(code: result, message: String(cString: sqlite3_errmsg(connection)))
    }
    let size = Int(sqlite3_blob_bytes(blob))
    let count = min(size, bytes.count)
    guard count > Self.countAt else { return nil }
    let read = bytes.withUnsafeMutableBytes {
      sqlite3_blob_read(blob, $0.baseAddress, Int32(count), 0)
    }
    guard read == SQLITE_OK else {
      throw SQLiteError(code: read, message: String(cString: sqlite3_errmsg(connection)))
    }
    let end = Self.countAt + 1 + Int(bytes[Self.countAt]) * KeyID.byteCount
    guard end <= count else { return nil }
    let goes = bytes.withUnsafeBytes {
      keys.take(UnsafeRawBufferPointer(rebasing: $0[(Self.countAt + 1)..<end]), &joint)
    }
    return goes ? size : nil
  }
}
