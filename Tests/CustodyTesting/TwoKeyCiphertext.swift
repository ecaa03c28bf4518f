import CustodyLedger

/// A body of XAES-256-GCM that two keys open, each to something else.
///
/// "Partitioning Oracle Attacks" (Len, Grubbs, Ristenpart 2021): the tag is linear in every block of
/// the ciphertext, so one free block makes the tags under both keys equal. Only a commitment tells
/// which content was meant.
package struct TwoKeyCiphertext {
  package let nonce: Nonce
  package let body: [UInt8]
  /// What the first key opens the body to: 32 bytes of salt, the content, and the padding.
  package let plaintext: [UInt8]

  /// - Parameters:
  ///   - content: 31 bytes, as many as fill a block of padding; what the first key opens.
  ///   - aad: the additional data under a nonce.
  package init(
    of content: [UInt8], keys: (SecretBytes, SecretBytes),
    random: (Int) -> [UInt8], aad: (Nonce) throws -> [UInt8]
  ) rethrows {
    precondition(content.count == 31)
    var (nonce, first, second): (Nonce, KeyStream, KeyStream)
    repeat {
      nonce = Nonce(random(Nonce.byteCount))!
      first = KeyStream(keys.0, nonce)
      second = KeyStream(keys.1, nonce)
      // The padding's last byte then opens to 0x80 under both: one nonce in 256 does that.
    } while UInt8(truncatingIfNeeded: first.blocks[3] ^ second.blocks[3]) != 0
    let message = [UInt128(0), 0] + Self.blocks(content + [0x80])
    var sealed = zip(message, first.blocks).map { $0 ^ $1 }
    sealed[0] = 0
    let additional = try aad(nonce)
    func hashed(_ stream: KeyStream) -> UInt128 {
      stream.hash(additional, sealed) ^ stream.mask
    }
    // Block 0 counts with the power that has three more blocks and the lengths after it.
    let weight = first.power(5) ^ second.power(5)
    sealed[0] = Self.product(hashed(first) ^ hashed(second), Self.inverse(weight))
    self.nonce = nonce
    body = (sealed + [hashed(first)]).flatMap(Self.bytes)
    plaintext = zip(sealed, first.blocks).flatMap { Self.bytes($0 ^ $1) }
  }

  /// What AES makes of one key and nonce: NIST SP 800-38D, with the key of C2SP's XAES-256-GCM.
  private struct KeyStream {
    let blocks: [UInt128]
    let mask: UInt128
    private let subkey: UInt128

    init(_ key: SecretBytes, _ nonce: Nonce) {
      let aes = AES256Block()
      func encrypted(_ block: UInt128, _ key: SecretBytes) -> UInt128 {
        TwoKeyCiphertext.blocks(
          aes.encrypt(EventID(TwoKeyCiphertext.bytes(block))!, key: key).bytes)[0]
      }
      let zero = encrypted(0, key)
      let constant = zero << 1 ^ (zero >> 127 == 1 ? 0x87 : 0)
      let message = [UInt8(1), 2].flatMap { counter in
        let block = TwoKeyCiphertext.blocks([0, counter, 0x58, 0] + nonce.bytes[..<12])[0]
        return TwoKeyCiphertext.bytes(encrypted(block ^ constant, key))
      }
      let derived = SecretBytes(count: 32) { $0.copyBytes(from: message) }
      let start = TwoKeyCiphertext.blocks(nonce.bytes[12...] + [0, 0, 0, 0])[0]
      subkey = encrypted(0, derived)
      mask = encrypted(start | 1, derived)
      blocks = (2..<6).map { encrypted(start | $0, derived) }
    }

    /// GHASH.
    func hash(_ additional: [UInt8], _ sealed: [UInt128]) -> UInt128 {
      let padding = [UInt8](repeating: 0, count: (16 - additional.count % 16) % 16)
      let lengths = UInt128(additional.count * 8) << 64 | UInt128(sealed.count * 128)
      return (TwoKeyCiphertext.blocks(additional + padding) + sealed + [lengths])
        .reduce(0) { TwoKeyCiphertext.product($0 ^ $1, subkey) }
    }

    func power(_ exponent: Int) -> UInt128 {
      (1..<exponent).reduce(subkey) { power, _ in TwoKeyCiphertext.product(power, subkey) }
    }
  }

  // MARK: - GF(2¹²⁸), its bits in GCM's order

  private static func product(_ left: UInt128, _ right: UInt128) -> UInt128 {
    var (result, factor) = (UInt128(0), right)
    for bit in 0..<128 {
      if left >> (127 - bit) & 1 == 1 { result ^= factor }
      factor = factor >> 1 ^ (factor & 1 == 1 ? 0xe1 << 120 : 0)
    }
    return result
  }

  /// The power of 2¹²⁸ − 2.
  private static func inverse(_ value: UInt128) -> UInt128 {
    var (result, square) = (UInt128(1) << 127, value)
    for _ in 1..<128 {
      square = product(square, square)
      result = product(result, square)
    }
    return result
  }

  private static func blocks(_ bytes: some Collection<UInt8>) -> [UInt128] {
    let bytes = Array(bytes)
    return stride(from: 0, to: bytes.count, by: 16).map { at in
      bytes[at..<at + 16].reduce(0) { $0 << 8 | UInt128($1) }
    }
  }

  private static func bytes(_ block: UInt128) -> [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: block >> (120 - 8 * $0)) }
  }
}
