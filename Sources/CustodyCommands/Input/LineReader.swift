import Custody
import CustodyStore
import Foundation

/// Reads lines of a file or of standard input, with their numbers.
final class LineReader {
  /// Lines next to each other, as ranges of one buffer.
  struct Lines: Sendable {
    let file: String
    fileprivate(set) var bytes: [UInt8] = []
    /// Without line ends, be they LF or CR LF.
    fileprivate(set) var ranges: [Range<Int>] = []
    /// The number of the first, from 1.
    let firstNumber: Int
    /// Whether this is one line that is longer than any content may be; its bytes are dropped.
    fileprivate(set) var isTooLong = false
  }

  /// Longer lines cannot hold a content that is taken, however it is escaped.
  static let lineSizeMax = 2 * Limits.contentSizeMax
  private static let chunkSize = 1 << 20
  /// Bytes from which on a batch is not made larger, so that memory does not grow with its lines.
  private static let batchSizeMax = 32 << 20

  let name: String
  private let file: Int32
  /// Where reading began: a shell may have read a part before.
  private let origin: off_t
  private var chunk = [UInt8](repeating: 0, count: chunkSize)
  private var buffer: [UInt8] = []
  private var start = 0
  /// Where lines end in the buffer, from `start` on.
  private var ends: [Int] = []
  private var number = 0
  private var isAtEnd = false
  /// Whether lines that were handed out share the buffer.
  private var isShared = false
  /// Whether the rest of a line that is too long is still to be passed over.
  private var isSkipping = false

  /// - Parameter path: a file, or `-` for standard input.
  init(path: String) throws {
    name = path == "-" ? "standard input" : path
    file = path == "-" ? STDIN_FILENO : try FileIO.open(path, O_RDONLY | O_CLOEXEC)
    origin = lseek(file, 0, SEEK_CUR)
    if kind == S_IFDIR {
      throw CustodyError(.invalidInput, "\(name) is a folder. Give the files in it.")
    }
  }

  deinit { if file != STDIN_FILENO { close(file) } }

  /// Whether the file can be read twice: a regular one.
  var isRegular: Bool { kind == S_IFREG }

  private var kind: mode_t {
    var status = stat()
    return fstat(file, &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  /// The file's size in bytes, for progress.
  var size: Int {
    var status = stat()
    return fstat(file, &status) == 0 ? Int(status.st_size) : 0
  }

  private(set) var bytesRead = 0

  func rewind() throws {
    guard lseek(file, origin, SEEK_SET) == origin else {
      throw CustodyError(.io, "\(name) cannot be read a second time.")
    }
    buffer = []
    ends = []
    start = 0
    number = 0
    bytesRead = 0
    isAtEnd = false
    isShared = false
    isSkipping = false
  }

  /// At most `count` lines; fewer when `wait` passes without enough input. Nil at the end.
  ///
  /// - Parameter wait: seconds; nil waits for as long as it takes.
  func next(_ count: Int, wait: Double? = nil) throws -> Lines? {
    let deadline = wait.map { ProcessInfo.processInfo.systemUptime + $0 }
    while !isAtEnd, ends.count < count, ends.isEmpty || buffer.count - start < Self.batchSizeMax {
      if let deadline, !ends.isEmpty {
        let rest = deadline - ProcessInfo.processInfo.systemUptime
        var poll = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
        if Foundation.poll(&poll, 1, Int32(max(0, rest * 1000))) == 0 { break }
      }
      if ends.isEmpty, buffer.count - start > Self.lineSizeMax { return tooLong() }
      try fill()
    }
    if isAtEnd, ends.count < count, (ends.last.map { $0 + 1 } ?? start) < buffer.count {
      // The last line has no line end.
      ends.append(buffer.count)
    }
    guard !ends.isEmpty else { return nil }
    var lines = Lines(file: name, firstNumber: number + 1)
    // Shared, not copied: the next fill starts a buffer of its own.
    lines.bytes = buffer
    isShared = true
    for end in ends.prefix(count) {
      // White space outside of every JSON text, so that no content is another for it.
      let hasReturn = end > start && buffer[end - 1] == UInt8(ascii: "\r")
      lines.ranges.append(start..<(hasReturn ? end - 1 : end))
      start = min(end + 1, buffer.count)
    }
    ends.removeFirst(lines.ranges.count)
    number += lines.ranges.count
    return lines
  }

  /// The line that fills the buffer without an end; its rest is passed over.
  private func tooLong() -> Lines {
    number += 1
    buffer = []
    start = 0
    isShared = false
    isSkipping = true
    var lines = Lines(file: name, firstNumber: number)
    lines.isTooLong = true
    return lines
  }

  /// Reads more and finds the line ends in it.
  private func fill() throws {
    if isShared {
      buffer = Array(buffer[start...])
      ends = ends.map { $0 - start }
      start = 0
      isShared = false
    }
    var got = 0
    repeat { got = read(file, &chunk, Self.chunkSize) } while got < 0 && errno == EINTR
    guard got >= 0 else { throw CustodyError(SystemCallError("read"), path: name) }
    bytesRead += got
    isAtEnd = got == 0
    var from = 0
    if isSkipping {
      guard let end = chunk[..<got].firstIndex(of: 0x0a) else { return }
      from = end + 1
      isSkipping = false
    }
    let had = buffer.count
    buffer.append(contentsOf: chunk[from..<got])
    buffer.withUnsafeBytes { bytes in
      var at = had
      while at < bytes.count, let found = memchr(bytes.baseAddress! + at, 0x0a, bytes.count - at) {
        ends.append(UnsafeRawPointer(found) - bytes.baseAddress!)
        at = ends.last! + 1
      }
    }
  }
}
