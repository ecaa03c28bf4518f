import Foundation
import Synchronization

/// An advisory lock on a file, between processes and between users of one process.
///
/// Writers that wait inside SQLite starve each other, because its busy handler sleeps; the kernel
/// wakes those who wait for a `flock` in turn.
package final class FileLock: Sendable {
  /// What this process does while somebody else holds a lock.
  package struct Patience: Sendable {
    /// Called once when waiting takes long.
    package var onLongWait: (@Sendable () -> Void)?
    /// In seconds; nil waits for ever.
    package var timeout: Double?

    /// Called while an erasure waits for processes that read an older state, with their names.
    package var onReaders: (@Sendable ([String]) -> Void)?

    package init(
      onLongWait: (@Sendable () -> Void)? = nil, timeout: Double? = nil,
      onReaders: (@Sendable ([String]) -> Void)? = nil
    ) {
      self.onLongWait = onLongWait
      self.timeout = timeout
      self.onReaders = onReaders
    }
  }

  package static let patience = Mutex(Patience())
  /// From when on waiting is worth saying, in seconds.
  private static let longWait = 2.0
  private static let pollInterval: UInt32 = 20_000

  private let path: String

  package init(path: String) { self.path = path }

  /// Runs `body` under the lock. Each hold opens the file anew, so two holders in one process also
  /// wait for each other.
  ///
  /// - Throws: `locked` when somebody else holds it for longer than this process waits.
  package func withLock<R>(_ body: () throws -> R) throws -> R {
    let file = try FileIO.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    // Closing the only descriptor of this open file releases the lock.
    defer { close(file) }
    if try !take(file, LOCK_EX | LOCK_NB) { try wait(for: file) }
    return try body()
  }

  /// - Returns: false when somebody else holds it and `mode` does not wait.
  private func take(_ file: Int32, _ mode: Int32) throws -> Bool {
    while flock(file, mode) != 0 {
      if errno == EWOULDBLOCK { return false }
      guard errno == EINTR else { throw CustodyError(SystemCallError("flock"), path: path) }
    }
    return true
  }

  private func wait(for file: Int32) throws {
    let patience = Self.patience.withLock { $0 }
    let notice = DispatchWorkItem { patience.onLongWait?() }
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.longWait, execute: notice)
    defer { notice.cancel() }
    guard let timeout = patience.timeout else {
      _ = try take(file, LOCK_EX)
      return
    }
    let end = ProcessInfo.processInfo.systemUptime + timeout
    while try !take(file, LOCK_EX | LOCK_NB) {
      guard ProcessInfo.processInfo.systemUptime < end else {
        throw CustodyError(
          .locked,
          "Another program has been writing to the store for \(timeout) seconds. Wait for it, or give "
            + "--timeout more.")
      }
      usleep(Self.pollInterval)
    }
  }
}
