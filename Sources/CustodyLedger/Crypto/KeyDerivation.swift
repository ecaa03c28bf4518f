import COpenSSL

/// HMAC, HKDF and scrypt of libcrypto, all over SHA-256 except scrypt's own mix.
package enum KeyDerivation {
  /// HMAC-SHA-256 (RFC 2104).
  package static func hmac(key: SecretBytes, _ message: UnsafeRawBufferPointer) -> Digest {
    var digest = Digest()
    key.withUnsafeBytes { key in
      withUnsafeMutableBytes(of: &digest) { out in
        var length: UInt32 = 0
        let result = HMAC(
          EVP_sha256(), key.baseAddress, Int32(key.count),
          message.bindMemory(to: UInt8.self).baseAddress, message.count,
          out.bindMemory(to: UInt8.self).baseAddress, &length)
        if result == nil { fatalError("\(OpenSSLError("HMAC"))") }
      }
    }
    return digest
  }

  /// Fetched once: that costs as much as deriving.
  nonisolated(unsafe) private static let kdf: OpaquePointer = {
    guard let algorithm = EVP_KDF_fetch(nil, "HKDF", nil) else {
      fatalError("\(OpenSSLError("EVP_KDF_fetch"))")
    }
    return algorithm
  }()

  /// HKDF-SHA-256 (RFC 5869), extract and expand, `count` at most 8,160 bytes.
  ///
  /// libcrypto refuses a longer output, and that is the only input it refuses.
  package static func hkdf(
    _ keyMaterial: UnsafeRawBufferPointer, salt: [UInt8], info: [UInt8], count: Int
  ) throws(OpenSSLError) -> SecretBytes {
    guard let context = EVP_KDF_CTX_new(kdf) else { throw OpenSSLError("EVP_KDF_CTX_new") }
    defer { EVP_KDF_CTX_free(context) }
    return try SecretBytes(count: count) { (out) throws(OpenSSLError) in
      let result = custody_hkdf_sha256(
        context, keyMaterial.orEmpty.assumingMemoryBound(to: UInt8.self), keyMaterial.count,
        salt, salt.count, info, info.count, out.bindMemory(to: UInt8.self).baseAddress, out.count)
      if result != 1 { throw OpenSSLError("EVP_KDF_derive") }
    }
  }

  /// scrypt (RFC 7914) of a passphrase: 32 bytes.
  ///
  /// Takes 128 · `cost` · `blockSize` bytes of memory, which a hostile file could make large:
  /// callers bound both before.
  package static func scrypt(
    passphrase: SecretBytes, salt: [UInt8], cost: UInt64, blockSize: UInt64, parallelism: UInt64
  ) throws(OpenSSLError) -> SecretBytes {
    try SecretBytes(count: 32) { (out) throws(OpenSSLError) in
      let result = passphrase.withUnsafeBytes { passphrase in
        EVP_PBE_scrypt(
          passphrase.bindMemory(to: CChar.self).baseAddress, passphrase.count, salt, salt.count,
          cost, blockSize, parallelism, 256 * cost * blockSize,
          out.bindMemory(to: UInt8.self).baseAddress, out.count)
      }
      if result != 1 { throw OpenSSLError("EVP_PBE_scrypt") }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The first byte, or some address when there is none: libcrypto takes nil for "not given".
  var orEmpty: UnsafeRawPointer { baseAddress ?? UnsafeRawPointer(bitPattern: 1)! }
}
