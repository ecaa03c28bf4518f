import Custody
import Foundation

/// Reads lines of a file or of standard input, with their numbers.
final class LineReader {
  /// A line without its line end.
  struct Line: Sendable {
    /// From 1.
    let number: Int
    let bytes: [UInt8]
  }

  /// Longer lines cannot hold a content that is taken, however it is escaped.
  static let lineSizeMax = 2 * Limits.contentSizeMax
  private static let chunkSize = 1 << 20

  let name: String
  private let file: Int32
  private var buffer: [UInt8] = []
  private var start = 0
  private var number = 0
  private var isAtEnd = false

  /// - Parameter path: a file, or `-` for standard input.
  init(path: String) throws {
    name = path == "-" ? "standard input" : path
    if path == "-" {
      file = STDIN_FILENO
    } else {
      file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else {
        throw CustodyError(
          errno == EACCES ? .permission : .notFound,
          "\(path) cannot be read: \(String(cString: strerror(errno))).")
      }
    }
  }

  deinit { if file != STDIN_FILENO { close(file) } }

  /// Whether the file can be read twice: a regular one.
  var isRegular: Bool {
    var status = stat()
    return fstat(file, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// The file's size in bytes, for progress.
  var size: Int {
    var status = stat()
    return fstat(file, &status) == 0 ? Int(status.st_size) : 0
  }

  private(set) var bytesRead = 0

  func rewind() throws {
    guard lseek(file, 0, SEEK_SET) == 0 else {
      throw CustodyError(.io, "\(name) cannot be read a second time.")
    }
    buffer.removeAll(keepingCapacity: true)
    start = 0
    number = 0
    bytesRead = 0
    isAtEnd = false
  }

  /// At most `count` lines; fewer when `wait` passes without enough input. Nil at the end.
  ///
  /// - Parameter wait: seconds; nil waits for as long as it takes.
  func next(_ count: Int, wait: Double? = nil) throws -> [Line]? {
    var lines: [Line] = []
    let deadline = wait.map { ProcessInfo.processInfo.systemUptime + $0 }
    while lines.count < count {
      if let line = try takeLine() {
        lines.append(line)
        continue
      }
      if isAtEnd { break }
      if let deadline, !lines.isEmpty {
        let rest = deadline - ProcessInfo.processInfo.systemUptime
        var poll = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
        if Foundation.poll(&poll, 1, Int32(max(0, rest * 1000))) == 0 { break }
      }
      try fill()
    }
    return lines.isEmpty && isAtEnd ? nil : lines
  }

  private func takeLine() throws -> Line? {
    let end = buffer.withUnsafeBytes { bytes -> Int? in
      guard bytes.count > start,
        let found = memchr(bytes.baseAddress! + start, 0x0a, bytes.count - start)
      else { return nil }
      return UnsafeRawPointer(found) - bytes.baseAddress!
    }
    guard let end = end ?? (isAtEnd && start < buffer.count ? buffer.count : nil) else {
      guard buffer.count - start <= Self.lineSizeMax else {
        throw CustodyError(
          .contentTooLarge,
          "The line is longer than any content may be; the most is \(Limits.contentSizeMax) bytes.",
          at: .init(file: name, line: number + 1))
      }
      return nil
    }
    number += 1
    let line = Line(number: number, bytes: Array(buffer[start..<end]))
    start = min(end + 1, buffer.count)
    return line
  }

  private func fill() throws {
    if start > 0 {
      buffer.removeSubrange(..<start)
      start = 0
    }
    let had = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: Self.chunkSize))
    while true {
      let got = buffer.withUnsafeMutableBytes {
        read(file, $0.baseAddress! + had, Self.chunkSize)
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else {
        throw CustodyError(.io, "\(name) cannot be read: \(String(cString: strerror(errno))).")
      }
      buffer.removeSubrange((had + got)...)
      bytesRead += got
      if got == 0 { isAtEnd = true }
      return
    }
  }
}
