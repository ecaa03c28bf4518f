/// The frame as bytes, integers big-endian:
///
///     u8 version = 1
///     u8 flags: 1 byte order mark, 2 header, 4 last line end
///     u8 line end: 1 LF, 2 CR LF, 3 CR
///     with a header: u8 delimiter, u32 length, bytes
///     u32 number of exceptions; for each
///       u64 first row + 1, u64 number of rows, u32 length, bytes
///
/// A frame has one encoding: it may be hashed.
extension TableFrame {
  private enum Flag {
    static let byteOrderMark: UInt8 = 1
    static let header: UInt8 = 2
    static let lastLineEnd: UInt8 = 4
    static let all = byteOrderMark | header | lastLineEnd
  }

  private static let version: UInt8 = 1

  package func encoded() -> [UInt8] {
    var bytes = [Self.version]
    bytes.append(
      (hasByteOrderMark ? Flag.byteOrderMark : 0) | (header == nil ? 0 : Flag.header)
        | (hasLastLineEnd ? Flag.lastLineEnd : 0))
    bytes.append(lineEnd.rawValue)
    if let header, let delimiter {
      bytes.append(delimiter)
      bytes.append(integer: UInt32(header.count))
      bytes.append(contentsOf: header)
    }
    bytes.append(integer: UInt32(exceptions.count))
    for exception in exceptions {
      bytes.append(integer: UInt64(exception.rows.lowerBound + 1))
      bytes.append(integer: UInt64(exception.rows.count))
      bytes.append(integer: UInt32(exception.bytes.count))
      bytes.append(contentsOf: exception.bytes)
    }
    return bytes
  }

  /// Reads what `encoded()` wrote, and refuses everything else.
  package init(parsing bytes: [UInt8]) throws(TableFault) {
    var reader = FrameReader(bytes)
    guard try reader.integer(UInt8.self) == Self.version else {
      throw .frame("the frame's version is unknown")
    }
    let flags = try reader.integer(UInt8.self)
    guard flags & ~Flag.all == 0 else { throw .frame("a flag of the frame is unknown") }
    hasByteOrderMark = flags & Flag.byteOrderMark != 0
    hasLastLineEnd = flags & Flag.lastLineEnd != 0
    guard let lineEnd = LineEnd(rawValue: try reader.integer(UInt8.self)) else {
      throw .frame("the frame's line end is unknown")
    }
    self.lineEnd = lineEnd
    if flags & Flag.header != 0 {
      delimiter = try reader.integer(UInt8.self)
      header = try reader.run()
    }
    try checkHeader()
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let first = try reader.count() - 1
      let (end, overflow) = first.addingReportingOverflow(try reader.count())
      guard !overflow, end > first else { throw .frame("an exception has no rows") }
      let exception = LineEndException(rows: first..<end, bytes: try reader.run())
      try checkNext(exception)
      exceptions.append(exception)
    }
    guard reader.isAtEnd else { throw .frame("bytes stand after the frame") }
  }

  /// A header is what a scanner takes for one.
  private func checkHeader() throws(TableFault) {
    guard let header, let delimiter else { return }
    guard ASCII.isDelimiter(delimiter) else { throw .frame("the delimiter is none") }
    var scanner = TableScanner(.csv(delimiter: delimiter))
    // A mark of its own, because the header may begin with a second one.
    _ = try? scanner.scan(ASCII.byteOrderMark + header, isLast: true)
    guard scanner.frame.header == header, !scanner.frame.hasLastLineEnd else {
      throw .frame("the frame's header is not one row")
    }
  }

  /// `next` is an exception, comes after those there are, and could not have been one with them.
  private func checkNext(_ next: LineEndException) throws(TableFault) {
    guard exceptions.count < Self.exceptionCountMax else {
      throw .frame("there are more exceptions than \(Self.exceptionCountMax)")
    }
    guard !next.bytes.isEmpty, next.bytes.allSatisfy(ASCII.isLineEnd),
      next.bytes.count <= TableScanner.lineEndBytesMax
    else { throw .frame("an exception is no line end") }
    if let last = exceptions.last {
      guard last.rows.upperBound <= next.rows.lowerBound else {
        throw .frame("the exceptions are out of order")
      }
      guard last.rows.upperBound < next.rows.lowerBound || last.bytes != next.bytes else {
        throw .frame("two exceptions should be one")
      }
    }
    // Nothing is usual before the first row of a file without a header, so a lone line end is an
    // exception there, and nowhere else.
    let isBeforeRows = header == nil && next.rows == -1..<0
    guard isBeforeRows || next.bytes != lineEnd.bytes else {
      throw .frame("an exception is the usual line end")
    }
    guard exceptions.isEmpty else { return }
    let firstLine = header == nil && !next.rows.contains(-1) ? 0 : -1
    guard !next.rows.contains(firstLine) || LineEnd(beginning: next.bytes) == lineEnd else {
      throw .frame("the first line end is another one")
    }
  }
}

/// Takes a frame's bytes from the front.
private struct FrameReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isAtEnd: Bool { rest.isEmpty }

  private mutating func take(_ count: Int) throws(TableFault) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw .frame("the frame is cut short") }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func integer<Integer: FixedWidthInteger & UnsignedInteger>(
    _: Integer.Type
  ) throws(TableFault) -> Integer {
    try take(Integer.bitWidth / 8).reduce(0) { $0 << 8 | Integer($1) }
  }

  /// An integer of eight bytes that fits.
  mutating func count() throws(TableFault) -> Int {
    guard let count = Int(exactly: try integer(UInt64.self)) else {
      throw .frame("a number of the frame is too large")
    }
    return count
  }

  /// A length of four bytes, and so many bytes.
  mutating func run() throws(TableFault) -> [UInt8] {
    Array(try take(Int(try integer(UInt32.self))))
  }
}

extension [UInt8] {
  /// Big-endian.
  fileprivate mutating func append(integer: some FixedWidthInteger & UnsignedInteger) {
    for shift in stride(from: integer.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: integer >> shift))
    }
  }
}

extension TableFault {
  fileprivate static func frame(_ reason: String) -> TableFault {
    TableFault(line: 0, reason: reason)
  }
}
