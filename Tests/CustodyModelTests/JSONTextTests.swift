import CustodyModel
import CustodyTesting
import Foundation
import Testing

@Suite("JSON taken apart")
struct JSONTextTests {
  private func fault(_ text: String) -> JSONText.Fault? {
    var text = text
    return text.withUTF8 { bytes in
      do throws(JSONText.Fault) {
        try JSONText.validate(UnsafeRawBufferPointer(bytes))
        return nil
      } catch {
        return error
      }
    }
  }

  @Test(
    "an error is where the first byte is that cannot stand there",
    arguments: [
      ("", 0), ("  ", 2), ("x", 0), ("  x", 2), ("{\"a\":}", 5), ("{\"a\" 1}", 5), ("{1}", 1),
      ("{\"a\":1", 6), ("{\"a\":1,}", 7), ("[1,]", 3), ("[1 2]", 3), ("[", 1), ("{", 1), ("1 2", 2),
      ("01", 1), ("-", 1), ("-x", 1), ("1.", 2), ("1.x", 2), ("1e", 2), ("1e+", 3), ("truX", 3),
      ("tru", 3), ("\"abc", 4), ("\"a\u{1}b\"", 2), ("\"\\x\"", 2), ("\"\\u12g4\"", 5), ("\"\\", 2),
      ("\"0123456789\u{2}\"", 11), ("\"01234567\n\"", 9), ("[1],", 3),
      ("{\"a\":{\"b\":[1,2,{\"c\":tru}]}}", 23),
      ("\"\\ud800\"", 7), ("\"\\ud800\\n\"", 7), ("\"\\ud800\\u0041\"", 13), ("\"\\udc00\"", 7),
    ])
  func offsets(text: String, offset: Int) {
    #expect(fault(text)?.offset == offset, "\(String(describing: fault(text)))")
  }

  @Test("an error is never beyond the text, nor before a part that is right", arguments: 0..<100)
  func offsetsOfMutations(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    for _ in 0..<100 {
      var bytes = Array(JSONComparisonTests.bases.randomElement(using: &generator)!.utf8)
      let at = Int.random(in: 0..<bytes.count, using: &generator)
      bytes[at] = UInt8.random(in: 0...255, using: &generator)
      bytes.withUnsafeBytes { raw in
        do throws(JSONText.Fault) {
          try JSONText.validate(raw)
        } catch {
          // The text before the changed byte was right, so the error is there or later; a
          // character of several bytes is judged at its first.
          #expect(error.offset >= at - 3 && error.offset <= raw.count, "\(bytes) \(error)")
        }
      }
    }
  }

  @Test("an error in UTF-8 is at the character's first byte")
  func offsetOfUTF8() {
    for bad in [[0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]
      as [[UInt8]]
    {
      for count in [0, 1, 7, 8, 9, 40] {
        let bytes = [0x22] + [UInt8](repeating: 0x61, count: count) + bad + [0x22]
        bytes.withUnsafeBytes { raw in
          do throws(JSONText.Fault) {
            try JSONText.validate(raw)
            Issue.record("taken: \(bytes)")
          } catch {
            #expect(error.offset == count + 1)
            #expect(error.reason == "the text is not UTF-8")
          }
        }
      }
    }
  }

  @Test("depth is refused at the bracket that goes too deep", arguments: ["[", "{\"a\":"])
  func depth(opening: String) {
    let depth = JSONText.depthMax + 1
    let closing = opening == "[" ? "]" : "}"
    func text(_ count: Int) -> String {
      String(repeating: opening, count: count) + "0" + String(repeating: closing, count: count)
    }
    #expect(fault(text(JSONText.depthMax)) == nil)
    #expect(fault(text(depth))?.offset == depth * opening.utf8.count)
    #expect(fault(text(1_000_000))?.reason.contains("512") == true)
  }

  // MARK: - Members and elements

  private func members(_ text: String) throws -> [(name: String, value: String, offset: Int)] {
    let bytes = Array(text.utf8)
    return try bytes.withUnsafeBytes { raw in
      try JSONText.members(raw).map {
        ($0.name, String(decoding: bytes[$0.range], as: UTF8.self), $0.offset)
      }
    }
  }

  @Test("members have their names, the bytes of their values, and where their names start")
  func memberRanges() throws {
    let text = " {\t\"a\" : 1 ,\n\"b\\u0063\":  { \"a\" : [ 2 ] }  ,\"\":\"x\",\"a\":null }\n"
    let found = try members(text)
    #expect(found.map(\.name) == ["a", "bc", "", "a"])
    #expect(found.map(\.value) == ["1", #"{ "a" : [ 2 ] }"#, "\"x\"", "null"])
    let utf8 = Array(text.utf8)
    for member in found { #expect(utf8[member.offset] == UInt8(ascii: "\"")) }
    #expect(try members("{}").isEmpty)
    #expect(try members(" { } ").isEmpty)
  }

  @Test(
    "members of anything but an object are refused", arguments: ["[]", "1", "", "\"{}\"", "{} {}"])
  func notAnObject(text: String) { #expect(throws: JSONText.Fault.self) { try members(text) } }

  @Test("elements have the bytes of their values")
  func elementRanges() throws {
    let bytes = Array(#" [ 1 ,"a,b" , [ 2 , 3 ],{"c":[4]} ,null ] "#.utf8)
    let found = try bytes.withUnsafeBytes { raw in
      try JSONText.elements(raw).map { String(decoding: bytes[$0], as: UTF8.self) }
    }
    #expect(found == ["1", "\"a,b\"", "[ 2 , 3 ]", "{\"c\":[4]}", "null"])
    for text in ["[]", "[ ]"] {
      #expect(try Array(text.utf8).withUnsafeBytes { try JSONText.elements($0).isEmpty })
    }
    for text in ["{}", "", "1", "[] []", "[1"] {
      #expect(throws: JSONText.Fault.self) {
        try Array(text.utf8).withUnsafeBytes { _ = try JSONText.elements($0) }
      }
    }
  }

  @Test("members put together again are the object that Foundation reads", arguments: 0..<50)
  func membersAgainstFoundation(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    var object: [String: Any] = [:]
    for index in 0..<Int.random(in: 0...8, using: &generator) {
      // Foundation drops U+FEFF.
      let name = "\(index)" + Self.text(&generator).replacing("\u{feff}", with: "")
      object[name] =
        [1, "x", [1, 2, ["a": "b\n\u{e9}"]], ["b": true], NSNull()]
        .randomElement(using: &generator)!
    }
    let data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted])
    let found = try [UInt8](data).withUnsafeBytes { raw in
      try JSONText.members(raw).map { ($0.name, Data(raw[$0.range])) }
    }
    #expect(Set(found.map(\.0)) == Set(object.keys))
    for (name, value) in found {
      let read = try JSONSerialization.jsonObject(with: value, options: .fragmentsAllowed)
      #expect((read as? NSObject) == (object[name] as? NSObject), "\(name)")
    }
  }

  // MARK: - Strings

  /// Text with what has to be escaped, or could be mistaken.
  private static func text(_ generator: inout SeededGenerator) -> String {
    let parts = [
      "a", "\"", "\\", "/", "\n", "\r", "\t", "\u{0}", "\u{1f}", "\u{7f}", "\u{80}", "é",
      "e\u{301}",
      "\u{2028}", "\u{feff}", "😀", "\u{10ffff}", "\\u0041", "{", "zzzzzzzzzzzzzzzz",
    ]
    return (0..<Int.random(in: 0...12, using: &generator))
      .map { _ in parts.randomElement(using: &generator)! }.joined()
  }

  @Test(
    "a quoted text is JSON, and reads back as the same bytes here and in Foundation",
    arguments: 0..<200)
  func quoting(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    for _ in 0..<20 {
      let text = Self.text(&generator)
      let quoted = JSONWriter.quoted(text)
      #expect(fault(quoted) == nil)
      let back = Array(quoted.utf8).withUnsafeBytes { JSONText.string($0) }
      #expect(back.map { Array($0.utf8) } == Array(text.utf8))
      // Foundation drops U+FEFF wherever it stands.
      guard !text.unicodeScalars.contains("\u{feff}") else { continue }
      let foundation =
        try JSONSerialization.jsonObject(with: Data(quoted.utf8), options: .fragmentsAllowed)
      #expect((foundation as? String).map { Array($0.utf8) } == Array(text.utf8))
    }
  }

  @Test(
    "escapes are read as RFC 8259 says",
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
      (#""\ud83d\ude00""#, "😀"), (#""a\u0000b""#, "a\u{0}b"), (#""é\u00e9""#, "éé"), (#""""#, ""),
    ])
  func escapes(json: String, text: String) {
    #expect(Array(json.utf8).withUnsafeBytes { JSONText.string($0) } == text)
  }

  @Test(
    "what is no string is none", arguments: ["", "1", "\"a", "a\"", "\"a\" ", " \"a\"", "[\"a\"]"])
  func notAString(json: String) {
    #expect(Array(json.utf8).withUnsafeBytes { JSONText.string($0) } == nil)
  }

  @Test("an object is written with its members in order")
  func writer() throws {
    var writer = JSONWriter()
    #expect(writer.object == "{}")
    writer.member("z", "a\"b")
    writer.member("n", Int?.none)
    writer.member("s", String?.none)
    writer.member("i", Int.min)
    writer.member("b", true)
    writer.member("j", json: "[1, 2]")
    writer.member("\n", false)
    #expect(
      writer.object
        == #"{"z":"a\"b","n":null,"s":null,"i":-9223372036854775808,"b":true,"j":[1, 2],"#
        + #""\n":false}"#
    )
    #expect(fault(writer.object) == nil)
  }
}
