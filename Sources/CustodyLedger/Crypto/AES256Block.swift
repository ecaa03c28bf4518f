import COpenSSL

/// AES-256 of one block: a permutation of 16-byte values under a key.
///
/// For values that cannot be told from random ones, as keyed hashes: equal ones give equal blocks.
/// Not for two threads at once.
package final class AES256Block {
  package static let keySize = 32

  nonisolated(unsafe) private static let algorithm: OpaquePointer = {
    guard let algorithm = EVP_CIPHER_fetch(nil, "AES-256-ECB", nil) else {
      fatalError("\(OpenSSLError("EVP_CIPHER_fetch"))")
    }
    return algorithm
  }()

  private let encryption = AES256Block.context(isEncrypting: true)
  private let decryption = AES256Block.context(isEncrypting: false)

  package init() {}

  // "EVP_CIPHER_CTX_free() clears all information from a cipher context".
  deinit {
    EVP_CIPHER_CTX_free(encryption)
    EVP_CIPHER_CTX_free(decryption)
  }

  private static func context(isEncrypting: Bool) -> OpaquePointer {
    let context: OpaquePointer = EVP_CIPHER_CTX_new()
    mustSucceed(
      EVP_CipherInit_ex2(context, algorithm, nil, nil, isEncrypting ? 1 : 0, nil),
      "EVP_CipherInit_ex2")
    // Stays in force while the algorithm is not named again.
    mustSucceed(EVP_CIPHER_CTX_set_padding(context, 0), "EVP_CIPHER_CTX_set_padding")
    return context
  }

  package func encrypt(_ value: EventID, key: SecretBytes) -> EventID {
    run(encryption, value, key)
  }

  package func decrypt(_ value: EventID, key: SecretBytes) -> EventID {
    run(decryption, value, key)
  }

  private func run(_ context: OpaquePointer, _ value: EventID, _ key: SecretBytes) -> EventID {
    precondition(key.count == Self.keySize)
    key.withUnsafeBytes {
      // -1: "the direction is left unchanged".
      mustSucceed(
        EVP_CipherInit_ex2(
          context, nil, $0.bindMemory(to: UInt8.self).baseAddress, nil, -1, nil),
        "EVP_CipherInit_ex2")
    }
    var result = value
    withUnsafeMutableBytes(of: &result) {
      var written: Int32 = 0
      let block = $0.bindMemory(to: UInt8.self).baseAddress
      mustSucceed(EVP_CipherUpdate(context, block, &written, block, 16), "EVP_CipherUpdate")
      precondition(written == 16)
    }
    return result
  }
}
