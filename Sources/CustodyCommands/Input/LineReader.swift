import Custody
import Foundation

/// Reads lines of a file or of standard input, with their numbers.
final class LineReader {
  /// Lines next to each other, as ranges of one buffer.
  struct Lines: Sendable {
    let file: String
    fileprivate(set) var bytes: [UInt8] = []
    /// Without line ends.
    fileprivate(set) var ranges: [Range<Int>] = []
    /// The number of the first, from 1.
    let firstNumber: Int
  }

  /// Longer lines cannot hold a content that is taken, however it is escaped.
  static let lineSizeMax = 2 * Limits.contentSizeMax
  private static let chunkSize = 1 << 20

  let name: String
  private let file: Int32
  private var buffer: [UInt8] = []
  private var start = 0
  /// Where lines end in the buffer, from `start` on.
  private var ends: [Int] = []
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
    buffer = []
    ends = []
    start = 0
    number = 0
    bytesRead = 0
    isAtEnd = false
  }

  /// At most `count` lines; fewer when `wait` passes without enough input. Nil at the end.
  ///
  /// - Parameter wait: seconds; nil waits for as long as it takes.
  func next(_ count: Int, wait: Double? = nil) throws -> Lines? {
    let deadline = wait.map { ProcessInfo.processInfo.systemUptime + $0 }
    while !isAtEnd, ends.count < count {
      if let deadline, !ends.isEmpty {
        let rest = deadline - ProcessInfo.processInfo.systemUptime
        var poll = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
        if Foundation.poll(&poll, 1, Int32(max(0, rest * 1000))) == 0 { break }
      }
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
    for end in ends.prefix(count) {
      lines.ranges.append(start..<end)
      start = min(end + 1, buffer.count)
    }
    ends.removeFirst(lines.ranges.count)
    number += lines.ranges.count
    return lines
  }

  /// Reads more into a new buffer and finds the line ends in it.
  private func fill() throws {
    let rest = buffer[start...]
    ends = ends.map { $0 - start }
    start = 0
    let had = rest.count
    let tail = had - (ends.last.map { $0 + 1 } ?? 0)
    guard tail <= Self.lineSizeMax else {
      throw CustodyError(
        .contentTooLarge,
        "The line is longer than any content may be; the most is \(Limits.contentSizeMax) bytes.",
        at: .init(file: name, line: number + ends.count + 1))
    }
    // Grows with a long line, so that reading it takes time in proportion to its length.
    let wanted = max(Self.chunkSize, had)
    var got = 0
    let fresh = [UInt8](unsafeUninitializedCapacity: had + wanted) { memory, count in
      let end = memory[...].initialize(fromContentsOf: rest)
      repeat {
        got = read(file, memory.baseAddress! + end, wanted)
      } while got < 0 && errno == EINTR
      count = had + max(0, got)
    }
    guard got >= 0 else {
      throw CustodyError(.io, "\(name) cannot be read: \(String(cString: strerror(errno))).")
    }
    bytesRead += got
    isAtEnd = got == 0
    fresh.withUnsafeBytes { bytes in
      var at = had
      while at < bytes.count, let found = memchr(bytes.baseAddress! + at, 0x0a, bytes.count - at) {
        ends.append(UnsafeRawPointer(found) - bytes.baseAddress!)
        at = ends.last! + 1
      }
    }
    buffer = fresh
  }
}
