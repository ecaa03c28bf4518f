import COpenSSL

/// HMAC-SHA-256 (RFC 2104) under one key for many messages: libcrypto's one call for each fetches and
/// frees more than it hashes. Not for two threads at once.
package final class RepeatedHMAC {
  /// SHA-256's block.
  private static let blockSize = 64

  private let sha256: SHA256
  private var pads = UnsafeMutableRawBufferPointer.allocate(
    byteCount: 2 * blockSize, alignment: 16)

  /// - Parameters:
  ///   - key: at most 64 bytes, as keys of Custody are.
  ///   - sha256: the caller's, between whose messages this hashes its own.
  package init(key: SecretBytes, using sha256: SHA256 = SHA256()) {
    self.sha256 = sha256
    rekey(key)
  }

  deinit {
    OPENSSL_cleanse(pads.baseAddress, pads.count)
    pads.deallocate()
  }

  /// Goes on under another key.
  package func rekey(_ key: SecretBytes) {
    precondition(key.count <= Self.blockSize)
    // RFC 2104 §2: "ipad = the byte 0x36 repeated B times, opad = the byte 0x5C repeated B times."
    for (start, pad) in [(0, UInt8(0x36)), (Self.blockSize, 0x5c)] {
      key.withUnsafeBytes { key in
        for index in 0..<Self.blockSize {
          pads[start + index] = (index < key.count ? key[index] : 0) ^ pad
        }
      }
    }
  }

  /// The code of the parts of a message, joined.
  package func code(_ parts: UnsafeRawBufferPointer...) -> Digest {
    sha256.begin()
    sha256.update(UnsafeRawBufferPointer(rebasing: pads[..<Self.blockSize]))
    for part in parts { sha256.update(part) }
    let hash = sha256.end()
    sha256.begin()
    sha256.update(UnsafeRawBufferPointer(rebasing: pads[Self.blockSize...]))
    hash.withUnsafeBytes { sha256.update($0) }
    return sha256.end()
  }
}
