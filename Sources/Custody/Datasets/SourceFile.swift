import CustodyModel
import CustodyStore
import Foundation

/// A file of a source, as it was found: read later, it must still be the same.
struct SourceFile: Sendable {
  let path: String
  let size: Int
  private let inode: ino_t
  private let modified: timespec

  /// - Throws: `invalidInput` for what is neither a file nor a folder: nothing is read through it.
  init(_ path: String) throws { self.init(path, try Self.status(of: path)) }

  init(_ path: String, _ status: stat) {
    self.path = path
    size = Int(status.st_size)
    inode = status.st_ino
    modified = status.st_mtim
  }

  /// What is at `path` itself, not what a link leads to.
  ///
  /// - Throws: `invalidInput` for what is neither a file nor a folder; `notFound`.
  static func status(of path: String) throws -> stat {
    // With a slash behind it a link is what it leads to.
    var bare = path[...]
    while bare.utf8.count > 1, bare.hasSuffix("/") { bare.removeLast() }
    var status = stat()
    guard lstat(String(bare), &status) == 0 else {
      throw CustodyError(SystemCallError("lstat"), path: path)
    }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG || kind == S_IFDIR else {
      throw CustodyError(
        .invalidInput,
        "\(path) is \(describe(kind)): only files and folders can be committed. "
          + (kind == S_IFLNK
            ? "Name or copy what it leads to, or remove it."
            : "Write what it gives to a file, or remove it."))
    }
    return status
  }

  private static func describe(_ kind: mode_t) -> String {
    switch kind {
    case S_IFLNK: "a symbolic link"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }

  /// Whether a folder is at `path`.
  ///
  /// - Throws: as ``status(of:)``.
  static func isFolder(_ path: String) throws -> Bool {
    try status(of: path).st_mode & S_IFMT == S_IFDIR
  }

  /// Times and mode, as a restore gives them back.
  static func metadata(_ status: stat) -> RecordChange.File {
    RecordChange.File(
      seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec),
      mode: UInt32(status.st_mode))
  }

  /// Reads the file piece by piece, each of `pieceSize` bytes but the last.
  ///
  /// - Throws: `invalidInput` when it changes meanwhile.
  func read(pieceSize: Int, _ body: ([UInt8]) async throws -> Void) async throws {
    let reader = try Reader(self)
    while let piece = try reader.next(pieceSize) { try await body(piece) }
  }

  /// The whole file, for small ones.
  ///
  /// - Throws: `invalidInput` when it changes meanwhile.
  func whole() throws -> [UInt8] {
    let reader = try Reader(self)
    let bytes = try reader.next(max(size, 1)) ?? []
    _ = try reader.next(1)
    return bytes
  }

  /// Reads it from its beginning; who reads to the end knows that it did not change meanwhile.
  private final class Reader {
    private let file: SourceFile
    private let descriptor: Int32
    private var left: Int

    init(_ file: SourceFile) throws {
      self.file = file
      left = file.size
      descriptor = try FileIO.open(file.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
      try file.checkUnchanged(descriptor)
    }

    deinit { close(descriptor) }

    func next(_ pieceSize: Int) throws -> [UInt8]? {
      guard left > 0 else {
        try file.checkUnchanged(descriptor)
        return nil
      }
      let count = min(pieceSize, left)
      let piece = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        while initialized < count {
          let got = Foundation.read(
            descriptor, buffer.baseAddress! + initialized, count - initialized)
          if got < 0, errno == EINTR { continue }
          guard got >= 0 else { throw CustodyError(SystemCallError("read"), path: file.path) }
          guard got > 0 else { throw file.changed }
          initialized += got
        }
      }
      left -= count
      return piece
    }
  }

  private func checkUnchanged(_ descriptor: Int32) throws {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw CustodyError(SystemCallError("fstat"), path: path)
    }
    guard status.st_ino == inode, Int(status.st_size) == size,
      status.st_mtim.tv_sec == modified.tv_sec, status.st_mtim.tv_nsec == modified.tv_nsec
    else { throw changed }
  }

  private var changed: CustodyError {
    CustodyError(
      .invalidInput, "\(path) changed while it was read. Nothing was committed: try again.")
  }
}
