import CustodyLedger
import Foundation
import GRDB
import Synchronization

/// Read-only connections, made as needed and used again.
package final class ReaderPool: Sendable {
  private struct Reader {
    let queue: DatabaseQueue
    let inode: ino_t?
  }

  private let path: String
  private let cacheSize: Int?
  private let idle = Mutex<[Reader]>([])
  private static let idleMax = 4

  /// - Parameter cacheSize: bytes of pages that each connection keeps in memory at most; SQLite's own
  ///   measure when nil.
  package init(path: String, cacheSize: Int? = nil) {
    self.path = path
    self.cacheSize = cacheSize
  }

  package func read<R>(_ body: (LedgerReader) throws -> R) throws -> R {
    try readConnection { try body(LedgerReader($0)) }
  }

  /// The same for a database of another kind.
  package func readConnection<R>(_ body: (OpaquePointer) throws -> R) throws -> R {
    let reader = try reader()
    defer {
      idle.withLock { if $0.count < Self.idleMax { $0.append(reader) } }
    }
    return try Connection.translating(path) {
      // One transaction, so that everything that `body` reads is of one moment.
      try reader.queue.read { try body($0.sqliteConnection!) }
    }
  }

  private func reader() throws -> Reader {
    let inode = FileAttributes.inode(path)
    // One of a file that was replaced would go on reading the old one.
    while let known = idle.withLock({ $0.popLast() }) {
      if known.inode == inode { return known }
    }
    return Reader(queue: try Connection.reader(path, cacheSize: cacheSize), inode: inode)
  }
}
