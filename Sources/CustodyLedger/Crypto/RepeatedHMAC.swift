/// HMAC-SHA-256 (RFC 2104) under one key for many messages: libcrypto's one call for each fetches and
/// frees more than it hashes. Not for two threads at once.
package final class RepeatedHMAC {
  /// SHA-256's block.
  private static let blockSize = 64

  private let sha256: SHA256
  private let inner: SecretBytes
  private let outer: SecretBytes

  /// - Parameters:
  ///   - key: at most 64 bytes, as keys of Custody are.
  ///   - sha256: the caller's, between whose messages this hashes its own.
  package init(key: SecretBytes, using sha256: SHA256 = SHA256()) {
    precondition(key.count <= Self.blockSize)
    func padded(_ pad: UInt8) -> SecretBytes {
      SecretBytes(count: Self.blockSize) { block in
        key.withUnsafeBytes { block.copyMemory(from: $0) }
        for index in block.indices { block[index] ^= pad }
      }
    }
    // RFC 2104 §2: "ipad = the byte 0x36 repeated B times, opad = the byte 0x5C repeated B times."
    inner = padded(0x36)
    outer = padded(0x5c)
    self.sha256 = sha256
  }

  /// The code of the parts of a message, joined.
  package func code(_ parts: UnsafeRawBufferPointer...) -> Digest {
    sha256.begin()
    inner.withUnsafeBytes { sha256.update($0) }
    for part in parts { sha256.update(part) }
    let hash = sha256.end()
    sha256.begin()
    outer.withUnsafeBytes { sha256.update($0) }
    hash.withUnsafeBytes { sha256.update($0) }
    return sha256.end()
  }
}
