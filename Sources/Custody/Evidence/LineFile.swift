import CustodyStore
import Foundation

/// Reads a text line by line, in constant memory.
final class LineFile {
  /// No line of evidence is longer, but for the content of a disclosure.
  private static let lineSizeMax = 1 << 20

  private let name: String
  private let file: Int32
  /// Whether it is a file on a disk, and not a pipe.
  let isRegular: Bool
  private let isOwn: Bool
  private var buffer: [UInt8] = []
  private var start = 0

  private init(_ file: Int32, _ name: String, isRegular: Bool, isOwn: Bool = true) {
    self.file = file
    self.name = name
    self.isRegular = isRegular
    self.isOwn = isOwn
  }

  /// - Throws: `notFound`, `permission`; `invalidInput` for what is no file.
  convenience init(_ path: String) throws {
    // A pipe in a folder of tiles would be waited for.
    let file = try FileIO.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard Self.mode(of: file) == S_IFREG else {
      close(file)
      throw CustodyError(.invalidInput, "\(path) is no file.")
    }
    self.init(file, path, isRegular: true)
  }

  /// The same for what somebody names: a pipe is waited for.
  convenience init(pipeOr path: String) throws {
    let file = try FileIO.open(path, O_RDONLY | O_CLOEXEC)
    let mode = Self.mode(of: file)
    guard mode != S_IFBLK, mode != S_IFDIR else {
      close(file)
      throw CustodyError(.invalidInput, "\(path) is no file.")
    }
    self.init(file, path, isRegular: mode == S_IFREG)
  }

  /// - Throws: `invalidInput` for a folder.
  convenience init(standardInput name: String) throws {
    guard Self.mode(of: STDIN_FILENO) != S_IFDIR else {
      throw CustodyError(
        .invalidInput, "\(name) is a folder. Tiles are named: custody verify FOLDER")
    }
    self.init(STDIN_FILENO, name, isRegular: false, isOwn: false)
  }

  deinit { if isOwn { close(file) } }

  private static func mode(of file: Int32) -> mode_t {
    var status = stat()
    return fstat(file, &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  /// All bytes of the file at a path.
  ///
  /// - Throws: `invalidInput` for more than `limit`.
  static func bytes(_ path: String, atMost limit: Int) throws -> [UInt8] {
    try LineFile(path).rest(atMost: limit)
  }

  /// The whole text, of which no line was taken.
  ///
  /// - Throws: `invalidInput` for more than `limit` bytes, and for what is no UTF-8.
  func text(atMost limit: Int) throws -> String {
    guard let text = String(validating: try rest(atMost: limit), as: UTF8.self) else {
      throw CustodyError(.invalidInput, "\(name) is no UTF-8 text.")
    }
    return text
  }

  private func rest(atMost limit: Int) throws -> [UInt8] {
    while buffer.count <= limit {
      guard try read() else { return buffer }
    }
    throw fault("more than \(limit) bytes, the most that it can need")
  }

  /// The first bytes, `count` of them if there are as many; they stay to be read.
  func start(_ count: Int) throws -> ArraySlice<UInt8> {
    while buffer.count < count, try read() {}
    return buffer.prefix(count)
  }

  /// - Returns: false at the end of the file.
  private func read() throws -> Bool {
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    var count = 0
    repeat { count = Foundation.read(file, &piece, piece.count) } while count < 0 && errno == EINTR
    guard count >= 0 else { throw CustodyError(SystemCallError("read"), path: name) }
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
    CustodyError(.invalidInput, "\(name) has \(what).")
  }
}
