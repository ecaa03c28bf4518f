/// The base64 of age's headers: the standard alphabet, no padding, one spelling for each value.
///
/// age.md: "Encoders MUST generate canonical base64 according to RFC 4648, Section 3.5, and
/// decoders MUST reject non-canonical encodings and encodings ending with = padding characters."
package enum AgeBase64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The value of each ASCII character, or 255 for one that is not of the alphabet.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  /// The characters for bytes, as ASCII; none for none.
  package static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var (text, pending, count) = ([UInt8](), UInt32(0), 0)
    for byte in bytes {
      pending = (pending & 63) << 8 | UInt32(byte)
      count += 8
      while count >= 6 {
        count -= 6
        text.append(alphabet[Int(pending >> count & 63)])
      }
    }
    if count > 0 { text.append(alphabet[Int(pending << (6 - count) & 63)]) }
    return text
  }

  /// The bytes for characters, or nil when a character is strange, one is left over, or the last
  /// one carries bits that belong to no byte.
  package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var (bytes, pending, count) = ([UInt8](), UInt32(0), 0)
    for character in text {
      let value = values[Int(character)]
      guard value != 255 else { return nil }
      pending = pending << 6 | UInt32(value)
      count += 6
      guard count >= 8 else { continue }
      count -= 8
      bytes.append(UInt8(pending >> count & 255))
      pending &= (1 << count) - 1
    }
    return pending == 0 ? bytes : nil
  }
}
