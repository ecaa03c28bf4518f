import COpenSSL
import CustodyLedger
import Testing

@Suite("XAES-256-GCM is C2SP's")
struct XAESTests {
  /// SHAKE-128 of `input`, as many bytes as asked for.
  private static func shake128(_ input: [UInt8], count: Int) throws -> [UInt8] {
    let context = try #require(EVP_MD_CTX_new())
    defer { EVP_MD_CTX_free(context) }
    try #require(EVP_DigestInit_ex2(context, EVP_shake128(), nil) == 1)
    try #require(EVP_DigestUpdate(context, input, input.count) == 1)
    var output = [UInt8](repeating: 0, count: count)
    try #require(EVP_DigestFinalXOF(context, &output, count) == 1)
    return output
  }

  // C2SP XAES-256-GCM, "Accumulated randomized tests": key, nonce, plaintext and additional data
  // are read from SHAKE-128 of nothing, "and the ciphertext is hashed" by another SHAKE-128.
  @Test("10,000 messages of any length hash to the value of the specification")
  func accumulated() throws {
    var stream = ByteReader(try Self.shake128([], count: 10_000 * (32 + 24 + 256 + 256)))
    func bytes(_ count: Int) throws -> [UInt8] {
      let bytes = stream.read(count: count)
      return Array(try #require(bytes))
    }
    var ciphertexts: [UInt8] = []
    for _ in 0..<10_000 {
      let cipher = XAES256GCM(key: secret(try bytes(32)))
      let nonce = try #require(Nonce(try bytes(24)))
      let plaintext = try bytes(Int(try bytes(1)[0]))
      let aad = try bytes(Int(try bytes(1)[0]))
      let sealed = cipher.seal(secret(plaintext), nonce: nonce, aad: aad)
      if cipher.open(sealed, nonce: nonce, aad: aad)?.bytes != plaintext {
        Issue.record("does not open: \(plaintext.count) bytes, \(aad.count) bytes beside")
      }
      ciphertexts += sealed
    }
    #expect(
      Hex.encode(try Self.shake128(ciphertexts, count: 32))
        == "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939")
  }

  @Test(
    "one cipher seals and opens by turns, also after a refusal", arguments: 0..<20 as Range<UInt64>)
  func turns(seed: UInt64) {
    var random = TestRandom(seed: seed)
    let key = random.key()
    let cipher = XAES256GCM(key: key)
    for _ in 0..<20 {
      let plaintext = random.bytes(Int.random(in: 0...200, using: &random))
      let aad = random.bytes(Int.random(in: 0...40, using: &random))
      let nonce = random.fixed(Nonce.self)
      let sealed = cipher.seal(secret(plaintext), nonce: nonce, aad: aad)
      #expect(sealed == XAES256GCM(key: key).seal(secret(plaintext), nonce: nonce, aad: aad))
      let at = Int.random(in: sealed.indices, using: &random)
      #expect(cipher.open(sealed.flipping(at), nonce: nonce, aad: aad) == nil)
      #expect(cipher.open(sealed, nonce: nonce, aad: aad + [0]) == nil)
      #expect(cipher.open(sealed, nonce: nonce.flipping(at % 24), aad: aad) == nil)
      #expect(cipher.open(Array(sealed.dropLast()), nonce: nonce, aad: aad) == nil)
      #expect(cipher.open(sealed, nonce: nonce, aad: aad)?.bytes == plaintext)
    }
  }

  @Test("what is shorter than a tag does not open")
  func short() {
    let cipher = XAES256GCM(key: secret([UInt8](repeating: 1, count: 32)))
    for count in 0..<16 {
      #expect(
        cipher.open([UInt8](repeating: 0, count: count), nonce: Nonce(), aad: []) == nil)
    }
  }
}
