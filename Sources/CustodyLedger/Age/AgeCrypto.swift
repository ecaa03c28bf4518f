import COpenSSL

/// The primitives that age is made of, from OpenSSL: the only file of age that calls C.
package enum AgeCrypto {
  /// Bytes of a ChaCha20-Poly1305 key, and of every key that age derives.
  package static let keyByteCount = 32

  /// Bytes of a ChaCha20-Poly1305 nonce.
  package static let nonceByteCount = 12

  /// Bytes of a ChaCha20-Poly1305 tag.
  package static let tagByteCount = 16

  /// Bytes of an HMAC-SHA-256.
  package static let hashByteCount = 32

  /// RFC 7748 §4.1: the u-coordinate 9, in little-endian order.
  package static let basePoint: [UInt8] = [9] + [UInt8](repeating: 0, count: 31)
}

// MARK: - Key agreement

extension AgeCrypto {
  /// X25519 of RFC 7748 §5: the shared secret, or the public key when the point is `basePoint`.
  ///
  /// Throws `AgeError.lowOrderPoint` when the result is all zeros, and `openSSL`.
  package static func x25519(secret: RawSpan, point: [UInt8]) throws(AgeError) -> [UInt8] {
    precondition(secret.byteCount == 32 && point.count == 32)
    let own = secret.withUnsafeBytes {
      EVP_PKEY_new_raw_private_key_ex(nil, "X25519", nil, $0.baseAddress, $0.count)
    }
    defer { EVP_PKEY_free(own) }
    let peer = EVP_PKEY_new_raw_public_key_ex(nil, "X25519", nil, point, point.count)
    defer { EVP_PKEY_free(peer) }
    guard let own, let peer, let context = EVP_PKEY_CTX_new(own, nil) else { throw failure() }
    defer { EVP_PKEY_CTX_free(context) }
    guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer(context, peer) == 1 else {
      throw failure()
    }

    var shared = [UInt8](repeating: 0, count: 32)
    var count = shared.count
    // OpenSSL 3.0 has no other reason to fail here than a result of zeros, but its manual does not
    // promise that it does: hence both are looked at.
    let isDone = EVP_PKEY_derive(context, &shared, &count) == 1
    ERR_clear_error()
    guard isDone, count == 32, !areEqual(shared, [UInt8](repeating: 0, count: 32)) else {
      throw .lowOrderPoint
    }
    return shared
  }
}

// MARK: - Authenticated encryption

extension AgeCrypto {
  /// EVP_*_fetch costs more than a small seal does: fetched once, kept for good, and never changed.
  private nonisolated(unsafe) static let chacha = EVP_CIPHER_fetch(nil, "ChaCha20-Poly1305", nil)

  /// ChaCha20-Poly1305 of RFC 8439 without associated data: the ciphertext and, after it, the tag.
  ///
  /// Throws `AgeError.openSSL`.
  package static func seal(
    _ plaintext: ArraySlice<UInt8>, key: [UInt8], nonce: [UInt8]
  ) throws(AgeError) -> [UInt8] {
    precondition(key.count == keyByteCount && nonce.count == nonceByteCount)
    guard let context = EVP_CIPHER_CTX_new() else { throw failure() }
    defer { EVP_CIPHER_CTX_free(context) }
    var sealed = [UInt8](repeating: 0, count: plaintext.count)
    var tag = [UInt8](repeating: 0, count: tagByteCount)
    var count: Int32 = 0
    let isDone = plaintext.withUnsafeBufferPointer { input in
      EVP_EncryptInit_ex2(context, chacha, key, nonce, nil) == 1
        && (input.isEmpty
          || EVP_EncryptUpdate(
            context, &sealed, &count, input.baseAddress, Int32(input.count)) == 1)
        && EVP_EncryptFinal_ex(context, &tag, &count) == 1
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagByteCount), &tag) == 1
    }
    guard isDone else { throw failure() }
    return sealed + tag
  }

  /// The plaintext of what `seal` gave, or nil when key, nonce, ciphertext or tag are others.
  ///
  /// Throws `AgeError.openSSL`.
  package static func open(
    _ sealed: ArraySlice<UInt8>, key: [UInt8], nonce: [UInt8]
  ) throws(AgeError) -> [UInt8]? {
    precondition(key.count == keyByteCount && nonce.count == nonceByteCount)
    precondition(sealed.count >= tagByteCount)
    guard let context = EVP_CIPHER_CTX_new() else { throw failure() }
    defer { EVP_CIPHER_CTX_free(context) }
    var plaintext = [UInt8](repeating: 0, count: sealed.count - tagByteCount)
    var tag = Array(sealed.suffix(tagByteCount))
    var count: Int32 = 0
    let isReady = sealed.dropLast(tagByteCount).withUnsafeBufferPointer { input in
      EVP_DecryptInit_ex2(context, chacha, key, nonce, nil) == 1
        && (input.isEmpty
          || EVP_DecryptUpdate(
            context, &plaintext, &count, input.baseAddress, Int32(input.count)) == 1)
        && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagByteCount), &tag) == 1
    }
    guard isReady else { throw failure() }
    // EVP_EncryptInit(3), "AEAD INTERFACE": "When decrypting, the return value of
    // EVP_DecryptFinal() or EVP_CipherFinal() indicates whether the operation was successful."
    guard EVP_DecryptFinal_ex(context, &tag, &count) == 1 else {
      ERR_clear_error()
      return nil
    }
    return plaintext
  }
}

// MARK: - Derivation

extension AgeCrypto {
  /// HKDF-SHA-256 of RFC 5869; an empty salt stands for one of zeros, as there.
  ///
  /// Throws `AgeError.openSSL`.
  package static func hkdf(
    ikm: [UInt8], salt: [UInt8], info: [UInt8], count: Int
  ) throws(AgeError) -> [UInt8] {
    precondition((1...255 * hashByteCount).contains(count))
    // RFC 5869 §2.2: "if not provided, [salt] is set to a string of HashLen zeros."
    let salt = salt.isEmpty ? [UInt8](repeating: 0, count: hashByteCount) : salt
    let pseudorandomKey = try hmac(key: salt, message: ikm)
    // RFC 5869 §2.3: "T(2) = HMAC-Hash(PRK, T(1) | info | 0x02)", and so on; T(0) is empty.
    var (block, output, number) = ([UInt8](), [UInt8](), UInt8(0))
    while output.count < count {
      number += 1
      block = try hmac(key: pseudorandomKey, message: block + info + [number])
      output += block
    }
    return Array(output.prefix(count))
  }

  /// HMAC-SHA-256 of RFC 2104, with a key that is not empty.
  ///
  /// Throws `AgeError.openSSL`.
  package static func hmac(key: [UInt8], message: [UInt8]) throws(AgeError) -> [UInt8] {
    precondition(!key.isEmpty)
    var code = [UInt8](repeating: 0, count: hashByteCount)
    var count = 0
    let result = EVP_Q_mac(
      nil, "HMAC", nil, "SHA256", nil, key, key.count, message, message.count, &code, code.count,
      &count)
    guard result != nil, count == hashByteCount else { throw failure() }
    return code
  }
}

// MARK: - Memory

extension AgeCrypto {
  /// Whether two arrays are the same, in a time that depends on their number of bytes only.
  package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
  }

  /// Overwrites bytes so that the compiler cannot leave it out; copies made earlier stay.
  package static func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { wipe($0) }
  }

  /// Overwrites memory so that the compiler cannot leave it out.
  package static func wipe(_ memory: UnsafeMutableRawBufferPointer) {
    OPENSSL_cleanse(memory.baseAddress, memory.count)
  }

  /// The newest error of OpenSSL in this thread, whose queue is empty afterwards.
  private static func failure() -> AgeError {
    defer { ERR_clear_error() }
    return .openSSL(code: UInt(ERR_peek_last_error()))
  }
}
