import Synchronization

/// Things that one thread uses at a time and that are dear to make: as many as threads wanted one.
package final class WorkerPool<Worker>: Sendable {
  private let make: @Sendable () throws -> Worker
  nonisolated(unsafe) private var idle: [Worker] = []
  private let lock = Mutex(())

  package init(_ make: @escaping @Sendable () throws -> Worker) { self.make = make }

  package func with<R>(_ body: (Worker) throws -> R) throws -> R {
    let worker = try lock.withLock { _ in idle.popLast() } ?? make()
    defer { lock.withLock { _ in idle.append(worker) } }
    return try body(worker)
  }
}
