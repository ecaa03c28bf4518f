import CustodyLedger
import GRDB
import Synchronization

/// Read-only connections, made as needed and used again.
final class ReaderPool: Sendable {
  private let path: String
  private let idle = Mutex<[DatabaseQueue]>([])
  private static let idleMax = 4

  init(path: String) { self.path = path }

  func read<R>(_ body: (LedgerReader) throws -> R) throws -> R {
    let queue = try idle.withLock { $0.popLast() } ?? Connection.reader(path)
    defer {
      idle.withLock { if $0.count < Self.idleMax { $0.append(queue) } }
    }
    do {
      return try Connection.translating(path) {
        // One transaction, so that everything that `body` reads is of one moment.
        try queue.read { try body(LedgerReader($0.sqliteConnection!)) }
      }
    } catch let error as SQLiteError {
      throw CustodyError(sqlite: error, path: path)
    }
  }
}
