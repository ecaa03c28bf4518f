import Custody
import CustodyStore
import Foundation

/// Small files that a command reads whole.
enum InputFile {
  /// - Parameter path: a file, or `-` for standard input.
  /// - Throws: ``CustodyError`` naming the file.
  static func read(_ path: String, atMost limit: Int = Limits.contentSizeMax) throws -> [UInt8] {
    let name = path == "-" ? "standard input" : path
    let file = path == "-" ? STDIN_FILENO : try FileIO.open(path, O_RDONLY | O_CLOEXEC)
    defer { if path != "-" { close(file) } }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Foundation.read(file, &chunk, chunk.count)
      if count < 0 {
        if errno == EINTR { continue }
        guard errno != EISDIR else { throw CustodyError(.invalidInput, "\(name) is a folder.") }
        throw CustodyError(SystemCallError("read"), path: name)
      }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
      guard bytes.count <= limit else {
        throw CustodyError(
          .contentTooLarge,
          "\(name) has more than \(limit) bytes, the most that is taken. Put large data into a "
            + "file of its own and its digest into the event.")
      }
    }
  }
}

extension InputFile {
  /// A file that only its owner may read, or standard input; the caller wipes the bytes.
  static func readSecret(_ path: String) throws -> [UInt8] {
    path == "-"
      ? try read("-", atMost: 1 << 16) : try FileIO.readSecret(path, followingLinks: true).bytes
  }
}

/// Files that a command writes for its user.
enum OutputFile {
  /// Asked before work whose result would be lost: whether the file may be written.
  static func check(_ path: String, replacing: Bool) throws {
    guard replacing || !FileIO.exists(path) else {
      throw CustodyError(.alreadyExists, "\(path) exists already. Replace it with --force.")
    }
    guard !FileIO.isFolder(path) else {
      throw CustodyError(.usage, "\(path) is a folder. Name a file in it.")
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard access(folder, W_OK) == 0 else {
      throw CustodyError(SystemCallError("access"), path: folder)
    }
  }

  /// Writes `bytes` whole or not at all.
  static func write(_ bytes: [UInt8], to path: String, replacing: Bool) throws {
    try check(path, replacing: replacing)
    try FileIO.replace(path, with: bytes, mode: 0o600)
  }

  /// Writes bytes as they come, all of them or none.
  static func write<R>(
    to path: String, replacing: Bool, _ body: (([UInt8]) throws -> Void) throws -> R
  ) throws -> R {
    try check(path, replacing: replacing)
    return try FileIO.replace(path, mode: 0o600, writing: body)
  }
}
