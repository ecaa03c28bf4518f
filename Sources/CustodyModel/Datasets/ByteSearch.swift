/// Searches that look at eight bytes at a time.
enum ByteSearch {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  static let highs: UInt64 = 0x8080_8080_8080_8080

  /// A byte's high bit where a byte of `word` is `byte`. False hits stand above a true one only,
  /// so the lowest is true.
  @inline(__always)
  private static func hits(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    let difference = word ^ ones &* UInt64(byte)
    return (difference &- ones) & ~difference & highs
  }

  /// Where the first `needle`, LF or CR is from `start` on; the number of bytes when there is none.
  ///
  /// `seen` collects the bits of the bytes passed and of a few after them: without its high bits
  /// all bytes passed are ASCII.
  @inline(__always)
  static func firstStop(
    in bytes: UnsafeRawBufferPointer, from start: Int, needle: UInt8, seen: inout UInt64
  ) -> Int {
    var at = start
    while at + 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      seen |= word
      let hits = hits(word, needle) | hits(word, ASCII.lf) | hits(word, ASCII.cr)
      if hits != 0 { return at + hits.trailingZeroBitCount / 8 }
      at += 8
    }
    while at < bytes.count {
      let byte = bytes[at]
      if byte == needle || ASCII.isLineEnd(byte) { break }
      seen |= UInt64(byte)
      at += 1
    }
    return at
  }

  /// Where the first `needle` is from `start` on; the number of bytes when there is none.
  @inline(__always)
  static func first(_ needle: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var at = start
    while at + 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      let hits = hits(word, needle)
      if hits != 0 { return at + hits.trailingZeroBitCount / 8 }
      at += 8
    }
    while at < bytes.count, bytes[at] != needle { at += 1 }
    return at
  }

  /// Where `bytes` first are no UTF-8; nil when they are.
  static func firstNotUTF8(in bytes: UnsafeRawBufferPointer) -> Int? {
    var at = 0
    while at < bytes.count {
      if at + 8 <= bytes.count,
        bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) & highs == 0
      {
        at += 8
      } else if bytes[at] < 0x80 {
        at += 1
      } else {
        guard let count = multibyteCount(in: bytes, at: at) else { return at }
        at += count
      }
    }
    return nil
  }

  /// How many bytes the character has that begins at `at`, where ASCII does not; nil when it is
  /// none. RFC 3629 §4: the byte sequences of UTF-8, without overlong forms and surrogates.
  static func multibyteCount(in bytes: UnsafeRawBufferPointer, at: Int) -> Int? {
    let (count, second): (Int, ClosedRange<UInt8>) =
      switch bytes[at] {
      case 0xc2...0xdf: (2, 0x80...0xbf)
      case 0xe0: (3, 0xa0...0xbf)
      case 0xe1...0xec, 0xee...0xef: (3, 0x80...0xbf)
      case 0xed: (3, 0x80...0x9f)
      case 0xf0: (4, 0x90...0xbf)
      case 0xf1...0xf3: (4, 0x80...0xbf)
      case 0xf4: (4, 0x80...0x8f)
      default: (0, 0...0)
      }
    guard count > 0, at + count <= bytes.count, second.contains(bytes[at + 1]),
      count < 3 || bytes[at + 2] & 0xc0 == 0x80, count < 4 || bytes[at + 3] & 0xc0 == 0x80
    else { return nil }
    return count
  }
}
