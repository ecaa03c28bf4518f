import CustodyModel
import CustodyTesting
import Testing

@Suite("A file of events of OpenLineage")
struct OpenLineageSplitterTests {
  /// `place text` of each part, with its fault in place of the text if it has one.
  private func parts(_ text: String) -> [String] { parts(Array(text.utf8)) }

  private func parts(_ bytes: [UInt8]) -> [String] {
    OpenLineageSplitter.parts(bytes).map { part in
      let text = part.fault.map { "\($0)" } ?? String(decoding: bytes[part.range], as: UTF8.self)
      return "\(part.place): \(text)"
    }
  }

  @Test("is one object, an array or lines")
  func forms() {
    #expect(parts(" {\"a\":1}\n") == ["the event: {\"a\":1}"])
    #expect(
      parts("\n[ {\"a\":1} ,\n{}, 3 ]\r\n") == [
        "element 0: {\"a\":1}", "element 1: {}", "element 2: 3",
      ])
    #expect(parts("[]").isEmpty)
    #expect(parts("{}\r\n\n \t\n{\"a\":1}\n") == ["line 1: {}", "line 4: {\"a\":1}"])
    #expect(parts("\n{}\n{}") == ["line 2: {}", "line 3: {}"])
  }

  @Test("with one object of several lines is one, however it is indented")
  func severalLines() {
    for text in ["{\n \"a\": 1\n}", "{\n\"a\":\n{\n\"b\":\n{\n}\n}\n}", "{\n \"a\":\n x}"] {
      #expect(parts(text) == ["the event: \(text)"])
    }
  }

  @Test("with a line that is wrong has the other lines")
  func wrongLines() {
    #expect(parts("{\n{}\n{}") == ["line 1: {", "line 2: {}", "line 3: {}"])
    #expect(parts("{}\nx\n{}") == ["line 1: {}", "line 2: x", "line 3: {}"])
    #expect(parts("{}\n\u{c}\n[]") == ["line 1: {}", "line 2: \u{c}", "line 3: []"])
  }

  @Test("that breaks off has what stands before, and says where")
  func brokenArray() {
    #expect(
      parts("[{},{\"a\":1},{\"a\"")
        == [
          "element 0: {}", "element 1: {\"a\":1}",
          "element 2: $[2]: a colon is expected, at byte 16; the array is not read further",
        ])
    #expect(
      parts("[") == [
        "element 0: $[0]: the text ends where a value is expected, at byte 1; "
          + "the array is not read further"
      ])
    #expect(
      parts("[{}]\n{}").last
        == "element 1: $[1]: nothing is expected after the value, at byte 5; "
        + "the array is not read further")
  }

  @Test("that is empty or not UTF-8 says so")
  func notText() {
    for text in ["", " \r\n\t"] { #expect(parts(text) == ["the event: $: nothing is here"]) }
    #expect(
      parts("\u{feff}{}")
        == ["the event: $: a byte-order mark stands before it; save it as UTF-8 without one"])
    for mark: [UInt8] in [[0xff, 0xfe], [0xfe, 0xff]] {
      #expect(parts(mark + [0x7b, 0, 0x7d, 0]) == ["the event: $: is UTF-16; save it as UTF-8"])
    }
    #expect(
      parts("{}\n\u{feff}{}").last
        == "line 2: $: a byte-order mark stands before it; save it as UTF-8 without one")
  }

  @Test("read line by line is the same as whole", arguments: 0..<100)
  func lines(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    var text = ""
    for _ in 0..<Int.random(in: 2...6, using: &generator) {
      text += try RandomLineage(&generator).text
      text += ["\n", "\r\n", "\n\n", " \n"].randomElement(using: &generator)!
    }
    let bytes = Array(text.utf8)
    let whole = OpenLineageSplitter.parts(bytes)
    var number = 0
    let single = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).compactMap { line in
      number += 1
      return OpenLineageSplitter.line(line, number: number)
    }
    #expect(whole.map(\.place) == single.map(\.place))
    #expect(whole.map(\.range) == single.map(\.range))
    for part in whole { _ = try OpenLineageEvent(reading: bytes[part.range]) }
  }

  @Test("of any bytes gives parts within it, in their order", arguments: 0..<200)
  func anyBytes(seed: UInt64) {
    var generator = SeededGenerator(seed)
    for _ in 0..<50 {
      let bytes = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
        Array("{}[],:\"a1 \n\r\t".utf8).randomElement(using: &generator)!
      }
      var end = 0
      for part in OpenLineageSplitter.parts(bytes) {
        #expect(part.range.lowerBound >= end)
        #expect(part.range.upperBound <= bytes.count)
        end = part.range.upperBound
      }
    }
  }
}
