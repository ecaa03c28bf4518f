import Foundation
import Synchronization

/// Files and folders that this process is making and that hold contents in the clear: whoever ends the
/// process early removes them first.
package enum UnfinishedFiles {
  private static let paths = Mutex<Set<String>>([])

  /// Says that something is being made at a path.
  package static func add(_ path: String) { paths.withLock { _ = $0.insert(path) } }

  /// Removes what is at a path, if anything is.
  package static func remove(_ path: String) {
    try? FileManager.default.removeItem(atPath: path)
    paths.withLock { _ = $0.remove(path) }
  }

  package static func removeAll() {
    for path in paths.withLock({ $0 }) { remove(path) }
  }
}
