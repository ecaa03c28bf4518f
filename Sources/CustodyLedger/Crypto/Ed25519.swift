import COpenSSL

/// An Ed25519 private key: signs checkpoints.
package struct SigningKey: Sendable {
  private let seed: SecretBytes

  /// The key of this 32-byte seed (RFC 8032 §5.1.5).
  package init(seed: SecretBytes) {
    precondition(seed.count == 32)
    self.seed = seed
  }

  private func withKey<R>(_ body: (OpaquePointer) -> R) -> R {
    let key = seed.withUnsafeBytes {
      EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nil, $0.bindMemory(to: UInt8.self).baseAddress, $0.count)
    }
    guard let key else { fatalError("\(OpenSSLError("EVP_PKEY_new_raw_private_key"))") }
    defer { EVP_PKEY_free(key) }
    return body(key)
  }

  package var publicKey: PublicKey {
    withKey { key in
      var bytes = [UInt8](repeating: 0, count: 32)
      var count = bytes.count
      mustSucceed(
        EVP_PKEY_get_raw_public_key(key, &bytes, &count), "EVP_PKEY_get_raw_public_key")
      return PublicKey(Digest(bytes)!)
    }
  }

  /// The 64-byte signature of `message`; the same bytes every time.
  package func sign(_ message: [UInt8]) -> [UInt8] {
    withKey { key in
      let context = EVP_MD_CTX_new()
      defer { EVP_MD_CTX_free(context) }
      mustSucceed(EVP_DigestSignInit(context, nil, nil, nil, key), "EVP_DigestSignInit")
      var signature = [UInt8](repeating: 0, count: 64)
      var count = signature.count
      mustSucceed(
        EVP_DigestSign(context, &signature, &count, message, message.count), "EVP_DigestSign")
      return signature
    }
  }
}

/// An Ed25519 public key.
package struct PublicKey: Hashable, Sendable {
  package let bytes: Digest

  package init(_ bytes: Digest) { self.bytes = bytes }

  /// Whether `signature` is this key's over `message`; malformed signatures are simply wrong.
  package func verifies(_ signature: [UInt8], over message: [UInt8]) -> Bool {
    guard signature.count == 64 else { return false }
    let key = bytes.withUnsafeBytes {
      EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nil, $0.bindMemory(to: UInt8.self).baseAddress, $0.count)
    }
    guard let key else {
      ERR_clear_error()
      return false
    }
    defer { EVP_PKEY_free(key) }
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
    let verified =
      EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    if !verified { ERR_clear_error() }
    return verified
  }
}
