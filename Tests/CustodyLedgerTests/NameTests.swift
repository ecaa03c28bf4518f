import CustodyLedger
import Testing

@Suite("Names are the format's strings")
struct NameTests {
  private func fault(_ text: String) -> NameError? {
    do {
      _ = try Name(text)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "these are names",
    arguments: [
      "a", "ledger", "run/0191b6f0-0001", "uid:0", "conversation/é中", "two words", " ", "\u{a0}",
      "🎧", "👩‍⚕️", "a\u{332}", "\u{2028}", "\u{200b}", "\u{fffd}", "\u{10ffff}", "\"\\+/",
    ])
  func accepted(text: String) throws {
    let name = try Name(text)
    #expect(name.text.utf8.elementsEqual(text.utf8))
    #expect(name.description == text)
  }

  @Test("a name has 1 to 512 bytes, however few characters those are")
  func lengths() {
    #expect(fault("") == .empty)
    #expect(fault(String(repeating: "s", count: 512)) == nil)
    #expect(fault(String(repeating: "s", count: 513)) == .tooLong(byteCount: 513))
    #expect(fault(String(repeating: "é", count: 256)) == nil)
    #expect(fault(String(repeating: "é", count: 256) + "s") == .tooLong(byteCount: 513))
    #expect(fault(String(repeating: "中", count: 171)) == .tooLong(byteCount: 513))
  }

  @Test("every control character is refused, wherever it stands, and no other of its block")
  func controls() throws {
    for value in 0...0xff as ClosedRange<UInt32> {
      let scalar = try #require(Unicode.Scalar(value))
      let expected: NameError? =
        scalar.properties.generalCategory == .control ? .controlCharacter : nil
      for text in ["\(scalar)", "a\(scalar)", "\(scalar)b", "é\(scalar)中"] {
        #expect(fault(text) == expected, "U+\(String(value, radix: 16))")
      }
    }
    // Bytes of these look like C2 80 to C2 9F only across two characters.
    for text in ["\u{82}", "\u{c2}\u{c0}", "\u{402}", "\u{1082}"].dropFirst() {
      #expect(fault(text) == nil)
    }
  }

  @Test(
    "what is not NFC is refused",
    arguments: [
      "e\u{301}", "cafe\u{301}", "\u{212b}", "\u{2126}", "\u{1112}\u{1161}",
      "a\u{323}\u{307}b\u{307}\u{323}",
      "\u{fb1d}", "\u{f900}", "\u{344}",
    ])
  func notNormalized(text: String) {
    #expect(fault(text) == .notNormalized)
  }

  @Test(
    "any text is a name with the same bytes, or is refused for a reason that holds",
    arguments: 0..<300 as Range<UInt64>)
  func anyText(seed: UInt64) throws {
    var random = TestRandom(seed: seed)
    let ranges: [ClosedRange<UInt32>] = [
      0...0x7f, 0x20...0x7e, 0x80...0x24f, 0x300...0x36f, 0...0x2ffff,
    ]
    let range = try #require(ranges.randomElement(using: &random))
    var text = ""
    for _ in 0..<Int.random(in: 0...200, using: &random) {
      if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
        text.unicodeScalars.append(scalar)
      }
    }
    let hasControl = text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    switch fault(text) {
    case nil:
      #expect(try Name(text).text.utf8.elementsEqual(text.utf8))
      #expect(!text.isEmpty && text.utf8.count <= 512 && !hasControl)
    case .empty: #expect(text.isEmpty)
    case .tooLong(let count): #expect(count == text.utf8.count && count > 512)
    case .controlCharacter: #expect(hasControl)
    case .notNormalized: #expect(text.utf8.contains { $0 >= 0x80 })
    case .notUTF8: Issue.record("a String is always UTF-8")
    }
  }
}
