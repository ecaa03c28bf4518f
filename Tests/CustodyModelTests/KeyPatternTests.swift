import CustodyModel
import CustodyTesting
import Testing

@Suite("Patterns of natural keys")
struct KeyPatternTests {
  @Test(
    "stand for what their characters say",
    arguments: [
      ("*", "", true), ("*", "a/b", true), ("?", "", false), ("?", "ü", true), ("?", "ab", false),
      ("a*", "a", true), ("a*", "b", false), ("*.wav", "p1/x.wav", true),
      ("*.wav", "x.wav2", false),
      ("a*b*c", "a1b2c", true), ("a*b*c", "acb", false), ("**a", "aa", true), ("A", "a", false),
      (#"\*"#, "*", true), (#"\*"#, "a", false), (#"a\?b"#, "a?b", true), (#"\\"#, #"\"#, true),
      // Equal to Swift's eye, other bytes.
      ("u\u{308}", "\u{fc}", false),
    ])
  func meaning(pattern: String, key: String, matches: Bool) throws {
    #expect(try #require(KeyPattern(pattern)).matches(key) == matches)
  }

  @Test("are refused when nobody can say what they mean", arguments: ["", #"\"#, #"a\b"#, #"a*\"#])
  func refused(pattern: String) {
    #expect(KeyPattern(pattern) == nil)
  }

  @Test("match as the plain definition does", arguments: 0..<300)
  func definition(seed: Int) throws {
    var random = SeededGenerator(seed)
    func text(_ symbols: [Character], _ count: Int) -> String {
      String((0..<count).map { _ in symbols.randomElement(using: &random)! })
    }
    func matches(_ pattern: Substring, _ key: Substring) -> Bool {
      guard let first = pattern.first else { return key.isEmpty }
      let rest = pattern.dropFirst()
      if first == "*" {
        return matches(rest, key) || !key.isEmpty && matches(pattern, key.dropFirst())
      }
      guard let letter = key.first, first == "?" || first == letter else { return false }
      return matches(rest, key.dropFirst())
    }
    let pattern = text(["a", "b", "*", "?"], Int.random(in: 1...7, using: &random))
    for _ in 0..<20 {
      let key = text(["a", "b"], Int.random(in: 0...9, using: &random))
      #expect(
        try #require(KeyPattern(pattern)).matches(key) == matches(pattern[...], key[...]),
        "\(pattern) \(key)")
    }
  }

  @Test("do not take longer and longer on keys that nearly match")
  func time() throws {
    let pattern = try #require(KeyPattern(String(repeating: "a*", count: 30) + "b"))
    #expect(!pattern.matches(String(repeating: "a", count: 20_000)))
  }
}
