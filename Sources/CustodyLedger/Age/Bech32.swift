/// Why a text is not Bech32.
package enum Bech32Error: Error, Hashable, Sendable {
  /// The byte at this offset is none that may stand there.
  case character(at: Int)

  /// Capital and small letters are mixed.
  case mixedCase

  /// There is no separator `1`, or less than a checksum after it.
  case separator

  /// Before the separator stands nothing, or more than a prefix may have.
  case prefix

  /// The checksum does not fit: something was mistyped.
  case checksum

  /// The last character carries bits that belong to no byte.
  case padding
}

/// Bech32, the text form of age's keys: a prefix, the separator `1`, base 32, and a checksum.
///
/// age.md: "Bech32 is as specified in BIP173, but without length limits on the data part." Take
/// what it decodes for a key only after a look at the byte count: BIP-173 warns that its checksum
/// is "not always robust against the insertion and deletion of fewer than 5 consecutive
/// characters".
package enum Bech32 {
  /// BIP-173: "This part MUST contain 1 to 83 US-ASCII characters".
  package static let prefixCountMax = 83

  /// Characters of the checksum.
  private static let checksumCount = 6

  /// BIP-173, "Bech32": the character of each five-bit value.
  private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

  private static let separator = UInt8(ascii: "1")

  /// The text of bytes under a prefix, in small letters.
  ///
  /// BIP-173: "Encoders MUST always output an all lowercase Bech32 string"; a caller who wants
  /// capitals turns the whole text into them. The prefix is one to `prefixCountMax` ASCII
  /// characters from `!` to `~` without capitals; the bytes may be none.
  package static func encode(prefix: String, _ bytes: [UInt8]) -> String {
    let prefix = Array(prefix.utf8)
    precondition((1...prefixCountMax).contains(prefix.count))
    precondition(prefix.allSatisfy { isAllowed($0) && !isCapital($0) })
    var values = fives(of: bytes)
    values += checksum(prefix: prefix, values)
    let text = prefix + [separator] + values.map { alphabet[Int($0)] }
    return String(decoding: text, as: UTF8.self)
  }

  /// The prefix, in the case in which it is written, and the bytes of a text.
  ///
  /// Throws what is wrong first; there is no guess at what was meant.
  package static func decode(
    _ text: String
  ) throws(Bech32Error) -> (prefix: String, bytes: [UInt8]) {
    let text = Array(text.utf8)
    if let offset = text.firstIndex(where: { !isAllowed($0) }) { throw .character(at: offset) }
    // BIP-173: "Decoders MUST NOT accept strings where some characters are uppercase and some are
    // lowercase".
    guard !(text.contains(where: isCapital) && text.contains(where: isSmall)) else {
      throw .mixedCase
    }
    // BIP-173: "In case "1" is allowed inside the human-readable part, the last one in the string
    // is the separator."
    guard let split = text.lastIndex(of: separator), text.count - (split + 1) >= checksumCount
    else { throw .separator }
    guard (1...prefixCountMax).contains(split) else { throw .prefix }

    let values = try values(of: text[(split + 1)...])
    let prefix = text[..<split]
    let data = values.dropLast(checksumCount)
    guard checksum(prefix: prefix.map(lowered), data).elementsEqual(values.suffix(checksumCount))
    else { throw .checksum }
    return (String(decoding: prefix, as: UTF8.self), try bytes(of: data))
  }
}

extension Bech32 {
  private static func values(of characters: ArraySlice<UInt8>) throws(Bech32Error) -> [UInt8] {
    var values: [UInt8] = []
    for (offset, character) in zip(characters.indices, characters) {
      guard let value = alphabet.firstIndex(of: lowered(character)) else {
        throw .character(at: offset)
      }
      values.append(UInt8(value))
    }
    return values
  }

  /// Bytes as groups of five bits, the last one filled up with zeros.
  private static func fives(of bytes: [UInt8]) -> [UInt8] {
    var (values, pending, count) = ([UInt8](), UInt32(0), 0)
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      count += 8
      while count >= 5 {
        count -= 5
        values.append(UInt8(pending >> count & 31))
      }
      pending &= 31
    }
    if count > 0 { values.append(UInt8(pending << (5 - count) & 31)) }
    return values
  }

  /// Groups of five bits as bytes.
  private static func bytes(of values: ArraySlice<UInt8>) throws(Bech32Error) -> [UInt8] {
    var (bytes, pending, count) = ([UInt8](), UInt32(0), 0)
    for value in values {
      pending = pending << 5 | UInt32(value)
      count += 5
      guard count >= 8 else { continue }
      count -= 8
      bytes.append(UInt8(pending >> count & 255))
      pending &= (1 << count) - 1
    }
    // BIP-173, "Decoding": "Any incomplete group at the end MUST be 4 bits or less, MUST be all
    // zeroes, and is discarded."
    guard count <= 4, pending == 0 else { throw .padding }
    return bytes
  }

  /// BIP-173, `bech32_create_checksum` over `bech32_hrp_expand` of the prefix, in small letters.
  private static func checksum(prefix: [UInt8], _ values: some Collection<UInt8>) -> [UInt8] {
    let expanded = prefix.map { $0 >> 5 } + [0] + prefix.map { $0 & 31 }
    let zeros = [UInt8](repeating: 0, count: checksumCount)
    let remainder = polymod(expanded + values + zeros) ^ 1
    return (0..<checksumCount).map { UInt8(remainder >> (5 * (5 - $0)) & 31) }
  }

  /// BIP-173, `bech32_polymod`.
  private static func polymod(_ values: [UInt8]) -> UInt32 {
    let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
    return values.reduce(1) { sum, value in
      let top = sum >> 25
      let shifted = (sum & 0x1ff_ffff) << 5 ^ UInt32(value)
      return (0..<5).reduce(shifted) { top >> $1 & 1 == 1 ? $0 ^ generator[$1] : $0 }
    }
  }

  /// BIP-173: "each character having a value in the range [33-126]".
  private static func isAllowed(_ byte: UInt8) -> Bool { (33...126).contains(byte) }

  private static func isCapital(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  private static func isSmall(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private static func lowered(_ byte: UInt8) -> UInt8 { isCapital(byte) ? byte | 0x20 : byte }
}
