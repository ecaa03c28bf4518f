/// A part of an age header that wraps the file key for one recipient.
package enum AgeStanza: Hashable, Sendable {
  /// For an X25519 recipient.
  case x25519(AgeX25519Stanza)

  /// Of a kind that this reader passes over, with the name of the kind.
  ///
  /// age.md: "Identity implementations MUST ignore unrecognized stanzas".
  case other(kind: String)
}

/// The file key, wrapped for an X25519 recipient.
package struct AgeX25519Stanza: Hashable, Sendable {
  /// The first argument of the stanza.
  package static let kind = "X25519"

  /// age.md: "It MUST check that the body length is exactly 32 bytes before attempting to decrypt
  /// it, to mitigate partitioning oracle attacks": a file key and a tag.
  package static let bodyByteCount = AgeFile.keyByteCount + AgeCrypto.tagByteCount

  /// age.md: "info = "age-encryption.org/v1/X25519"".
  private static let info = Array("age-encryption.org/v1/X25519".utf8)

  /// age.md: "the ChaCha20-Poly1305 nonce is fixed as 12 0x00 bytes"; each wrap key is used once.
  private static let nonce = [UInt8](repeating: 0, count: AgeCrypto.nonceByteCount)

  /// The ephemeral public key, `AgeIdentity.byteCount` bytes.
  package let share: [UInt8]

  /// The sealed file key, `bodyByteCount` bytes.
  package let body: [UInt8]

  /// Takes the parts of a stanza, or gives nil when one has the wrong number of bytes.
  package init?(share: [UInt8], body: [UInt8]) {
    guard share.count == AgeIdentity.byteCount, body.count == Self.bodyByteCount else { return nil }
    (self.share, self.body) = (share, body)
  }

  /// Wraps a file key for a recipient.
  ///
  /// age.md: "A new ephemeral secret MUST be generated for each stanza and each file." Throws
  /// `AgeError.lowOrderPoint` for a recipient that nobody should seal to, and `openSSL`.
  package init(
    wrapping fileKey: [UInt8], for recipient: AgeRecipient, ephemeral: AgeIdentity
  ) throws(AgeError) {
    precondition(fileKey.count == AgeFile.keyByteCount)
    share = ephemeral.recipient.bytes
    var shared = try ephemeral.sharedSecret(with: recipient.bytes)
    defer { AgeCrypto.wipe(&shared) }
    var key = try Self.wrapKey(shared: shared, share: share, recipient: recipient)
    defer { AgeCrypto.wipe(&key) }
    body = try AgeCrypto.seal(fileKey[...], key: key, nonce: Self.nonce)
  }

  /// The file key, or nil when it is wrapped for another recipient.
  ///
  /// age.md: "If the shared secret is all 0x00 bytes, the identity implementation MUST abort."
  /// Hence throws `AgeError.lowOrderPoint`, and `openSSL`.
  package func fileKey(for identity: AgeIdentity) throws(AgeError) -> [UInt8]? {
    var shared = try identity.sharedSecret(with: share)
    defer { AgeCrypto.wipe(&shared) }
    var key = try Self.wrapKey(shared: shared, share: share, recipient: identity.recipient)
    defer { AgeCrypto.wipe(&key) }
    return try AgeCrypto.open(body[...], key: key, nonce: Self.nonce)
  }

  /// The stanza as it stands in a header, with the line feed that ends it.
  ///
  /// The body makes 43 characters, and so the one short line that a stanza must end with.
  package var text: [UInt8] {
    Array("-> \(Self.kind) ".utf8) + AgeBase64.encode(share) + [AgeLines.lineFeed]
      + AgeBase64.encode(body) + [AgeLines.lineFeed]
  }

  /// age.md: "salt = ephemeral share || recipient", "wrap key = HKDF-SHA-256(ikm = shared secret,
  /// salt, info)".
  private static func wrapKey(
    shared: [UInt8], share: [UInt8], recipient: AgeRecipient
  ) throws(AgeError) -> [UInt8] {
    try AgeCrypto.hkdf(
      ikm: shared, salt: share + recipient.bytes, info: info, count: AgeCrypto.keyByteCount)
  }
}
