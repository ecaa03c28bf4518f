/// Standard base64 with padding (RFC 4648 §4), canonical only.
package enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values: [UInt8: UInt32] = Dictionary(
    uniqueKeysWithValues: alphabet.enumerated().map { ($1, UInt32($0)) })

  package static func encode(_ bytes: [UInt8]) -> String {
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var word: UInt32 = 0
      for offset in 0..<3 {
        word = word << 8 | (offset < group.count ? UInt32(group[start + offset]) : 0)
      }
      for offset in 0..<4 {
        let digit = alphabet[Int(word >> (18 - 6 * offset) & 63)]
        out.append(offset <= group.count ? digit : UInt8(ascii: "="))
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// The bytes, or nil: also when the digits are not the ones ``encode(_:)`` would have written.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 4) else { return nil }
    var out: [UInt8] = []
    out.reserveCapacity(digits.count / 4 * 3)
    for start in stride(from: 0, to: digits.count, by: 4) {
      let group = digits[start..<start + 4]
      let isLast = start + 4 == digits.count
      let padding = isLast ? group.reversed().prefix { $0 == UInt8(ascii: "=") }.count : 0
      guard padding <= 2 else { return nil }
      var word: UInt32 = 0
      for digit in group.dropLast(padding) {
        guard let value = values[digit] else { return nil }
        word = word << 6 | value
      }
      word <<= UInt32(6 * padding)
      // Canonical: the bits that padding hides are zero.
      guard word & (UInt32(1) << UInt32(8 * padding) - 1) == 0 else { return nil }
      for offset in 0..<3 - padding { out.append(UInt8(word >> UInt32(16 - 8 * offset) & 255)) }
    }
    return out
  }
}
