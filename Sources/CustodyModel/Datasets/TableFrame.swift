/// What a table file has besides its records, so that the file can be put together again byte for
/// byte.
///
/// A scanner or a parse makes it, nothing else, so that a frame always holds together.
package struct TableFrame: Equatable, Sendable {
  /// Whether the file begins with EF BB BF.
  package internal(set) var hasByteOrderMark = false
  /// The header row as it stands in the file, without its line end; nil for JSONL.
  package internal(set) var header: [UInt8]?
  /// What parts fields; nil for JSONL, never nil when there is a header.
  package internal(set) var delimiter: UInt8?
  /// The file's first line end; LF when it has none.
  package internal(set) var lineEnd = LineEnd.lf
  /// Whether the last line has a line end; true when there are no lines, so that rows put into an
  /// empty file get one.
  package internal(set) var hasLastLineEnd = true
  /// Line ends that are not `lineEnd`, ascending.
  package internal(set) var exceptions: [LineEndException] = []

  /// A file whose line ends change more often is refused: the frame stands beside the records and
  /// is held in memory whole.
  package static let exceptionCountMax = 1 << 20

  init() {}

  /// The names of the columns: the header's values; empty for JSONL.
  package var names: [[UInt8]] {
    guard let header, let delimiter else { return [] }
    return TableFields.names(header, delimiter: delimiter)
  }

  /// Notes what follows `row`; rows in sequence that end alike are one exception, so that two
  /// files of different systems put together cost one and not one a row.
  mutating func except(_ row: Int, _ bytes: [UInt8]) {
    if let last = exceptions.last, last.rows.upperBound == row, last.bytes == bytes {
      exceptions[exceptions.count - 1] = LineEndException(
        rows: last.rows.lowerBound..<row + 1, bytes: bytes)
    } else {
      exceptions.append(LineEndException(rows: row..<row + 1, bytes: bytes))
    }
  }
}

/// How a line ends.
package enum LineEnd: UInt8, Sendable {
  case lf = 1
  case crlf = 2
  case cr = 3

  package var bytes: [UInt8] {
    switch self {
    case .lf: [ASCII.lf]
    case .crlf: [ASCII.cr, ASCII.lf]
    case .cr: [ASCII.cr]
    }
  }

  /// The line end that `bytes` begin with; they are line ends, at least one.
  init(beginning bytes: some RandomAccessCollection<UInt8>) {
    switch bytes.first {
    case ASCII.lf: self = .lf
    default: self = bytes.dropFirst().first == ASCII.lf ? .crlf : .cr
    }
  }
}

/// Rows in sequence that are followed by the same bytes, which are not the file's line end alone.
package struct LineEndException: Equatable, Sendable {
  /// From 0; -1 is the header, or what stands before the first row of a file without one.
  package let rows: Range<Int>
  /// Another kind of line end, or one and the blank lines after it.
  package let bytes: [UInt8]
}

/// Why bytes are no table.
package struct TableFault: Error, Equatable {
  /// The line of the file, from 1; 0 when the fault is not about a line.
  package let line: Int
  package let reason: String

  package init(line: Int, reason: String) {
    self.line = line
    self.reason = reason
  }
}

/// The bytes that shape a table.
enum ASCII {
  static let lf = UInt8(ascii: "\n")
  static let cr = UInt8(ascii: "\r")
  static let quote = UInt8(ascii: "\"")

  /// UTF-8's signature, which some programs put before a text: U+FEFF.
  static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

  /// Whether fields can be parted by `byte` and still be told from quotes, line ends and letters
  /// outside ASCII.
  static func isDelimiter(_ byte: UInt8) -> Bool {
    byte < 0x80 && byte != lf && byte != cr && byte != quote
  }

  static func isLineEnd(_ byte: UInt8) -> Bool { byte == lf || byte == cr }

  static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }
  /// What names are made of in most languages.
  static func isWord(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_")
  }
}
