import CustodyLedger
import Testing

@Suite("Recipients and identities of age")
struct AgeKeyTests {
  // age.md, "The X25519 recipient type".
  static let identity = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
  static let recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

  @Test("the identity of the specification has the recipient of the specification")
  func specification() throws {
    let identity = try AgeIdentity(Self.identity)
    #expect(identity.secretText == Self.identity)
    #expect(identity.recipient.description == Self.recipient)
    #expect(try AgeRecipient(Self.recipient) == identity.recipient)
    #expect(try AgeIdentity(bytes: [UInt8](repeating: 0x42, count: 32)).secretText == Self.identity)
  }

  @Test("what is written is read as the same key", arguments: 0..<20 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    let identity = try AgeIdentity.test(seed: seed)
    #expect(identity.secretText.utf8.count == 74)
    #expect(try AgeIdentity(identity.secretText).recipient == identity.recipient)
    #expect(identity.recipient.description.utf8.count == 62)
    #expect(try AgeRecipient(identity.recipient.description) == identity.recipient)
  }

  @Test("an identity does not show its secret when it is printed by accident")
  func printing() throws {
    let identity = try AgeIdentity(Self.identity)
    var dumped = ""
    dump(identity, to: &dumped)
    for text in ["\(identity)", String(reflecting: identity), dumped] {
      #expect(!text.contains("SECRET"))
    }
    // The secret is 32 times 0x42, which is 66 and does not occur in the recipient.
    #expect(!dumped.split(separator: "\n").contains { $0.hasSuffix("- 66") })
  }

  @Test("a key of the other kind, or in the wrong case, is refused as such")
  func otherKind() {
    for text in [
      Self.identity, Self.recipient.uppercased(), Bech32.encode(prefix: "age1yubikey", [1, 2, 3]),
    ] {
      #expect(throws: AgeError.otherKindOfKey) { try AgeRecipient(text) }
    }
    for text in [Self.recipient, Self.identity.lowercased()] {
      #expect(throws: AgeError.otherKindOfKey) { try AgeIdentity(text) }
    }
  }

  @Test("a key of another size is refused with its size", arguments: [0, 31, 33])
  func size(count: Int) {
    let bytes = [UInt8](repeating: 1, count: count)
    let recipient = Bech32.encode(prefix: "age", bytes)
    let identity = Bech32.encode(prefix: "age-secret-key-", bytes).uppercased()
    #expect(throws: AgeError.keyByteCount(count)) { try AgeRecipient(recipient) }
    #expect(throws: AgeError.keyByteCount(count)) { try AgeRecipient(bytes: bytes) }
    #expect(throws: AgeError.keyByteCount(count)) { try AgeIdentity(identity) }
    #expect(throws: AgeError.keyByteCount(count)) { try AgeIdentity(bytes: bytes) }
  }

  @Test("a mistyped key is refused with what is wrong with it")
  func malformed() {
    #expect(throws: AgeError.malformedKey(.character(at: 62))) {
      try AgeRecipient(Self.recipient + "\n")
    }
    #expect(throws: AgeError.malformedKey(.checksum)) {
      try AgeRecipient(Self.recipient.dropLast() + "q")
    }
    #expect(throws: AgeError.malformedKey(.mixedCase)) {
      try AgeIdentity(Self.identity.dropLast() + "x")
    }
    #expect(throws: AgeError.malformedKey(.separator)) { try AgeIdentity("") }
  }
}
