import CustodyModel
import CustodyTesting
import Testing

@Suite("A table's frame has one encoding")
struct DatasetTableFrameTests {
  private static let files = [
    "a,b\n", "\u{feff}a\tb\r\n1\t2\n3\t4\n\n5\t6", "a\n1\r\n2\r\n3\n4\r\n", "a\n\n1\n\n2\n3\r",
  ]

  private static let lineFiles = ["", "{}", "\n{}\n", "\r\n\n{}\r{}\r", "\n\n{}\n\n{}\n\n{}\n"]

  private static func frames() throws -> [TableFrame] {
    try files.map { try CutTable($0.utf8, .csv(delimiter: nil)) { 1 }.frame }
      + lineFiles.map { try CutTable($0.utf8, .lines) { 1 }.frame }
  }

  @Test("which is this")
  func bytes() throws {
    let frame = try CutTable("\u{feff}é;b\r\n1;2\n3;4\n".utf8, .csv(delimiter: nil)) { 1 }.frame
    let expected: [UInt8] =
      [1, 7, 2, 0x3b, 0, 0, 0, 4, 0xc3, 0xa9, 0x3b, 0x62, 0, 0, 0, 1]
      + [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0x0a]
    #expect(frame.encoded() == expected)
    let lines = try CutTable("{}\n".utf8, .lines) { 1 }.frame
    #expect(lines.encoded() == [1, 4, 1, 0, 0, 0, 0])
  }

  @Test("which is read again, and is refused when it is cut short or goes on")
  func truncations() throws {
    for frame in try Self.frames() {
      let bytes = frame.encoded()
      #expect(try TableFrame(parsing: bytes) == frame)
      for count in 0..<bytes.count {
        #expect(throws: TableFault.self) { try TableFrame(parsing: Array(bytes.prefix(count))) }
      }
      #expect(throws: TableFault.self) { try TableFrame(parsing: bytes + [0]) }
    }
  }

  @Test("whose bytes, when one is changed, are refused or are those of another frame")
  func changes() throws {
    for frame in try Self.frames() {
      let bytes = frame.encoded()
      for at in bytes.indices {
        for value in 0...UInt8.max where value != bytes[at] {
          var changed = bytes
          changed[at] = value
          guard let other = try? TableFrame(parsing: changed) else { continue }
          #expect(other.encoded() == changed)
          #expect(other != frame)
        }
      }
    }
  }

  @Test("and random bytes are refused or read without harm", arguments: 0..<50)
  func random(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    for _ in 0..<200 {
      var bytes = try #require(try Self.frames().randomElement(using: &generator)).encoded()
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        bytes[at] = [0, 1, 2, 10, 13, 127, 255].randomElement(using: &generator)!
      }
      guard let frame = try? TableFrame(parsing: bytes) else { continue }
      #expect(frame.encoded() == bytes)
      _ = CutTable.write(frame, [[0x61], [0x62]])
    }
  }

  @Test(
    "and what a scanner would not say so is refused",
    arguments: [
      ([2, 4, 1, 0, 0, 0, 0], "the frame's version is unknown"),
      ([1, 8, 1, 0, 0, 0, 0], "a flag of the frame is unknown"),
      ([1, 4, 0, 0, 0, 0, 0], "the frame's line end is unknown"),
      ([1, 2, 1, 0x0a, 0, 0, 0, 1, 0x61, 0, 0, 0, 0], "the delimiter is none"),
      ([1, 2, 1, 0x2c, 0, 0, 0, 0, 0, 0, 0, 0], "the frame's header is not one row"),
      ([1, 2, 1, 0x2c, 0, 0, 0, 1, 0x0a, 0, 0, 0, 0], "the frame's header is not one row"),
      ([1, 2, 1, 0x2c, 0, 0, 0, 1, 0x22, 0, 0, 0, 0], "the frame's header is not one row"),
      ([1, 2, 1, 0x2c, 0, 0, 0, 1, 0xff, 0, 0, 0, 0], "the frame's header is not one row"),
      ([1, 4, 1, 0xff, 0xff, 0xff, 0xff], "the frame is cut short"),
      (exceptions((5, 0, [13])), "an exception has no rows"),
      (exceptions((.max, 1, [13])), "a number of the frame is too large"),
      (exceptions((1 << 62, .max >> 1, [13])), "an exception has no rows"),
      (exceptions((5, 1, [])), "an exception is no line end"),
      (exceptions((5, 1, [13, 0x61])), "an exception is no line end"),
      (exceptions((5, 2, [13]), (6, 1, [13, 13])), "the exceptions are out of order"),
      (exceptions((5, 2, [13]), (7, 1, [13])), "two exceptions should be one"),
      (exceptions((5, 2, [10])), "an exception is the usual line end"),
      (exceptions((0, 2, [10])), "an exception is the usual line end"),
      (exceptions((0, 1, [13, 10])), "the first line end is another one"),
      (exceptions((1, 1, [13])), "the first line end is another one"),
    ] as [([UInt8], String)])
  func refusals(bytes: [UInt8], reason: String) {
    #expect(throws: TableFault(line: 0, reason: reason)) { try TableFrame(parsing: bytes) }
  }

  @Test(
    "that puts other rows together",
    arguments: [
      (["1", "2"], "a\r\n1\n2"), ([], "a"), (["1", "2", "3", "4"], "a\r\n1\n2\n\n3\r\n4"),
    ])
  func otherRows(rows: [String], file: String) throws {
    let frame = try CutTable("a\r\n1\n2\n\n3".utf8, .csv(delimiter: nil)) { 9 }.frame
    #expect(CutTable.write(frame, rows.map { Array($0.utf8) }) == Array(file.utf8))
  }

  @Test("that gives rows put into an empty file line ends")
  func rowsOfAnEmptyFile() throws {
    let frame = try CutTable("".utf8, .lines) { 1 }.frame
    #expect(CutTable.write(frame, [Array("{}".utf8)]) == Array("{}\n".utf8))
  }

  @Test("that is small for two files of different systems put together")
  func runs() throws {
    let file = "a\n" + String(repeating: "1\n", count: 500) + String(repeating: "2\r\n", count: 500)
    let cut = try CutTable(file.utf8, .csv(delimiter: nil)) { 100 }
    #expect(cut.frame.exceptions.map(\.rows) == [500..<1000])
    #expect(cut.written == Array(file.utf8))
  }

  private static func exceptions(_ runs: (UInt64, UInt64, [UInt8])...) -> [UInt8] {
    func bigEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
      (1...count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - $0))) }
    }
    return [1, 4, 1] + bigEndian(UInt64(runs.count), 4)
      + runs.flatMap {
        bigEndian($0.0, 8) + bigEndian($0.1, 8) + bigEndian(UInt64($0.2.count), 4) + $0.2
      }
  }
}
