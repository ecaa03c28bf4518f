import CustodyLedger
import Testing

@Suite("The primitives of age")
struct AgeCryptoTests {
  // RFC 7748 §6.1: Alice's and Bob's secret keys, their public keys, and what they share.
  @Test("X25519 gives the keys and the shared secret of RFC 7748")
  func agreement() throws {
    let alice = try AgeIdentity(
      bytes: ageBytes(hex: "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
    let bob = ageBytes(hex: "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    let bobPoint = ageBytes(hex: "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    let shared = ageBytes(hex: "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
    #expect(
      alice.recipient.bytes
        == ageBytes(hex: "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"))
    #expect(try AgeIdentity(bytes: bob).recipient.bytes == bobPoint)
    #expect(
      try AgeCrypto.x25519(secret: bob.span.bytes, point: alice.recipient.bytes) == shared)
  }

  // RFC 7748 §5.2: "initially, set k and u to be the following values", the base point; "for each
  // iteration, set k to be the result of calling the function and u to be the old value of k."
  @Test("X25519 iterated once and a thousand times gives the values of RFC 7748")
  func iterated() throws {
    var (scalar, point) = (AgeCrypto.basePoint, AgeCrypto.basePoint)
    for round in 1...1_000 {
      (scalar, point) = (try AgeCrypto.x25519(secret: scalar.span.bytes, point: point), scalar)
      guard round == 1 else { continue }
      #expect(
        scalar
          == ageBytes(hex: "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"))
    }
    #expect(
      scalar == ageBytes(hex: "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"))
  }

  // The points whose order divides 8; some have a second form, at or above p or with the top bit
  // set.
  @Test(
    "a point of low order is refused, however it is written",
    arguments: [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ])
  func lowOrder(point: String) throws {
    let identity = try AgeIdentity.test(seed: 3)
    let recipient = try AgeRecipient(bytes: ageBytes(hex: point))
    #expect(throws: AgeError.lowOrderPoint) {
      try AgeFile.seal([1], to: [recipient], random: AgeTestRandom.source(seed: 4))
    }
    let stanza = try #require(
      AgeX25519Stanza(share: recipient.bytes, body: [UInt8](repeating: 0, count: 32)))
    #expect(throws: AgeError.lowOrderPoint) { try stanza.fileKey(for: identity) }
  }

  // RFC 5869, appendices A.1, A.2 and A.3.
  @Test("HKDF gives the test vectors of RFC 5869")
  func derivation() throws {
    let first = try AgeCrypto.hkdf(
      ikm: [UInt8](repeating: 0x0b, count: 22), salt: [UInt8](0x00...0x0c),
      info: [UInt8](0xf0...0xf9), count: 42)
    #expect(
      first
        == ageBytes(
          hex: """
            3cb25f25faacd57a90434f64d0362f2a 2d2d0a90cf1a5a4c5db02d56ecc4c5bf
            34007208d5b887185865
            """))
    let second = try AgeCrypto.hkdf(
      ikm: [UInt8](0x00...0x4f), salt: [UInt8](0x60...0xaf), info: [UInt8](0xb0...0xff), count: 82)
    #expect(
      second
        == ageBytes(
          hex: """
            b11e398dc80327a1c8e7f78c596a4934 4f012eda2d4efad8a050cc4c19afa97c
            59045a99cac7827271cb41c65e590e09 da3275600c2f09b8367793a9aca3db71
            cc30c58179ec3e87c14c01d5c1f3434f 1d87
            """))
    let third = try AgeCrypto.hkdf(
      ikm: [UInt8](repeating: 0x0b, count: 22), salt: [], info: [], count: 42)
    #expect(
      third
        == ageBytes(
          hex: """
            8da4e775a563c18f715f802a063c5a31 b8a11f5c5ee1879ec3454e5f3c738d2d
            9d201395faa4b61a96c8
            """))
  }

  // RFC 4231 §4.3.
  @Test("HMAC gives the test vector of RFC 4231")
  func authentication() throws {
    let code = try AgeCrypto.hmac(
      key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8))
    #expect(
      code == ageBytes(hex: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
  }

  @Test("what is sealed opens again, and not with a bit of key, nonce, text or tag changed")
  func sealing() throws {
    var random = AgeTestRandom(seed: 5)
    let (key, nonce) = (random.bytes(32), random.bytes(12))
    for count in [0, 1, 64] {
      let plaintext = random.bytes(count)
      let sealed = try AgeCrypto.seal(plaintext[...], key: key, nonce: nonce)
      #expect(sealed.count == count + AgeCrypto.tagByteCount)
      #expect(try AgeCrypto.open(sealed[...], key: key, nonce: nonce) == plaintext)
      #expect(try AgeCrypto.open(flipped(sealed, 0)[...], key: key, nonce: nonce) == nil)
      #expect(
        try AgeCrypto.open(flipped(sealed, count + 15)[...], key: key, nonce: nonce) == nil)
      #expect(try AgeCrypto.open(sealed[...], key: flipped(key, 31), nonce: nonce) == nil)
      #expect(try AgeCrypto.open(sealed[...], key: key, nonce: flipped(nonce, 11)) == nil)
    }
  }

  @Test("wiped bytes are zeros, and arrays are equal only byte for byte")
  func memory() {
    var bytes: [UInt8] = [1, 2, 3]
    #expect(AgeCrypto.areEqual(bytes, [1, 2, 3]))
    #expect(!AgeCrypto.areEqual(bytes, [1, 2, 4]))
    #expect(!AgeCrypto.areEqual(bytes, [1, 2]))
    #expect(!AgeCrypto.areEqual([1, 2], bytes))
    #expect(AgeCrypto.areEqual([], []))
    AgeCrypto.wipe(&bytes)
    #expect(bytes == [0, 0, 0])
  }

  private func flipped(_ bytes: [UInt8], _ offset: Int) -> [UInt8] {
    var bytes = bytes
    bytes[offset] ^= 1
    return bytes
  }
}
