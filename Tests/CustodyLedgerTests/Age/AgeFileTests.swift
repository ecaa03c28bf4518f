import CustodyLedger
import Testing

@Suite("age files")
struct AgeFileTests {
  /// Around the borders of a chunk of 64 KiB, and well past them.
  static let sizes = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]

  @Test("a plaintext of any size comes back", arguments: sizes)
  func roundTrip(size: Int) throws {
    let identity = try AgeIdentity.test(seed: 10)
    var random = AgeTestRandom(seed: UInt64(size))
    let plaintext = random.bytes(size)
    let file = try AgeFile.seal(
      plaintext, to: [identity.recipient], random: AgeTestRandom.source(seed: 11))
    #expect(try AgeFile.open(file, with: identity) == plaintext)
    let header = try AgeHeader(parsing: file)
    #expect(file.count == header.byteCount + AgePayload.sealedByteCount(of: size))
  }

  @Test("each recipient opens the file alone, and nobody else opens it")
  func recipients() throws {
    let identities = try (20..<25).map { try AgeIdentity.test(seed: $0) }
    let stranger = try AgeIdentity.test(seed: 26)
    let plaintext = Array("To each of you.".utf8)
    let file = try AgeFile.seal(
      plaintext, to: identities.map(\.recipient), random: AgeTestRandom.source(seed: 27))
    for identity in identities { #expect(try AgeFile.open(file, with: identity) == plaintext) }
    #expect(throws: AgeError.noMatch) { try AgeFile.open(file, with: stranger) }
  }

  @Test("the same random bytes give the same file; others give other stanzas and another payload")
  func randomness() throws {
    let recipient = try AgeIdentity.test(seed: 30).recipient
    let seal = { (seed: UInt64) in
      try AgeFile.seal([1, 2, 3], to: [recipient], random: AgeTestRandom.source(seed: seed))
    }
    let file = try seal(1)
    #expect(try seal(1) == file)
    let (stanzas, others) = (
      try AgeHeader(parsing: file).stanzas, try AgeHeader(parsing: seal(2)).stanzas
    )
    #expect(Set(stanzas).isDisjoint(with: others))
    #expect(try file.suffix(35) != seal(2).suffix(35))
  }

  @Test("random bytes are drawn as they are promised: file key, secrets in order, nonce")
  func draws() throws {
    let recipients = try (40..<43).map { try AgeIdentity.test(seed: $0).recipient }
    let source = AgeTestRandom.source(seed: 44)
    var counts: [Int] = []
    _ = try AgeFile.seal([], to: recipients) { count in
      counts.append(count)
      return source(count)
    }
    #expect(counts == [16, 32, 32, 32, 16])
  }

  @Test("a random source that fails at any of its calls is refused", arguments: 0..<3)
  func failingSource(call: Int) throws {
    let recipient = try AgeIdentity.test(seed: 50).recipient
    let wanted = [16, 32, 16][call]
    for got in [0, wanted - 1, wanted + 1] {
      var calls = 0
      #expect(throws: AgeError.randomByteCount(wanted: wanted, got: got)) {
        try AgeFile.seal([1], to: [recipient]) { count in
          defer { calls += 1 }
          return [UInt8](repeating: 1, count: calls == call ? got : count)
        }
      }
    }
  }

  @Test("a file is sealed to one recipient at least and to a thousand at most, and opens again")
  func recipientCount() throws {
    let identity = try AgeIdentity.test(seed: 60)
    let recipient = identity.recipient
    for count in [0, AgeFile.recipientCountMax + 1] {
      let recipients = [AgeRecipient](repeating: recipient, count: count)
      #expect(throws: AgeError.recipientCount(count)) {
        try AgeFile.seal([], to: recipients, random: AgeTestRandom.source(seed: 61))
      }
    }
    let recipients = [AgeRecipient](repeating: recipient, count: AgeFile.recipientCountMax)
    let file = try AgeFile.seal([9], to: recipients, random: AgeTestRandom.source(seed: 62))
    #expect(try AgeFile.open(file, with: identity) == [9])
  }
}
