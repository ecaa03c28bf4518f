import COpenSSL

/// AES-256-GCM with a 96-bit nonce and a 128-bit tag (NIST SP 800-38D).
///
/// Key and nonce come with each message, because XAES-256-GCM derives both for each; the context
/// stays, so that no message allocates. A nonce must never meet its key again: nothing but
/// ``XAES256GCM``, which sees to that, should use this. Not for two threads at once.
package final class AES256GCM {
  package static let keySize = 32
  package static let nonceSize = 12
  package static let tagSize = 16

  nonisolated(unsafe) private static let algorithm: OpaquePointer = {
    guard let algorithm = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil) else {
      fatalError("\(OpenSSLError("EVP_CIPHER_fetch"))")
    }
    return algorithm
  }()

  private let context: OpaquePointer

  package init() {
    context = EVP_CIPHER_CTX_new()
    // The algorithm is set once: naming it again for each message would make libcrypto free and
    // allocate the state under the context.
    mustSucceed(
      EVP_EncryptInit_ex2(context, Self.algorithm, nil, nil, nil), "EVP_EncryptInit_ex2")
  }

  // "EVP_CIPHER_CTX_free() clears all information from a cipher context".
  deinit { EVP_CIPHER_CTX_free(context) }

  /// Encrypts `plaintext` into `output`, which is 16 bytes longer: ciphertext, then tag.
  package func seal(
    _ plaintext: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer,
    nonce: UnsafeRawBufferPointer, aad: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) {
    precondition(key.count == Self.keySize && nonce.count == Self.nonceSize)
    precondition(output.count == plaintext.count + Self.tagSize)
    let out = output.bindMemory(to: UInt8.self).baseAddress!
    var written: Int32 = 0
    mustSucceed(
      EVP_EncryptInit_ex2(context, nil, key.octets, nonce.octets, nil), "EVP_EncryptInit_ex2")
    feed(aad, nil, EVP_EncryptUpdate)
    feed(plaintext, out, EVP_EncryptUpdate)
    mustSucceed(
      EVP_EncryptFinal_ex(context, out + plaintext.count, &written), "EVP_EncryptFinal_ex")
    mustSucceed(custody_gcm_get_tag(context, out + plaintext.count), "EVP_CTRL_AEAD_GET_TAG")
  }

  /// Decrypts `ciphertext` (with its tag) into `output`, which is 16 bytes shorter.
  ///
  /// False when the tag does not match; `output` is wiped then.
  package func open(
    _ ciphertext: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer,
    nonce: UnsafeRawBufferPointer, aad: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) -> Bool {
    precondition(key.count == Self.keySize && nonce.count == Self.nonceSize)
    guard ciphertext.count == output.count + Self.tagSize else { return false }
    let text = UnsafeRawBufferPointer(rebasing: ciphertext.dropLast(Self.tagSize))
    let tag = UnsafeRawBufferPointer(rebasing: ciphertext.suffix(Self.tagSize))
    mustSucceed(
      EVP_DecryptInit_ex2(context, nil, key.octets, nonce.octets, nil), "EVP_DecryptInit_ex2")
    feed(aad, nil, EVP_DecryptUpdate)
    feed(text, output.bindMemory(to: UInt8.self).baseAddress, EVP_DecryptUpdate)
    mustSucceed(custody_gcm_set_tag(context, tag.octets!), "EVP_CTRL_AEAD_SET_TAG")
    var written: Int32 = 0
    var rest = (UInt64(0), UInt64(0))
    let matches = withUnsafeMutableBytes(of: &rest) {
      EVP_DecryptFinal_ex(context, $0.bindMemory(to: UInt8.self).baseAddress, &written) == 1
    }
    if !matches {
      ERR_clear_error()
      OPENSSL_cleanse(output.baseAddress, output.count)
    }
    return matches
  }

  private typealias Update = (
    OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int32>?,
    UnsafePointer<UInt8>?, Int32
  ) -> Int32

  /// Feeds `bytes`; without an output they are additional data.
  ///
  /// Their number is below 2³¹ by the limits of the format. No bytes are not fed at all: an empty
  /// output has no address, and so would turn them into additional data.
  @inline(__always)
  private func feed(
    _ bytes: UnsafeRawBufferPointer, _ output: UnsafeMutablePointer<UInt8>?, _ update: Update
  ) {
    guard bytes.count > 0 else { return }
    var written: Int32 = 0
    mustSucceed(
      update(context, output, &written, bytes.octets, Int32(bytes.count)), "EVP_CipherUpdate")
  }
}

extension UnsafeRawBufferPointer {
  /// The first byte as libcrypto takes it.
  @inline(__always)
  fileprivate var octets: UnsafePointer<UInt8>? { bindMemory(to: UInt8.self).baseAddress }
}
