import CustodyLedger
import Foundation

/// Which files the databases of a store were when they were opened.
///
/// A database that was replaced stays open under its old name for ever: what is written to it then,
/// such as the key of a new person, is gone when the process ends.
struct OpenedFiles: Sendable {
  private struct Identity: Equatable {
    let device: dev_t
    let inode: ino_t

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = status.st_dev
      inode = status.st_ino
    }
  }

  private let files: [(path: String, identity: Identity)]

  /// Notes which files are at `paths` now; the store's lock is held. One that is not there is not
  /// asked about later either.
  init(_ paths: [String]) {
    files = paths.compactMap { path in Identity(path).map { (path, $0) } }
  }

  /// A file that is another one now or none; the store's lock is held.
  ///
  /// Cost: a stat for each file.
  func replaced() -> String? { files.first { Identity($0.path) != $0.identity }?.path }
}
