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

    package init(_ object: SealedObject, tag: Tag?) {
      self.object = object
      self.tag = tag
      address = object.address
    }
  }

  private let path: String
  private let writer: DatabaseQueue?

  /// - Parameter isWritable: then the store's lock is held while this is made.
  package init(path: String, isWritable: Bool) throws {
    self.path = path
    writer = isWritable ? try Connection.writer(path) : nil
  }

  /// Adds objects that are not there yet, in one transaction; the store's lock is held.
  package func insert(_ objects: [New]) throws {
    guard let writer else {
      throw CustodyError(.usage, "This store was opened for reading only.")
    }
    try Connection.translating(path) {
      try writer.writeWithoutTransaction { db in
        try db.inTransaction(.immediate) {
          let connection = db.sqliteConnection!
          let insert = try HotStatement(
            connection, "INSERT OR IGNORE INTO object (address, bytes) VALUES (?, ?)")
          let tag = try HotStatement(
            connection,
            """
            INSERT OR REPLACE INTO content_tag (tag, object)
            VALUES (?, (SELECT id FROM object WHERE address = ?))
            """)
          for new in objects {
            insert.bind(1, new.address)
            try new.object.bytes.withUnsafeBytes {
              insert.bind(2, $0)
              try insert.run()
            }
            guard let found = new.tag else { continue }
            tag.bind(1, found)
            tag.bind(2, new.address)
            try tag.run()
          }
          return .commit
        }
        if WriteAheadLog.size(path) > Limits.walSizeMax { try WriteAheadLog.shorten(db) }
      }
    }
  }

  /// Copies the log into the database; called under the store's lock when a writer closes.
  package func shortenLog() throws {
    guard let writer, WriteAheadLog.size(path) > 0 else { return }
    try Connection.translating(path) {
      try writer.writeWithoutTransaction { try WriteAheadLog.shorten($0) }
    }
  }

  // MARK: - Reading

  /// Looks up objects with a connection of its own, for one thread at a time.
  package func reader() throws -> ObjectReader { try ObjectReader(path) }
}

/// Looks up objects; belongs to one connection, which it keeps.
package final class ObjectReader {
  private let database: ReadOnlyDatabase
  private let byAddress: HotStatement
  private let byTag: HotStatement
  private let presence: HotStatement

  init(_ path: String) throws {
    database = try ReadOnlyDatabase(path: path, cacheSize: 32 << 20)
    let connection = database.handle
    // No reader keeps the log from being cut while it has nothing to do.
    try database.end()
    byAddress = try HotStatement(connection, "SELECT bytes FROM object WHERE address = ?")
    presence = try HotStatement(connection, "SELECT 1 FROM object WHERE address = ?")
    byTag = try HotStatement(
      connection,
      """
      SELECT o.address FROM content_tag AS t JOIN object AS o ON o.id = t.object WHERE t.tag = ?
      """)
  }

  /// The sealed bytes, or nil when there is no such object (any more).
  ///
  /// - Throws: `damaged` when they are not the ones that the address was made of.
  package func bytes(at address: Digest) throws -> [UInt8]? {
    byAddress.bind(1, address)
    defer { byAddress.reset() }
    guard try byAddress.step() else { return nil }
    let bytes = Array(byAddress.bytes(0))
    guard SHA256.hash(bytes) == address else {
      throw CustodyError(
        .damaged, "Object \(address) is not what its address says. Run: custody verify")
    }
    return bytes
  }

  /// Runs look-ups in one transaction; alone, each is one of its own.
  package func atOnce<R>(_ body: () throws -> R) throws -> R {
    try database.begin()
    defer { try? database.end() }
    return try body()
  }

  package func contains(_ address: Digest) throws -> Bool {
    presence.bind(1, address)
    defer { presence.reset() }
    return try presence.step()
  }

  /// The address of the object with an equal content under the same keys.
  package func address(of tag: ObjectStore.Tag) throws -> Digest? {
    byTag.bind(1, tag)
    defer { byTag.reset() }
    guard try byTag.step(), byTag.bytes(0).count == Digest.byteCount else { return nil }
    return Digest(loading: byTag.bytes(0))
  }
}
