import CustodyLedger
import CustodyTesting
import Testing

@Suite("A repeated HMAC")
struct RepeatedHMACTests {
  @Test("is libcrypto's, whatever the parts of the message", arguments: 0..<50)
  func same(seed: Int) {
    var random = SeededGenerator(seed)
    var key = random.bytes(Int.random(in: 1...64, using: &random))
    let secret = SecretBytes(wiping: &key)
    let hmac = RepeatedHMAC(key: secret)
    for _ in 0..<3 {
      let message = random.bytes(Int.random(in: 0..<300, using: &random))
      let cut = Int.random(in: 0...message.count, using: &random)
      message.withUnsafeBytes { message in
        let expected = KeyDerivation.hmac(key: secret, message)
        #expect(hmac.code(message) == expected)
        #expect(
          hmac.code(
            UnsafeRawBufferPointer(rebasing: message[..<cut]),
            UnsafeRawBufferPointer(rebasing: message[cut...])) == expected)
      }
    }
  }
}
