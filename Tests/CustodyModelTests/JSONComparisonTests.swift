import CustodyModel
import CustodyTesting
import Foundation
import Testing

/// `JSONText` against Foundation's parser: what one takes and the other refuses has a reason here.
@Suite("JSON as Foundation reads it")
struct JSONComparisonTests {
  /// Why the two parsers may differ about a text.
  enum Difference: String {
    /// Foundation converts numbers and refuses those that no `Double` holds; here they are bytes.
    case hugeNumber
    /// Foundation skips a UTF-8 byte-order mark and reads UTF-16 and UTF-32; a content is UTF-8,
    /// and RFC 8259 §8.1 forbids adding a mark.
    case otherEncoding
    /// Foundation takes a comma after the last member or element, which RFC 8259 §4 and §5 do not.
    case trailingComma
  }

  static let bases = [
    #"{"id":"0190a1b2","stream":"talk/1","content":{"joy":812345,"words":["a","b\n"]}}"#,
    #"[0,-1,1.5,2e10,-3.25E-7,1E+2,true,false,null,"",[],{},[[]],{"a":{}}]"#,
    #"{"text":"\u00e9\ud83d\ude00\\\/\"\b\f\n\r\t","é":"ü😀"}"#,
    " { \"a\" : [ 1 , 2 , { \"b\" : null } ] } \t\r\n",
    #""a string by itself, longer than eight bytes, with 'quotes'""#,
    "-12.5e+3", "true", "null", "[[[[[[[[[[1]]]]]]]]]]",
    #"{"a":1,"a":2}"#,
  ]

  /// Bytes that mean something in JSON, so that mutations hit the grammar rather than text.
  private static let telling: [UInt8] =
    Array("{}[]:,\"\\ \t\n\r/bfnrtu0123456789+-.eEtrufalsn'x\u{0}\u{1f}\u{7f}".utf8)
    + [0x80, 0xbf, 0xc0, 0xc3, 0xa9, 0xed, 0xa0, 0xef, 0xf0, 0xf4, 0xff]

  private func accepts(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { (try? JSONText.validate($0)) != nil }
  }

  private func foundationAccepts(_ bytes: [UInt8]) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
  }

  /// The reason for a difference that is meant, or nil.
  private func reason(_ bytes: [UInt8], weAccept: Bool) -> Difference? {
    if weAccept {
      return hasHugeNumber(bytes) ? .hugeNumber : nil
    }
    if bytes.prefix(4).contains(0) || bytes.starts(with: [0xef, 0xbb, 0xbf])
      || bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff])
    {
      return .otherEncoding
    }
    if accepts(withoutTrailingCommas(bytes)) { return .trailingComma }
    return nil
  }

  private func withoutTrailingCommas(_ bytes: [UInt8]) -> [UInt8] {
    bytes.indices.compactMap { index in
      guard bytes[index] == UInt8(ascii: ",") else { return bytes[index] }
      let next = bytes[(index + 1)...].first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
      return next == UInt8(ascii: "]") || next == UInt8(ascii: "}") ? nil : bytes[index]
    }
  }

  /// Whether a number of the text is beyond `Double`.
  private func hasHugeNumber(_ bytes: [UInt8]) -> Bool {
    String(decoding: bytes, as: UTF8.self)
      .split { !("0123456789+-.eE".contains($0)) }
      .contains { text in
        guard let value = Double(text) else { return false }
        return value.isInfinite || (value == 0 && text.contains { "123456789".contains($0) })
      }
  }

  @Test("every seeded mutation is taken or refused by both alike", arguments: 0..<200)
  func mutations(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    for _ in 0..<120 {
      var bytes = Array(Self.bases.randomElement(using: &generator)!.utf8)
      for _ in 0...Int.random(in: 0...2, using: &generator) {
        let at = Int.random(in: 0..<max(1, bytes.count), using: &generator)
        let byte = Self.telling.randomElement(using: &generator)!
        switch Int.random(in: 0..<5, using: &generator) {
        case 0 where !bytes.isEmpty: bytes.remove(at: at)
        case 1: bytes.insert(byte, at: at)
        case 2 where !bytes.isEmpty: bytes[at] = byte
        case 3: bytes.removeLast(min(bytes.count, Int.random(in: 0...3, using: &generator)))
        default:
          let length = Int.random(in: 0...6, using: &generator)
          bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + length)], at: at)
        }
      }
      try compare(bytes)
    }
  }

  private func compare(_ bytes: [UInt8]) throws {
    let ours = accepts(bytes)
    guard ours != foundationAccepts(bytes) else { return }
    #expect(
      reason(bytes, weAccept: ours) != nil,
      "\(ours ? "only JSONText" : "only Foundation") takes \(String(decoding: bytes, as: UTF8.self)) \(bytes)"
    )
  }

  @Test("every text cut short is taken or refused by both alike", arguments: bases)
  func cut(base: String) throws {
    let bytes = Array(base.utf8)
    for end in 0...bytes.count { try compare(Array(bytes[..<end])) }
    for start in bytes.indices { try compare(Array(bytes[start...])) }
  }

  @Test("every pair of telling bytes is taken or refused by both alike")
  func pairs() throws {
    for first in Self.telling {
      try compare([first])
      for second in Self.telling { try compare([first, second]) }
    }
  }

  @Test(
    "hand-written texts are taken by both",
    arguments: bases + [
      "0", "-0", "0.0", "1e5", "1E-5", "\"\"", "[]", "{}", "\" \"", "\"\\u0000\"", "\"\u{7f}\"",
      "\"\\/\"", "[1 ,\t2\r\n]", "\"\u{10ffff}\"", "\"\u{e000}\"", "\"\\ud800\\udc00\"",
      "\"\\udbff\\udfff\"", "12345678901234567890", "{\"\":0}", "{\"\\u0061\":1,\"a\":2}",
    ])
  func taken(text: String) {
    #expect(accepts(Array(text.utf8)))
    #expect(foundationAccepts(Array(text.utf8)))
  }

  @Test(
    "hand-written texts are refused by both",
    arguments: [
      "", " ", "{", "}", "[", "]", "{,}", "[,]", "{\"a\"}", "{\"a\":}",
      "{a:1}", "{'a':1}", "'a'", "01", "-01", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "0x10",
      "NaN", "Infinity", "-Infinity", "True", "TRUE", "nul", "nulll", "tru", "undefined",
      "\"", "\"\\\"", "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\U0041\"", "\"\n\"", "\"\t\"",
      "1 2", "[1] []", "[1 2]", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "// c\n1", "1 // c", "/* */ 1",
      "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "[\"a\",\n4\n,1,",
      "{\"a\":1}}", "[1]]", "\u{feff}", "\u{a0}1", "\u{2028}1", "1\u{c}", "\u{b}1",
    ])
  func refused(text: String) {
    #expect(!accepts(Array(text.utf8)))
    #expect(!foundationAccepts(Array(text.utf8)))
  }

  @Test("where the two differ, it is for one of these reasons")
  func differences() {
    for text in ["[1,]", "{\"a\":1,}", "[1 , ]"] {
      #expect(foundationAccepts(Array(text.utf8)))
      #expect(!accepts(Array(text.utf8)))
    }
    // Numbers are kept as they are written, however large.
    for number in ["1e999", "-1e999", "[1e400]", "123e-9999"] {
      #expect(accepts(Array(number.utf8)), "\(number)")
    }
    // A content is UTF-8 without a mark.
    let utf16 = "[1]".utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    for bytes in [[0xef, 0xbb, 0xbf] + Array("[1]".utf8), utf16, [0xff, 0xfe] + utf16] {
      #expect(foundationAccepts(bytes))
      #expect(!accepts(bytes))
    }
  }

  @Test("both take 512 brackets and refuse many more", arguments: ["[", "{\"a\":"])
  func depth(opening: String) {
    for (depth, isTaken) in [(512, true), (514, false), (100_000, false)] {
      let text =
        String(repeating: opening, count: depth) + (opening == "[" ? "" : "0")
        + String(repeating: opening == "[" ? "]" : "}", count: depth)
      #expect(accepts(Array(text.utf8)) == isTaken)
      #expect(foundationAccepts(Array(text.utf8)) == isTaken)
    }
  }

  @Test("every byte sequence of UTF-8 up to four bytes is judged as Swift judges it")
  func utf8() {
    func check(_ bytes: [UInt8]) {
      let isValid = String(validating: bytes, as: UTF8.self) != nil
      let text = [0x22] + bytes + [0x22]
      #expect(accepts(text) == isValid, "\(bytes)")
    }
    let edges: [UInt8] = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xff]
    for first in 0x80...0xff as ClosedRange<UInt8> {
      check([first])
      for second in edges {
        check([first, second])
        for third in edges {
          check([first, second, third])
          for fourth in edges { check([first, second, third, fourth]) }
        }
      }
    }
  }
}
