import Foundation

/// A folder that a new store fills, held against others that want it, and as it was when that fails.
package final class FolderClaim {
  private let path: String
  private let descriptor: Int32
  private let isMade: Bool
  private let namesBefore: Set<String>

  /// Makes the folder if it is not there.
  ///
  /// - Throws: ``CustodyError/Code/alreadyExists`` when somebody else is filling it right now.
  package init(_ path: String) throws {
    self.path = path
    isMade = !FileIO.exists(path)
    try FileIO.makeFolder(path)
    descriptor = try FileIO.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // Without waiting: whoever holds it may need this very thread to go on.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let error = SystemCallError("flock")
      close(descriptor)
      guard error.errno == EWOULDBLOCK else { throw CustodyError(error, path: path) }
      throw CustodyError(.alreadyExists, "\(path) is being filled by another init right now.")
    }
    do {
      namesBefore = Set(try FileIO.names(in: path))
    } catch {
      close(descriptor)
      throw error
    }
  }

  // Closing the only descriptor of the open folder lets the next one have it.
  deinit { close(descriptor) }

  /// Removes what has come into the folder since, and the folder if this made it.
  package func undo() {
    for name in (try? FileIO.names(in: path)) ?? [] where !namesBefore.contains(name) {
      try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
    if isMade { rmdir(path) }
  }
}
