import CustodyLedger
import Testing

@Suite("Bech32")
struct Bech32Tests {
  // BIP-173, "Test vectors": "The following strings are valid Bech32".
  @Test(
    "the valid strings of BIP-173 are read, and written as they were but in small letters",
    arguments: [
      "A12UEL5L",
      "a12uel5l",
      "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
      "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
      "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
      "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
      "?1ezyfcl",
    ])
  func validVector(text: String) throws {
    let (prefix, bytes) = try Bech32.decode(text)
    #expect(text.hasPrefix(prefix + "1"))
    #expect(Bech32.encode(prefix: prefix.lowercased(), bytes) == text.lowercased())
  }

  // BIP-173, "Test vectors": "The following string are not valid Bech32 (with reason for
  // invalidity)".
  @Test(
    "the invalid strings of BIP-173 are refused for the reason that it gives",
    arguments: [
      ("\u{20}1nwldj5", .character(at: 0)),
      ("\u{7f}1axkwrx", .character(at: 0)),
      ("\u{80}1eym55h", .character(at: 0)),
      (
        "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx",
        .prefix
      ),
      ("pzry9x0s0muk", .separator),
      ("1pzry9x0s0muk", .prefix),
      ("x1b4n0q5v", .character(at: 2)),
      ("li1dgmt3", .separator),
      ("de1lg7wt\u{ff}", .character(at: 8)),
      ("A1G7SGD8", .checksum),
      ("10a06t8", .prefix),
      ("1qzzfhee", .prefix),
      ("", .separator),
    ] as [(String, Bech32Error)])
  func invalidVector(text: String, reason: Bech32Error) {
    #expect(throws: reason) { try Bech32.decode(text) }
  }

  @Test("bytes of any number come back, beyond the 90 characters of BIP-173 too")
  func roundTrip() throws {
    var random = AgeTestRandom(seed: 173)
    for count in Array(0...70) + [1_000] {
      let bytes = random.bytes(count)
      let text = Bech32.encode(prefix: "custody", bytes)
      #expect(try Bech32.decode(text) == ("custody", bytes))
      #expect(try Bech32.decode(text.uppercased()) == ("CUSTODY", bytes))
    }
  }

  @Test("one mistyped character is found, wherever it is and whatever it was typed as")
  func mistyped() throws {
    let text = Array(Bech32.encode(prefix: "age", [UInt8](0..<32)).utf8)
    for offset in 4..<text.count {
      for character in "qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8 where character != text[offset] {
        var mistyped = text
        mistyped[offset] = character
        let wrong = String(decoding: mistyped, as: UTF8.self)
        #expect(throws: Bech32Error.checksum) { try Bech32.decode(wrong) }
      }
    }
  }

  @Test("capitals among small letters are refused in the prefix, the data and the checksum")
  func mixedCase() {
    for text in ["A12uel5l", "a12UEL5L", "a12uel5L", "Age1qpu0j2ex"] {
      #expect(throws: Bech32Error.mixedCase) { try Bech32.decode(text) }
    }
  }

  // Their checksums are right; the Python functions in BIP-173 computed them.
  @Test(
    "bits that belong to no byte are refused: one that is set, or five and more",
    arguments: ["age1qpu0j2ex", "age1l8p2s2z", "age1qqqyst3gn", "age1qqqqqqqqqjhjdkw"])
  func padding(text: String) {
    #expect(throws: Bech32Error.padding) { try Bech32.decode(text) }
  }
}
