/// To whom an age file is sealed: an X25519 public key, written `age1…`.
package struct AgeRecipient: Hashable, Sendable, CustomStringConvertible {
  /// The prefix of a recipient's text.
  private static let prefix = "age"

  /// The public key: the u-coordinate of RFC 7748, `AgeIdentity.byteCount` bytes.
  package let bytes: [UInt8]

  /// Takes a public key as it is.
  ///
  /// Throws `AgeError.keyByteCount` for another number of bytes. That the point is of low order
  /// shows only when something is sealed to it.
  package init(bytes: [UInt8]) throws(AgeError) {
    guard bytes.count == AgeIdentity.byteCount else { throw .keyByteCount(bytes.count) }
    self.bytes = bytes
  }

  /// Reads `age1…`, in small letters, as age writes it, without blanks around it.
  ///
  /// Throws `AgeError.malformedKey`, `otherKindOfKey` or `keyByteCount`.
  package init(_ text: String) throws(AgeError) {
    let (prefix, bytes) = try AgeKeyText.decode(text)
    guard prefix == Self.prefix else { throw .otherKindOfKey }
    try self.init(bytes: bytes)
  }

  /// The text `age1…`, 62 characters.
  package var description: String { Bech32.encode(prefix: Self.prefix, bytes) }
}

/// Bech32 for the two kinds of key, with the errors of age.
enum AgeKeyText {
  static func decode(_ text: String) throws(AgeError) -> (prefix: String, bytes: [UInt8]) {
    do { return try Bech32.decode(text) } catch { throw .malformedKey(error) }
  }
}
