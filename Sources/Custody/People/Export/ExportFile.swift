import CustodyStore
import Foundation

/// A new file that is written piece by piece, for its owner alone.
final class ExportFile {
  private let path: String
  private let file: Int32
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 16

  init(_ path: String) throws {
    self.path = path
    file = try FileIO.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
  }

  deinit { close(file) }

  func write(_ text: String) throws { try write(Array(text.utf8)) }

  func write(_ bytes: [UInt8]) throws {
    buffer += bytes
    if buffer.count >= Self.bufferSize { try flush() }
  }

  private func flush() throws {
    try FileIO.writeAll(file, buffer, path)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Everything is on the disk afterwards.
  func finish() throws {
    try flush()
    guard fsync(file) == 0 else { throw CustodyError(SystemCallError("fsync"), path: path) }
  }
}
