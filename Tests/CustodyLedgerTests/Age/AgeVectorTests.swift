import CustodyLedger
import Testing

@Suite("age files that others wrote")
struct AgeVectorTests {
  // Written by `age -r RECIPIENT` 1.1.1 of Debian 12 to the recipient in age.md.
  @Test("a file of age 1.1.1 opens")
  func recorded() throws {
    let header = """
      age-encryption.org/v1
      -> X25519 WUueJQddurqeMXasBkFYZk42LPQQmHUbLB7tZ317xxU
      i8Aa+ReAv7S6jXvvVBHyZDYHcqdCTJB/WqgZ3yaODcI
      --- qEpoh6yh68N0zDqYC50ddksuj85Ux/IsZ2PNmqEq3Ec

      """
    let payload = """
      24ebdc9d7baff8f12b08b712437d949bf066d9f3155c898b7f8ca31416
      e8995b6b57ccdaae9d302c1c212b13e449a7a12e572d78d28fe7b96d57bc
      """
    let file = Array(header.utf8) + ageBytes(hex: payload)
    let identity = try AgeIdentity(AgeKeyTests.identity)
    #expect(
      try AgeFile.open(file, with: identity) == Array("Custody seals this to age.\n".utf8))
  }

  // C2SP/CCTV, age/testdata/x25519 and x25519_grease (0BSD): the file key is "YELLOW SUBMARINE".
  @Test(
    "a header of age's own test kit gives its file key and proves true",
    arguments: [
      """
      age-encryption.org/v1
      -> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc
      EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U
      --- Vn+54jqiiUCE+WZcEVY3f1sqHjlu/z1LCQ/T7Xm7qI0

      """,
      """
      age-encryption.org/v1
      -> grease

      -> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc
      EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U
      -> grease

      --- 7NLrfbRUZt6qK0pdtARUf59dHwo12ReldjJKjMlbE3I

      """,
    ])
  func testKit(text: String) throws {
    let identity = try AgeIdentity(
      "AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6")
    let header = try AgeHeader(parsing: Array(text.utf8))
    #expect(header.byteCount == text.utf8.count)
    let stanza = try #require(
      header.stanzas.lazy.compactMap { if case .x25519(let stanza) = $0 { stanza } else { nil } }
        .first)
    let fileKey = try #require(try stanza.fileKey(for: identity))
    #expect(fileKey == Array("YELLOW SUBMARINE".utf8))
    try header.verify(fileKey: fileKey)
    #expect(throws: AgeError.headerMismatch) {
      try header.verify(fileKey: [UInt8](repeating: 1, count: 16))
    }
  }
}
