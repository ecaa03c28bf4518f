import Foundation

/// Whether a database is there in its whole length, without opening it as one.
enum DatabaseFile {
  /// What is wrong with the file, or nil. Whoever may not read it is not told.
  static func condition(_ path: String, _ part: StorePart) -> StoreCondition? {
    guard FileIO.exists(path) else { return .missing(part, path) }
    let file = Foundation.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else {
      return errno == ELOOP
        ? .torn(part, "\(path) is a symbolic link, and was a file.") : nil
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return .torn(part, "\(path) is not a file.")
    }
    guard status.st_size > 0 else {
      return .torn(part, "\(path) is empty: it was cut short or replaced.")
    }
    var header = [UInt8](repeating: 0, count: 100)
    guard read(file, &header, header.count) == header.count,
      header.starts(with: "SQLite format 3\0".utf8)
    else { return .torn(part, "\(path) is not a database: it was cut short or replaced.") }
    // Offsets and meanings: https://www.sqlite.org/fileformat.html#the_database_header
    func number(_ offset: Int, _ count: Int) -> Int {
      header[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
    }
    let pageSize = number(16, 2) == 1 ? 65536 : number(16, 2)
    // "The in-header database size is only considered to be valid if it is non-zero and also if the
    // 4-byte change counter at offset 24 exactly matches the 4-byte version-valid-for number".
    let isSizeValid = number(28, 4) > 0 && number(24, 4) == number(92, 4)
    let there = Int(status.st_size) / pageSize
    guard
      !isSizeValid || there >= number(28, 4)
        || WriteAheadLog.holds(pages: there + 1...number(28, 4), of: path)
    else {
      return .torn(
        part,
        "\(path) is cut short: it has \(status.st_size) of \(pageSize * number(28, 4)) bytes.")
    }
    return nil
  }
}
