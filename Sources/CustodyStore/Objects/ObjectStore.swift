import CSQLiteShim
import CustodyLedger
import Foundation
import GRDB

/// objects.sqlite: sealed contents by address. Written under the store's lock, by whoever holds it.
package final class ObjectStore: Sendable {
  /// What a content is found by when the same is to be stored again.
  package typealias Tag = EventID

  /// A sealed object on its way in.
  package struct New: Sendable {
    package let object: SealedObject
    package let address: Digest
    package let tag: Tag?

    package init(_ object: SealedObject, address: Digest, tag: Tag?) {
      self.object = object
      self.address = address
      self.tag = tag
    }
  }

  package let path: String
  private let writer: DatabaseQueue?
  private let readers: WorkerPool<ObjectReader>
  /// Addresses and tags are random: a commit of many records writes to every page of their indexes.
  private static let cacheSize = 48 << 20

  /// - Parameter isWritable: then the store's lock is held while this is made.
  package init(path: String, isWritable: Bool) throws {
    self.path = path
    readers = WorkerPool { try ObjectReader(path) }
    writer = isWritable ? try Connection.writer(path, cacheSize: Self.cacheSize) : nil
  }

  /// Whose the first object is, by its header; nil when there are none.
  func ledgerIDOfFirst() throws -> LedgerID? {
    try Connection.translating(path) {
      try Connection.reader(path).read { db in
        try Data.fetchOne(
          db,
          sql:
            "SELECT substr(bytes, 1, \(SealedObject.ledgerIDBytes.upperBound)) FROM object LIMIT 1")
      }
    }.flatMap { LedgerID([UInt8]($0.dropFirst(SealedObject.ledgerIDBytes.lowerBound))) }
  }

  /// Adds objects that are not there yet, in one transaction; the store's lock is held.
  package func insert(_ objects: [New]) throws {
    try writing { db in
      try db.inTransaction(.immediate) {
        let connection = db.sqliteConnection!
        let insert = try HotStatement(
          connection, "INSERT OR IGNORE INTO object (address, bytes, tag) VALUES (?, ?, ?)")
        let tag = try HotStatement(
          connection, "INSERT OR REPLACE INTO content_tag (tag, object) VALUES (?, ?)")
        var tags: [(tag: Tag, object: Int64)] = []
        tags.reserveCapacity(objects.count)
        for new in objects {
          insert.bind(1, new.address)
          if let found = new.tag { insert.bind(3, found) } else { insert.bindNull(3) }
          try new.object.bytes.withUnsafeBytes {
            insert.bind(2, $0)
            try insert.run()
          }
          if let found = new.tag, sqlite3_changes(connection) == 1 {
            tags.append((found, sqlite3_last_insert_rowid(connection)))
          }
        }
        // In the order of their table: neighbors share its pages.
        tags.sort { $0.tag < $1.tag }
        for (found, object) in tags {
          tag.bind(1, found)
          tag.bind(2, object)
          try tag.run()
        }
        return .commit
      }
      if WriteAheadLog.size(path) > Limits.walSizeMax { try WriteAheadLog.shorten(db) }
    }
  }

  /// Runs `body` with the one connection that writes; the store's lock is held.
  package func writing<R>(_ body: (Database) throws -> R) throws -> R {
    guard let writer else {
      throw CustodyError(.usage, "This store was opened for reading only.")
    }
    return try Connection.translating(path) { try writer.writeWithoutTransaction(body) }
  }

  /// Copies the log into the database; called under the store's lock when a writer closes.
  package func shortenLog() throws {
    guard let writer, WriteAheadLog.size(path) > 0 else { return }
    try Connection.translating(path) {
      try writer.writeWithoutTransaction { try WriteAheadLog.shorten($0) }
    }
  }

  // MARK: - Reading

  /// Looks up objects with connections of its own, for one thread at a time. Give it back with
  /// ``takeBack(_:)``: opening one takes longer than most look-ups.
  package func reader() throws -> ObjectReader {
    try readers.take()
  }

  package func takeBack(_ reader: ObjectReader) { readers.takeBack(reader) }
}

/// Looks up objects; for one thread at a time.
///
/// Addresses and tags are random, contents lie in the order in which they came. On one connection,
/// reading contents would push the pages of the indexes out of memory again and again.
package final class ObjectReader {
  private let indexes: ReadOnlyDatabase
  private let contents: ReadOnlyDatabase
  private let sha256 = SHA256()
  private let byAddress: HotStatement
  private let byTag: HotStatement
  private let bytes: HotStatement
  private let row: HotStatement
  /// Where the next object is expected: what was stored together comes together again.
  private var next: Int64 = 0
  private static let indexCacheSize = 48 << 20

  init(_ path: String) throws {
    indexes = try ReadOnlyDatabase(path: path, cacheSize: Self.indexCacheSize)
    contents = try ReadOnlyDatabase(path: path)
    // No reader keeps the log from being cut while it has nothing to do.
    try indexes.end()
    try contents.end()
    byAddress = try HotStatement(indexes.handle, "SELECT id FROM object WHERE address = ?")
    byTag = try HotStatement(indexes.handle, "SELECT object FROM content_tag WHERE tag = ?")
    bytes = try HotStatement(contents.handle, "SELECT bytes FROM object WHERE id = ?")
    row = try HotStatement(contents.handle, "SELECT address, tag FROM object WHERE id = ?")
  }

  /// The sealed bytes, or nil when there is no such object (any more).
  ///
  /// - Throws: `damaged` when they are not the ones that the address was made of.
  package func bytes(at address: Digest) throws -> [UInt8]? {
    guard let id = try id(of: address) else { return nil }
    bytes.bind(1, id)
    defer { bytes.reset() }
    guard try bytes.step() else { return nil }
    let found = Array(bytes.bytes(0))
    guard sha256.hash(found) == address else {
      throw CustodyError(
        .damaged, "Object \(address) is not what its address says. Run: custody verify")
    }
    return found
  }

  /// Runs look-ups in one transaction; alone, each is one of its own.
  package func atOnce<R>(_ body: () throws -> R) throws -> R {
    try indexes.begin()
    defer { try? indexes.end() }
    try contents.begin()
    defer { try? contents.end() }
    return try body()
  }

  package func contains(_ address: Digest) throws -> Bool { try id(of: address) != nil }

  private func id(of address: Digest) throws -> Int64? {
    byAddress.bind(1, address)
    defer { byAddress.reset() }
    return try byAddress.step() ? byAddress.integer(0) : nil
  }

  /// The address of the object with an equal content under the same keys, as the tables say: one that
  /// was not expected is opened before it is believed.
  ///
  /// - Parameter expected: where it probably is. Found at once when it was stored right after the
  ///   one that was asked for last.
  package func address(of tag: ObjectStore.Tag, expecting expected: Digest? = nil) throws -> Digest?
  {
    if let expected, let found = try row(next), found.address == expected {
      next += 1
      if found.tag == tag { return expected }
    }
    byTag.bind(1, tag)
    defer { byTag.reset() }
    guard try byTag.step() else { return nil }
    let id = byTag.integer(0)
    guard let found = try row(id), found.tag == tag else { return nil }
    next = id + 1
    return found.address
  }

  /// No more objects than this were ever stored.
  func objectCountMax() throws -> Int {
    let query = try HotStatement(contents.handle, "SELECT ifnull(max(id), 0) FROM object")
    return try query.step() ? Int(max(0, query.integer(0))) : 0
  }

  func forEachTag(_ body: (ObjectStore.Tag) -> Void) throws {
    let query = try HotStatement(contents.handle, "SELECT tag FROM content_tag")
    while try query.step() { ObjectStore.Tag(query.bytes(0)).map(body) }
  }

  private func row(_ id: Int64) throws -> (address: Digest, tag: ObjectStore.Tag?)? {
    row.bind(1, id)
    defer { row.reset() }
    guard try row.step(), row.bytes(0).count == Digest.byteCount else { return nil }
    return (Digest(loading: row.bytes(0)), ObjectStore.Tag(row.bytes(1)))
  }
}
