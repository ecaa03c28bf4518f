import Foundation

/// An advisory lock on a file, between processes and between users of one process.
///
/// Writers that wait inside SQLite starve each other, because its busy handler sleeps; the kernel
/// wakes those who wait for a `flock` in turn.
package final class FileLock: Sendable {
  private let path: String

  package init(path: String) { self.path = path }

  /// Runs `body` under the lock. Each hold opens the file anew, so two holders in one process also
  /// wait for each other.
  package func withLock<R>(_ body: () throws -> R) throws -> R {
    let file = try FileIO.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    // Closing the only descriptor of this open file releases the lock.
    defer { close(file) }
    while flock(file, LOCK_EX) != 0 {
      guard errno == EINTR else { throw CustodyError(SystemCallError("flock"), path: path) }
    }
    return try body()
  }
}
