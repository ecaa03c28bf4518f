import CustodyStore
import Foundation

/// Reads a text line by line, in constant memory.
final class LineFile {
  /// No line of evidence is longer, but for the content of a disclosure.
  private static let lineSizeMax = 1 << 20

  private let path: String
  private let file: Int32
  private var buffer: [UInt8] = []
  private var start = 0

  /// - Throws: `notFound`, `permission`; `invalidInput` for what is no file.
  init(_ path: String) throws {
    self.path = path
    file = try FileIO.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw CustodyError(.invalidInput, "\(path) is no file.")
    }
  }

  deinit { close(file) }

  /// The whole text.
  ///
  /// - Throws: `invalidInput` for more than `limit` bytes, and for what is no UTF-8.
  static func text(_ path: String, atMost limit: Int) throws -> String {
    guard let text = String(validating: try bytes(path, atMost: limit), as: UTF8.self) else {
      throw CustodyError(.invalidInput, "\(path) is no UTF-8 text.")
    }
    return text
  }

  /// All bytes.
  ///
  /// - Throws: `invalidInput` for more than `limit`.
  static func bytes(_ path: String, atMost limit: Int) throws -> [UInt8] {
    let file = try LineFile(path)
    while file.buffer.count <= limit {
      guard try file.read() else { return file.buffer }
    }
    throw file.fault("more than \(limit) bytes, the most that it can need")
  }

  /// - Returns: false at the end of the file.
  private func read() throws -> Bool {
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    var count = 0
    repeat { count = Foundation.read(file, &piece, piece.count) } while count < 0 && errno == EINTR
    guard count >= 0 else { throw CustodyError(SystemCallError("read"), path: path) }
    buffer += piece[..<count]
    return count > 0
  }

  /// The next line without its end, or nil at the end of the file.
  ///
  /// - Throws: `invalidInput` for a last line without an end, one that is too long, or no UTF-8.
  func next() throws -> String? {
    while true {
      if let end = buffer[start...].firstIndex(of: 0x0a) {
        let line = String(validating: buffer[start..<end], as: UTF8.self)
        start = end + 1
        guard let line else { throw fault("no UTF-8 text") }
        return line
      }
      guard buffer.count - start <= Self.lineSizeMax else { throw fault("a line that is too long") }
      buffer.removeFirst(start)
      start = 0
      if try !read() {
        guard buffer.isEmpty else { throw fault("a last line without its end") }
        return nil
      }
    }
  }

  private func fault(_ what: String) -> CustodyError {
    CustodyError(.invalidInput, "\(path) has \(what).")
  }
}
