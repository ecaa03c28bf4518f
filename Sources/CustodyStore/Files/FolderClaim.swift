import Foundation

/// A folder that a new store fills, held against others that want it, and as it was when that fails.
package final class FolderClaim {
  private let path: String
  private let descriptor: Int32
  private let isMade: Bool
  private let owned: @Sendable (String) -> Bool

  /// Makes the folder if it is not there.
  ///
  /// - Parameter owned: whether a name is one of a file that the new store puts there.
  /// - Throws: ``CustodyError/Code/alreadyExists`` when somebody else is filling it right now.
  package init(_ path: String, owned: @escaping @Sendable (String) -> Bool) throws {
    self.path = path
    self.owned = owned
    isMade = !FileIO.exists(path)
    try FileIO.makeFolder(path)
    descriptor = try FileIO.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // Without waiting: whoever holds it may need this very thread to go on.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      // `deinit` closes the descriptor: a second close could hit one that another thread opened.
      let error = SystemCallError("flock")
      guard error.errno == EWOULDBLOCK else { throw CustodyError(error, path: path) }
      throw CustodyError(.alreadyExists, "\(path) is being filled by another init right now.")
    }
  }

  // Closing the only descriptor of the open folder lets the next one have it.
  deinit { close(descriptor) }

  /// Removes the folder when this made it and nothing is in it.
  package func letGo() { if isMade { rmdir(path) } }

  /// Removes the new store's files, none of which was there before, and lets go.
  package func undo() {
    for name in (try? FileIO.names(in: path)) ?? [] where owned(name) { unlink("\(path)/\(name)") }
    letGo()
  }
}
