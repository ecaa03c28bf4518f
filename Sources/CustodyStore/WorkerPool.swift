import Synchronization

/// Things that one thread uses at a time and that are dear to make: as many as threads wanted one.
package final class WorkerPool<Worker>: Sendable {
  private let make: @Sendable () throws -> Worker
  nonisolated(unsafe) private var idle: [Worker] = []
  private let lock = Mutex(())

  package init(_ make: @escaping @Sendable () throws -> Worker) { self.make = make }

  package func with<R>(_ body: (Worker) throws -> R) throws -> R {
    let worker = try take()
    defer { takeBack(worker) }
    return try body(worker)
  }

  /// One for the caller alone, until it is given back.
  package func take() throws -> Worker { try lock.withLock { _ in idle.popLast() } ?? make() }

  package func takeBack(_ worker: Worker) { lock.withLock { _ in idle.append(worker) } }
}
