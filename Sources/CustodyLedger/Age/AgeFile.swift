/// Files of the age format, version 1, for X25519 recipients: what `age` of age-encryption.org
/// reads and writes, in its binary form.
///
/// Quotations marked "age.md" are from the specification, c2sp.org/age. A file keeps its content
/// from everyone else, and keeps it whole; it does not say who sealed it, for anyone can seal to a
/// recipient.
package enum AgeFile {
  /// age.md: "The file key MUST be generated as 16 bytes of CSPRNG output."
  package static let keyByteCount = 16

  /// A file is sealed to at most so many recipients, well within `AgeHeader.byteCountMax`.
  package static let recipientCountMax = 1_000

  /// Seals a plaintext, which may be empty, to recipients, each of whom can open all of it alone.
  ///
  /// `random` gives as many bytes as it is asked for from a cryptographic random source, or fewer
  /// when it fails. It is asked for the file key (16), an ephemeral secret for each recipient (32
  /// each, in order) and the nonce (16): the same answers give the same file, and must never be
  /// given twice. The file is larger than the plaintext by about 100 bytes, 100 a recipient, and 16
  /// a chunk.
  ///
  /// Throws `AgeError.recipientCount`, `randomByteCount`, `lowOrderPoint` and `openSSL`.
  package static func seal(
    _ plaintext: [UInt8], to recipients: [AgeRecipient], random: (Int) -> [UInt8]
  ) throws(AgeError) -> [UInt8] {
    guard (1...recipientCountMax).contains(recipients.count) else {
      throw .recipientCount(recipients.count)
    }
    var fileKey = try draw(keyByteCount, from: random)
    defer { AgeCrypto.wipe(&fileKey) }
    var stanzas: [AgeX25519Stanza] = []
    for recipient in recipients {
      var secret = try draw(AgeIdentity.byteCount, from: random)
      defer { AgeCrypto.wipe(&secret) }
      let ephemeral = try AgeIdentity(bytes: secret)
      stanzas.append(
        try AgeX25519Stanza(wrapping: fileKey, for: recipient, ephemeral: ephemeral))
    }
    let nonce = try draw(AgePayload.nonceByteCount, from: random)
    return try AgeHeader.text(of: stanzas, fileKey: fileKey)
      + AgePayload.seal(plaintext, fileKey: fileKey, nonce: nonce)
  }

  /// Opens a file with an identity.
  ///
  /// Holds file and plaintext in memory at once. Throws each `AgeError` that a file can cause; the
  /// order in which things are checked is header grammar, file key, header MAC, payload.
  package static func open(
    _ file: [UInt8], with identity: AgeIdentity
  ) throws(AgeError) -> [UInt8] {
    let header = try AgeHeader(parsing: file)
    var fileKey = try fileKey(in: header, for: identity)
    defer { AgeCrypto.wipe(&fileKey) }
    try header.verify(fileKey: fileKey)
    return try AgePayload.open(file[header.byteCount...], fileKey: fileKey)
  }

  private static func fileKey(
    in header: AgeHeader, for identity: AgeIdentity
  ) throws(AgeError) -> [UInt8] {
    for case .x25519(let stanza) in header.stanzas {
      if let key = try stanza.fileKey(for: identity) { return key }
    }
    throw .noMatch
  }

  private static func draw(
    _ count: Int, from random: (Int) -> [UInt8]
  ) throws(AgeError) -> [UInt8] {
    let bytes = random(count)
    guard bytes.count == count else { throw .randomByteCount(wanted: count, got: bytes.count) }
    return bytes
  }
}
