import CSQLiteShim
import CustodyLedger

/// Keeps the digest of a projection's rows while they are written, whatever statement writes them.
///
/// "The preupdate hook ... is invoked prior to each INSERT, UPDATE, and DELETE operation on a
/// database table" (https://www.sqlite.org/c3ref/preupdate_blobwrite.html). SQLite skips neither
/// rows that REPLACE removes nor a DELETE of all while a hook is set.
final class RowWatch {
  /// The digest of the projection that is writing; nil while the engine itself writes.
  var digest: RowDigest?

  private let connection: OpaquePointer
  private let hasher: RowHasher

  init(_ connection: OpaquePointer, key: SecretBytes) {
    self.connection = connection
    hasher = RowHasher(key: key)
    let context = Unmanaged.passUnretained(self).toOpaque()
    _ = sqlite3_preupdate_hook(
      connection,
      { context, _, operation, _, table, _, _ in
        guard let context, let table else { return }
        Unmanaged<RowWatch>.fromOpaque(context).takeUnretainedValue().note(operation, table)
      }, context)
  }

  /// Ends the watch; called before the connection is let go of.
  func end() { _ = sqlite3_preupdate_hook(connection, nil, nil) }

  private func note(_ operation: Int32, _ table: UnsafePointer<CChar>) {
    guard digest != nil else { return }
    let columns = sqlite3_preupdate_count(connection)
    if operation != SQLITE_INSERT {
      digest!.remove(hash(table, columns, sqlite3_preupdate_old))
    }
    if operation != SQLITE_DELETE {
      digest!.add(hash(table, columns, sqlite3_preupdate_new))
    }
  }

  private func hash(
    _ table: UnsafePointer<CChar>, _ columns: Int32,
    _ value: (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Int32
  ) -> Digest {
    hasher.begin(String(cString: table), columns)
    for column in 0..<columns {
      var found: OpaquePointer?
      // "SQLITE_OK ... or an error code": only for a column that is not there.
      _ = value(connection, column, &found)
      hasher.add(AuditValue(found))
    }
    return hasher.end()
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

/// The keyed hash of one row: SHA-256 over a block with the key and a prefix-free encoding.
final class RowHasher {
  /// Fills the key, 32 bytes, up to a block of SHA-256: it has one of its own.
  private static let padding = [UInt8](repeating: 0, count: 32)

  private let sha256 = SHA256()
  private let key: SecretBytes
  private var bytes = ByteWriter()

  init(key: SecretBytes) { self.key = key }

  func begin(_ table: String, _ columns: Int32) {
    bytes.clear()
    bytes.writeString(table)
    bytes.write(UInt16(columns))
  }

  /// A type tag, and the value with its length. Projections have no column of type REAL.
  func add(_ value: AuditValue) {
    switch value {
    case .null, .real: bytes.write(UInt8(0))
    case .integer(let number):
      bytes.write(UInt8(1))
      bytes.write(number)
    case .text(let text): write(2, text)
    case .bytes(let blob): write(3, blob)
    }
  }

  private func write(_ tag: UInt8, _ value: UnsafeRawBufferPointer) {
    bytes.write(tag)
    bytes.write(UInt64(value.count))
    bytes.write(value)
  }

  func end() -> Digest {
    sha256.begin()
    key.withUnsafeBytes { sha256.update($0) }
    sha256.update(Self.padding)
    bytes.bytes.withUnsafeBytes { sha256.update($0) }
    return sha256.end()
  }
}
