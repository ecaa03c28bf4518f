import CustodyLedger
import CustodyTesting
import Testing

@Suite("AES-256 of one block")
struct AESBlockTests {
  private static func key(_ bytes: [UInt8]) -> SecretBytes {
    var bytes = bytes
    return SecretBytes(wiping: &bytes)
  }

  @Test("gives what FIPS 197 gives")
  func vector() throws {
    // FIPS 197, appendix C.3.
    let key = Self.key((0..<32).map { UInt8($0) })
    let plain = try #require(EventID(hex: "00112233445566778899aabbccddeeff"))
    let sealed = AES256Block().encrypt(plain, key: key)
    #expect(sealed.hex == "8ea2b7ca516745bfeafc49904b496089")
    #expect(AES256Block().decrypt(sealed, key: key) == plain)
  }

  @Test("goes both ways under keys that take turns")
  func turns() {
    let block = AES256Block()
    var random = SeededGenerator(1)
    for _ in 0..<500 {
      let (key, value) = (Self.key(random.bytes(32)), EventID(random.bytes(16))!)
      let sealed = block.encrypt(value, key: key)
      #expect(sealed != value)
      #expect(block.decrypt(sealed, key: key) == value)
    }
  }
}
