import CustodyLedger
import CustodyTesting
import Testing

@Suite("Sealing")
struct SealingLawTests {
  /// A content, sealed: everything that opening takes.
  struct Sealed {
    let claim: Claim
    let claimBytes: [UInt8]
    let keys: [SecretBytes]
    let content: [UInt8]
    let seal: Seal
    let body: [UInt8]

    init(_ content: [UInt8], keyCount: Int, compressing: Bool, random: inout TestRandom) {
      let stored = content.withUnsafeBytes {
        ContentSealer.Stored($0, compressing: compressing)
      }
      self.content = content
      claim = random.claim(keyCount: keyCount, flags: stored.isCompressed ? .compressed : [])
      claimBytes = claim.bytes
      keys = claim.keyIDs.map { _ in random.key() }
      let (claim, claimBytes, keys, salt) = (claim, claimBytes, keys, random.fixed(Digest.self))
      (seal, body) = content.withUnsafeBytes {
        ContentSealer().seal(
          $0, stored: stored, claim: claim, claimBytes: claimBytes, keys: keys, salt: salt)
      }
    }

    /// Opens it with some of its parts replaced.
    func open(
      body: [UInt8]? = nil, claimBytes: [UInt8]? = nil, nonce: Nonce? = nil,
      isCompressed: Bool? = nil, commitment: Digest? = nil, keys: [SecretBytes]? = nil,
      with sealer: ContentSealer = ContentSealer()
    ) -> Result<[UInt8], OpeningError> {
      (body ?? self.body).withUnsafeBytes { body in
        (claimBytes ?? self.claimBytes).withUnsafeBytes { claimBytes in
          Result { () throws(OpeningError) in
            try sealer.open(
              body, claimBytes: claimBytes, keyIDs: claim.keyIDs, nonce: nonce ?? claim.nonce,
              isCompressed: isCompressed ?? claim.flags.contains(.compressed),
              commitment: commitment ?? seal.commitment, keys: keys ?? self.keys)
          }
        }
      }
    }
  }

  static let sizes = [0, 1, 30, 31, 32, 33, 63, 64, 65, 94, 95, 96, 4095, 4096, 4097]

  @Test("a sealed content opens to itself, under 1 to 8 keys", arguments: sizes, [1, 2, 8])
  func roundTrip(size: Int, keyCount: Int) {
    for seed in 0..<8 as Range<UInt64> {
      var random = TestRandom(seed: seed << 32 | UInt64(size))
      let content = random.bytes(size)
      let sealed = Sealed(content, keyCount: keyCount, compressing: true, random: &random)
      #expect(!sealed.claim.flags.contains(.compressed), "random bytes do not shrink")
      #expect(sealed.open() == .success(content))
      #expect(sealed.seal.bodyHash == SHA256.hash(sealed.body))
      #expect(sealed.seal.bodyLength == sealed.body.count)
      // Salt, content and one byte of padding, to a multiple of 64, then the tag.
      #expect(sealed.body.count == (32 + size + 1 + 63) / 64 * 64 + 16)
    }
  }

  @Test("one sealer keeps many contents apart", arguments: 0..<10 as Range<UInt64>)
  func manyContents(seed: UInt64) {
    var random = TestRandom(seed: seed)
    let sealer = ContentSealer()
    let all = (0..<100).map { _ in
      Sealed(
        random.bytes(Int.random(in: 0...300, using: &random)),
        keyCount: Int.random(in: 1...3, using: &random), compressing: true, random: &random)
    }
    for sealed in all.shuffled(using: &random) {
      #expect(sealed.open(with: sealer) == .success(sealed.content))
    }
    sealer.forgetKeys()
    #expect(all[0].open(with: sealer) == .success(all[0].content))
  }

  @Test("a compressible mebibyte is compressed and opens to itself")
  func compressible() {
    var random = TestRandom(seed: 7)
    let line = Array(#"{"stage":"transcribe","state":"completed","score":"#.utf8)
    var content: [UInt8] = []
    while content.count < 1 << 20 {
      content += line + Array("\(UInt16.random(in: 0...999, using: &random))}\n".utf8)
    }
    let sealed = Sealed(content, keyCount: 1, compressing: true, random: &random)
    #expect(sealed.claim.flags == .compressed)
    #expect(sealed.body.count < content.count / 4)
    #expect(sealed.body.count % 64 == 16)
    #expect(sealed.open() == .success(content))
    // The commitment is to the content, not to what is stored of it.
    #expect(sealed.open(isCompressed: false) == .failure(.commitment))

    let plain = Sealed(content, keyCount: 1, compressing: false, random: &random)
    #expect(plain.claim.flags == [])
    #expect(plain.open() == .success(content))
    #expect(plain.open(isCompressed: true) == .failure(.compression))
  }

  @Test("any changed byte of body, claim or nonce is not authentic", arguments: [0, 33, 95])
  func changedBytes(size: Int) {
    var random = TestRandom(seed: UInt64(size))
    let sealed = Sealed(random.bytes(size), keyCount: 2, compressing: true, random: &random)
    func mask() -> UInt8 { 1 << UInt8.random(in: 0...7, using: &random) }
    for at in sealed.body.indices {
      #expect(
        sealed.open(body: sealed.body.flipping(at, by: mask())) == .failure(.notAuthentic),
        "body, byte \(at)")
    }
    for at in sealed.claimBytes.indices {
      #expect(
        sealed.open(claimBytes: sealed.claimBytes.flipping(at, by: mask()))
          == .failure(.notAuthentic), "claim, byte \(at)")
    }
    for at in 0..<Nonce.byteCount {
      #expect(
        sealed.open(nonce: sealed.claim.nonce.flipping(at, by: mask()))
          == .failure(.notAuthentic), "nonce, byte \(at)")
    }
  }

  @Test("any changed byte of any key is not authentic", arguments: [1, 2, 8])
  func changedKeys(keyCount: Int) {
    var random = TestRandom(seed: UInt64(keyCount))
    let sealed = Sealed(random.bytes(40), keyCount: keyCount, compressing: true, random: &random)
    for number in 0..<keyCount {
      for at in 0..<32 {
        var keys = sealed.keys
        keys[number] = secret(keys[number].bytes.flipping(at))
        #expect(sealed.open(keys: keys) == .failure(.notAuthentic), "key \(number), byte \(at)")
      }
    }
    if keyCount > 1 {
      #expect(sealed.open(keys: sealed.keys.reversed()) == .failure(.notAuthentic))
    }
  }

  @Test("any changed byte of the commitment is refused", arguments: 0..<32)
  func changedCommitment(at: Int) {
    var random = TestRandom(seed: UInt64(at))
    let sealed = Sealed(random.bytes(at), keyCount: 1, compressing: true, random: &random)
    #expect(
      sealed.open(commitment: sealed.seal.commitment.flipping(at)) == .failure(.commitment))
  }

  @Test("a sealer that knows a key does not open for another key under the same id")
  func keysBesideTheirIDs() {
    var random = TestRandom(seed: 8)
    let sealed = Sealed(random.bytes(40), keyCount: 1, compressing: true, random: &random)
    let wrong = [random.key()]
    let sealer = ContentSealer()
    #expect(sealed.open(with: sealer) == .success(sealed.content))
    #expect(sealed.open(keys: wrong, with: sealer) == .failure(.notAuthentic))
    #expect(sealed.open(with: sealer) == .success(sealed.content))
    // The same key in another buffer is the same key.
    #expect(
      sealed.open(keys: [secret(sealed.keys[0].bytes)], with: sealer) == .success(sealed.content))
  }

  @Test(
    "a body of another length is refused before it is opened", arguments: [0, 1, 15, 16, 79, 81])
  func lengths(count: Int) {
    var random = TestRandom(seed: 9)
    let sealed = Sealed([], keyCount: 1, compressing: true, random: &random)
    #expect(sealed.body.count == 80)
    #expect(sealed.open(body: random.bytes(count)) == .failure(.padding))
  }

  /// Plaintexts that only a writer with the key can make, and that no writer makes.
  @Test(
    "what is authentic but not padded as the format says is refused",
    arguments: [
      ("zeros only", [UInt8](repeating: 0, count: 64)),
      ("no room for a salt", [0x80] + [UInt8](repeating: 0, count: 63)),
      ("no 0x80", [UInt8](repeating: 1, count: 64)),
      ("a whole block too many", Array(repeating: 1, count: 32) + [0x80] + zeros(95)),
      ("0x80 in the salt alone", Array(repeating: 1, count: 31) + [0x80] + zeros(32)),
    ])
  func padding(why: String, plaintext: [UInt8]) {
    var random = TestRandom(seed: 10)
    let sealed = Sealed([], keyCount: 1, compressing: true, random: &random)
    let body = XAES256GCM(key: sealed.keys[0]).seal(
      secret(plaintext), nonce: sealed.claim.nonce, aad: sealed.claimBytes)
    #expect(sealed.open(body: body) == .failure(.padding))
  }

  @Test("a body that two keys open is refused under the key that was not meant", arguments: 0..<4)
  func twoKeys(seed: UInt64) throws {
    var random = TestRandom(seed: seed)
    let keys = (random.key(), random.key())
    var claim = random.claim(keyCount: 1)
    let content = random.bytes(31)
    let forged = TwoKeyCiphertext(of: content, keys: keys, random: { random.bytes($0) }) { nonce in
      claim.nonce = nonce
      return claim.bytes
    }
    // GCM itself is content with either.
    for key in [keys.0, keys.1] {
      let opened = XAES256GCM(key: key).open(forged.body, nonce: forged.nonce, aad: claim.bytes)
      #expect(opened?.bytes.last == 0x80)
    }
    let commitment = SHA256.hash([0] + forged.plaintext[..<63])
    func open(_ key: SecretBytes) -> Result<[UInt8], OpeningError> {
      forged.body.withUnsafeBytes { body in
        claim.bytes.withUnsafeBytes { claimBytes in
          Result { () throws(OpeningError) in
            try ContentSealer().open(
              body, claimBytes: claimBytes, keyIDs: claim.keyIDs, nonce: forged.nonce,
              isCompressed: false, commitment: commitment, keys: [key])
          }
        }
      }
    }
    #expect(open(keys.0) == .success(content))
    #expect(open(keys.1) == .failure(.commitment))
  }

  @Test("a content that looks like padding opens to itself", arguments: 0...130)
  func contentLikePadding(count: Int) {
    var random = TestRandom(seed: UInt64(count))
    for content in [zeros(count), [0x80] + zeros(count), zeros(count) + [0x80]] {
      let sealed = Sealed(content, keyCount: 1, compressing: false, random: &random)
      #expect(sealed.open() == .success(content))
    }
  }

  @Test("a compressed content is one stream within the limit, with nothing after it")
  func compression() throws {
    var random = TestRandom(seed: 11)
    let content = [UInt8](repeating: 7, count: 5000)
    let compressed = content.withUnsafeBytes { Deflate.compress($0) }
    let claim = random.claim(keyCount: 1, flags: .compressed)
    let (key, salt) = (random.key(), random.fixed(Digest.self))
    func opened(_ bytes: [UInt8], commitment: Digest) -> Result<[UInt8], OpeningError> {
      let sealer = ContentSealer()
      let body = bytes.withUnsafeBytes {
        sealer.sealed(
          $0, salt: salt, nonce: claim.nonce, aad: claim.bytes, keyIDs: claim.keyIDs, keys: [key])
      }
      return body.withUnsafeBytes { body in
        claim.bytes.withUnsafeBytes { claimBytes in
          Result { () throws(OpeningError) in
            try sealer.open(
              body, claimBytes: claimBytes, keyIDs: claim.keyIDs, nonce: claim.nonce,
              isCompressed: true, commitment: commitment, keys: [key])
          }
        }
      }
    }
    let sealer = ContentSealer()
    let commitment = content.withUnsafeBytes { sealer.commitment(salt: salt, content: $0) }
    #expect(opened(compressed, commitment: commitment) == .success(content))
    #expect(opened(compressed + [0], commitment: commitment) == .failure(.compression))
    #expect(
      opened(Array(compressed.dropLast()), commitment: commitment) == .failure(.compression))
    #expect(opened([], commitment: commitment) == .failure(.compression))
    let bomb = zeros(ContentSealer.contentSizeMax + 1).withUnsafeBytes { Deflate.compress($0) }
    #expect(opened(bomb, commitment: commitment) == .failure(.compression))
  }

  @Test("the library's own contents are stored as they are, under a salt of zeros")
  func open() {
    let content = Array(#"{"organization":"example.org"}"#.utf8)
    let seal = ContentSealer().sealOpenly(content)
    #expect(seal.bodyLength == content.count)
    #expect(seal.bodyHash == SHA256.hash(content))
    #expect(seal.commitment == SHA256.hash(zeros(33) + content))
  }

  @Test("the joint key needs every key, in the order of their ids", arguments: 2...8)
  func jointKey(count: Int) {
    var random = TestRandom(seed: UInt64(count))
    let keys = (0..<count).map { _ in random.key() }
    let joint = JointKey.derive(keys)
    #expect(joint.count == 32)
    #expect(joint.equals(JointKey.derive(keys)))
    #expect(!joint.equals(JointKey.derive(keys.reversed())))
    for at in keys.indices {
      var fewer = keys
      fewer.remove(at: at)
      #expect(!joint.equals(JointKey.derive(fewer)))
      #expect(!joint.equals(keys[at]))
    }
  }
}

private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
