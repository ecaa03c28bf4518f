/// Who can open an age file: an X25519 secret key, written `AGE-SECRET-KEY-1…`.
///
/// The key lies in memory of its own, which is overwritten when the last reference goes. That does
/// not reach the bytes or the text that an identity was made from, nor a text made from it: keep
/// those short-lived. It is no `CustomStringConvertible`, so that no log line holds a key by
/// accident.
package final class AgeIdentity: Sendable {
  /// Bytes of a secret key, and of a public one.
  package static let byteCount = 32

  /// The prefix of an identity's text; age writes the whole text in capitals.
  private static let prefix = "AGE-SECRET-KEY-"

  /// Written in `init`, read until `deinit`, never handed out: hence safe to share.
  private nonisolated(unsafe) let secret: UnsafeMutableRawBufferPointer

  /// To whom others seal what this identity opens.
  package let recipient: AgeRecipient

  /// Takes a secret key: for a new identity, `AgeIdentity.byteCount` bytes from a cryptographic
  /// random source.
  ///
  /// The same bytes give the same identity. Throws `AgeError.keyByteCount` for another number of
  /// bytes and `openSSL`.
  package init(bytes: [UInt8]) throws(AgeError) {
    guard bytes.count == Self.byteCount else { throw .keyByteCount(bytes.count) }
    // age.md: "recipient = X25519(identity, basepoint)".
    let point = try AgeCrypto.x25519(secret: bytes.span.bytes, point: AgeCrypto.basePoint)
    recipient = try AgeRecipient(bytes: point)
    secret = .allocate(byteCount: Self.byteCount, alignment: 1)
    secret.copyBytes(from: bytes)
  }

  /// Reads `AGE-SECRET-KEY-1…`, in capitals, as age writes it, without blanks around it.
  ///
  /// Throws `AgeError.malformedKey`, `otherKindOfKey`, `keyByteCount` or `openSSL`.
  package convenience init(_ text: String) throws(AgeError) {
    var (prefix, bytes) = try AgeKeyText.decode(text)
    defer { AgeCrypto.wipe(&bytes) }
    guard prefix == Self.prefix else { throw .otherKindOfKey }
    try self.init(bytes: bytes)
  }

  deinit {
    AgeCrypto.wipe(secret)
    secret.deallocate()
  }

  /// The text `AGE-SECRET-KEY-1…`, 74 characters: the secret itself, for its owner's eyes and file.
  package var secretText: String {
    Bech32.encode(prefix: Self.prefix.lowercased(), Array(secret)).uppercased()
  }

  /// What this identity and the owner of a point both can compute, and nobody else.
  ///
  /// Throws `AgeError.lowOrderPoint` and `openSSL`.
  func sharedSecret(with point: [UInt8]) throws(AgeError) -> [UInt8] {
    try AgeCrypto.x25519(secret: secret.bytes, point: point)
  }
}
