import COpenSSL

/// XAES-256-GCM: AES-256-GCM with a 192-bit nonce, under a key derived for each message.
///
/// C2SP XAES-256-GCM v1: "L = AES-256ₖ(0¹²⁸)", "K1 = MSB₁(L) = 0 ? L << 1 : (L << 1) ⊕
/// 0¹²⁰10000111", "M1 = 0x00 || 0x01 || X || 0x00 || N[:12]", "Kₓ = AES-256ₖ(M1 ⊕ K1) ||
/// AES-256ₖ(M2 ⊕ K1)", then AES-256-GCM with Kₓ and N[12:]. That is CMAC of one full block, done
/// here with two block calls under a context that is kept for the key: OpenSSL's EVP_MAC costs more
/// than sealing a small content (Decisions/0002).
///
/// GCM does not commit to its key: whoever opens recomputes the commitment of the format.
/// Not for two threads at once.
package final class XAES256GCM {
  package static let overhead = AES256GCM.tagSize

  nonisolated(unsafe) private static let ecb: OpaquePointer = {
    guard let algorithm = EVP_CIPHER_fetch(nil, "AES-256-ECB", nil) else {
      fatalError("\(OpenSSLError("EVP_CIPHER_fetch"))")
    }
    return algorithm
  }()

  private let block: OpaquePointer
  private let message = AES256GCM()
  /// K1: the CMAC subkey, as the two block inputs' constant part.
  private var subkey = (UInt64(0), UInt64(0))

  /// A cipher under `key`, which has 32 bytes.
  package init(key: SecretBytes) {
    block = EVP_CIPHER_CTX_new()
    rekey(key)
  }

  /// Goes on under another key, which costs less than another cipher.
  package func rekey(_ key: SecretBytes) {
    precondition(key.count == 32)
    key.withUnsafeBytes {
      mustSucceed(
        EVP_EncryptInit_ex2(
          block, Self.ecb, $0.bindMemory(to: UInt8.self).baseAddress, nil, nil),
        "EVP_EncryptInit_ex2")
    }
    mustSucceed(EVP_CIPHER_CTX_set_padding(block, 0), "EVP_CIPHER_CTX_set_padding")
    var zero = (UInt64(0), UInt64(0))
    encryptBlocks(&zero)
    let high = UInt64(bigEndian: zero.0)
    let low = UInt64(bigEndian: zero.1)
    subkey.0 = (high << 1 | low >> 63).bigEndian
    subkey.1 = (low << 1 ^ (high >> 63 == 1 ? 0x87 : 0)).bigEndian
  }

  deinit {
    // "EVP_CIPHER_CTX_free() clears all information from a cipher context".
    EVP_CIPHER_CTX_free(block)
    withUnsafeMutableBytes(of: &subkey) { OPENSSL_cleanse($0.baseAddress, $0.count) }
  }

  private func encryptBlocks<T>(_ blocks: inout T) {
    withUnsafeMutableBytes(of: &blocks) { bytes in
      var written: Int32 = 0
      let pointer = bytes.bindMemory(to: UInt8.self).baseAddress
      mustSucceed(
        EVP_EncryptUpdate(block, pointer, &written, pointer, Int32(bytes.count)),
        "EVP_EncryptUpdate")
    }
  }

  /// Calls `body` with the key of the message, Kₓ, which is wiped afterwards, and its nonce, Nₓ.
  @inline(__always)
  private func withMessageKey<R>(
    _ nonce: Nonce,
    _ body: (_ key: UnsafeRawBufferPointer, _ nonce: UnsafeRawBufferPointer) -> R
  ) -> R {
    nonce.withUnsafeBytes { nonce in
      var blocks = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
      withUnsafeMutableBytes(of: &blocks) { bytes in
        for (at, counter) in [(0, UInt8(1)), (16, UInt8(2))] {
          bytes[at + 1] = counter
          bytes[at + 2] = 0x58
          for index in 0..<12 { bytes[at + 4 + index] = nonce[index] }
        }
      }
      blocks.0 ^= subkey.0
      blocks.1 ^= subkey.1
      blocks.2 ^= subkey.0
      blocks.3 ^= subkey.1
      encryptBlocks(&blocks)
      return withUnsafeMutableBytes(of: &blocks) { key in
        defer { OPENSSL_cleanse(key.baseAddress, key.count) }
        return body(
          UnsafeRawBufferPointer(key), UnsafeRawBufferPointer(rebasing: nonce[12...]))
      }
    }
  }

  /// Encrypts `plaintext` into `output`, which is 16 bytes longer: ciphertext, then tag.
  package func seal(
    _ plaintext: UnsafeRawBufferPointer, nonce: Nonce, aad: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) {
    withMessageKey(nonce) { key, nonce in
      message.seal(plaintext, key: key, nonce: nonce, aad: aad, into: output)
    }
  }

  /// Decrypts `ciphertext` (with its tag) into `output`, which is 16 bytes shorter.
  ///
  /// False when the tag does not match; `output` is wiped then.
  package func open(
    _ ciphertext: UnsafeRawBufferPointer, nonce: Nonce, aad: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) -> Bool {
    withMessageKey(nonce) { key, nonce in
      message.open(ciphertext, key: key, nonce: nonce, aad: aad, into: output)
    }
  }
}

extension XAES256GCM {
  /// Ciphertext and tag of a message that is not on a hot path: a wrapped key, a secret file.
  package func seal(_ plaintext: SecretBytes, nonce: Nonce, aad: [UInt8]) -> [UInt8] {
    plaintext.withUnsafeBytes { plaintext in
      aad.withUnsafeBytes { aad in
        [UInt8](unsafeUninitializedCapacity: plaintext.count + Self.overhead) { output, count in
          count = plaintext.count + Self.overhead
          seal(
            plaintext, nonce: nonce, aad: aad,
            into: UnsafeMutableRawBufferPointer(
              rebasing: UnsafeMutableRawBufferPointer(output)[..<count]))
        }
      }
    }
  }

  /// What ``seal(_:nonce:aad:)`` sealed, or nil when the bytes, key, nonce or aad differ.
  package func open(_ ciphertext: [UInt8], nonce: Nonce, aad: [UInt8]) -> SecretBytes? {
    guard ciphertext.count >= Self.overhead else { return nil }
    var matches = false
    let plaintext = SecretBytes(count: ciphertext.count - Self.overhead) { output in
      matches = ciphertext.withUnsafeBytes { ciphertext in
        aad.withUnsafeBytes { open(ciphertext, nonce: nonce, aad: $0, into: output) }
      }
    }
    return matches ? plaintext : nil
  }
}

/// The 192-bit nonce of a message, random and never a counter.
///
/// A counter would repeat after an old backup is restored, and a repeated nonce breaks GCM.
public struct Nonce: FixedBytes {
  /// 24: XAES-256-GCM spends 12 bytes on the message's key and 12 on GCM's own nonce.
  public static let byteCount = 24
  private var a: UInt64 = 0
  private var b: UInt64 = 0
  private var c: UInt64 = 0
  /// 24 zero bytes, which stand for no nonce: only in a claim without keys.
  public init() {}
}
