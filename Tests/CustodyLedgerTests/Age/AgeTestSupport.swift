import CustodyLedger

/// A random source for tests: the same seed gives the same bytes (SplitMix64).
struct AgeTestRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  /// The source as `AgeFile.seal` takes it.
  static func source(seed: UInt64) -> (Int) -> [UInt8] {
    var random = AgeTestRandom(seed: seed)
    return { random.bytes($0) }
  }
}

extension AgeIdentity {
  /// An identity for a test.
  static func test(seed: UInt64) throws(AgeError) -> AgeIdentity {
    var random = AgeTestRandom(seed: seed ^ 0x6964_656e_7469_7479)
    return try AgeIdentity(bytes: random.bytes(AgeIdentity.byteCount))
  }
}

/// Files that no honest program writes, with a MAC that fits all the same.
///
/// A forger who was once a recipient knows the file key, so that the MAC alone protects from
/// nothing that these tests try.
struct AgeForgery {
  static let fileKey = [UInt8]("YELLOW SUBMARINE".utf8)
  static let nonce = [UInt8](repeating: 7, count: AgePayload.nonceByteCount)

  let identity: AgeIdentity

  /// A sound stanza for the identity.
  let stanza: AgeX25519Stanza

  init() throws(AgeError) {
    identity = try .test(seed: 1)
    stanza = try AgeX25519Stanza(
      wrapping: Self.fileKey, for: identity.recipient, ephemeral: .test(seed: 2))
  }

  /// The share and the body of the sound stanza, as text.
  var share: String { String(decoding: AgeBase64.encode(stanza.share), as: UTF8.self) }
  var body: String { String(decoding: AgeBase64.encode(stanza.body), as: UTF8.self) }

  /// A file whose stanzas are `lines`; `end` makes the last line from the MAC.
  func file(
    lines: [String], version: String = "age-encryption.org/v1",
    payload: [UInt8]? = nil, end: (_ mac: String) -> String = { "--- \($0)" }
  ) throws(AgeError) -> [UInt8] {
    let covered = Array(([version] + lines).map { $0 + "\n" }.joined().utf8) + Array("---".utf8)
    let key = try AgeCrypto.hkdf(ikm: Self.fileKey, salt: [], info: Array("header".utf8), count: 32)
    let mac = AgeBase64.encode(try AgeCrypto.hmac(key: key, message: covered))
    let last = end(String(decoding: mac, as: UTF8.self)) + "\n"
    let header = covered.dropLast(3) + Array(last.utf8)
    if let payload { return header + payload }
    return header + (try Self.payload("custody"))
  }

  /// A sound payload.
  static func payload(_ plaintext: String) throws(AgeError) -> [UInt8] {
    try AgePayload.seal(Array(plaintext.utf8), fileKey: fileKey, nonce: nonce)
  }

  /// A payload of chunks that are marked as last or not, whatever they are.
  static func payload(
    chunks: [(plaintext: [UInt8], isLast: Bool)]
  ) throws(AgeError) -> [UInt8] {
    let key = try AgeCrypto.hkdf(
      ikm: fileKey, salt: nonce, info: Array("payload".utf8), count: 32)
    var payload = nonce
    for (index, chunk) in chunks.enumerated() {
      let nonce = [UInt8](repeating: 0, count: 10) + [UInt8(index), chunk.isLast ? 1 : 0]
      payload += try AgeCrypto.seal(chunk.plaintext[...], key: key, nonce: nonce)
    }
    return payload
  }
}

/// Bytes from hexadecimal digits; blanks and line breaks between them do not count.
func ageBytes(hex: String) -> [UInt8] {
  let digits = hex.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
