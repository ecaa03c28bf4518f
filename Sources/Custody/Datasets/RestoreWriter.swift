import CustodyModel
import CustodyStore
import Foundation

/// Writes restored records beside their target.
protocol RestoreWriter {
  mutating func write(_ record: VersionContents.Record, _ progress: (Int) -> Void) throws
  mutating func finish() throws
}

/// A folder of files, with their times and modes.
struct FolderWriter: RestoreWriter {
  private let root: String

  init(_ root: String) throws {
    self.root = root
    try FileIO.makeFolder(root)
  }

  mutating func write(_ record: VersionContents.Record, _ progress: (Int) -> Void) throws {
    let path = try Self.path(record.key, below: root)
    let mode = record.file?.mode ?? UInt32(S_IFREG | 0o600)
    if mode_t(mode) & S_IFMT == S_IFDIR {
      try FileIO.makeFolder(path)
    } else {
      try FileIO.makeFolder(PathParts.folder(of: path))
      let file = try FileIO.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      defer { close(file) }
      try record.forEachPiece { piece in
        try FileIO.writeAll(file, piece, path)
        progress(piece.count)
      }
      guard fsync(file) == 0 else { throw CustodyError(SystemCallError("fsync"), path: path) }
    }
    guard let file = record.file else { return }
    guard chmod(path, mode_t(file.mode) & 0o7777) == 0 else {
      throw CustodyError(SystemCallError("chmod"), path: path)
    }
    let time = timespec(tv_sec: time_t(file.seconds), tv_nsec: Int(file.nanoseconds))
    guard utimensat(AT_FDCWD, path, [time, time], AT_SYMLINK_NOFOLLOW) == 0 else {
      throw CustodyError(SystemCallError("utimensat"), path: path)
    }
  }

  /// - Throws: `damaged` for a path that would leave the folder: it is no path that a commit made.
  private static func path(_ key: [UInt8], below root: String) throws -> String {
    let parts = key.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isSafe =
      !key.contains(0) && !parts.isEmpty
      && parts.allSatisfy { part in
        !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
      }
    guard isSafe, let text = String(validating: key, as: UTF8.self) else {
      throw CustodyError(
        .damaged, "A record's path would leave the target; nothing was written. Run: custody verify"
      )
    }
    return "\(root)/\(text)"
  }

  mutating func finish() throws {}
}
