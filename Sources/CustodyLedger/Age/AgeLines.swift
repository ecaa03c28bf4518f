/// The lines of an age header, one after the other, with their numbers.
struct AgeLines {
  static let lineFeed = UInt8(ascii: "\n")

  private let file: [UInt8]

  /// Where the next line begins: after the last line of the header, where the payload begins.
  private(set) var offset = 0

  /// The number of the line that was read last, counted from 1.
  private(set) var number = 0

  init(_ file: [UInt8]) { self.file = file }

  /// What stands before an offset.
  func prefix(upTo end: Int) -> ArraySlice<UInt8> { file[..<end] }

  /// The next line, without its line feed.
  ///
  /// Throws `AgeError.truncated` when the file ends first and `malformedHeader` when the limit of a
  /// header comes first.
  mutating func next() throws(AgeError) -> ArraySlice<UInt8> {
    number += 1
    let limit = min(file.count, AgeHeader.byteCountMax)
    guard let end = file[offset..<limit].firstIndex(of: Self.lineFeed) else {
      throw limit == file.count ? .truncated : malformed
    }
    defer { offset = end + 1 }
    return file[offset..<end]
  }

  /// The error for the line that was read last.
  var malformed: AgeError { .malformedHeader(line: number) }
}
