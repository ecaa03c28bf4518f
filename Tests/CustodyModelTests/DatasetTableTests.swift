import CustodyModel
import CustodyTesting
import Testing

@Suite("A table is cut into rows and put together byte for byte")
struct DatasetTableTests {
  @Test("random files, whatever the batches", arguments: 0..<200)
  func random(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    let table = RandomTable(&generator)
    for kind in [TableScanner.Kind.csv(delimiter: table.delimiter), .csv(delimiter: nil)] {
      for size in [table.bytes.count, 1, 2, 3, 7, 64] {
        let cut = try CutTable(table.bytes, kind) { Int.random(in: 1...size, using: &generator) }
        #expect(cut.rows == table.rows)
        #expect(cut.lines == table.lines)
        #expect(cut.frame.delimiter == table.delimiter)
        #expect(cut.frame.names == table.values[0])
        #expect(cut.rows.map { values($0, table.delimiter) } == Array(table.values.dropFirst()))
        #expect(cut.written == table.bytes)
        #expect(try TableFrame(parsing: cut.frame.encoded()) == cut.frame)
      }
    }
  }

  @Test("each short file is refused or put together, alike in one batch and in many")
  func exhaustive() {
    let alphabet = ["a", ",", "\"", "\r", "\n", "\u{feff}"].map { Array($0.utf8) }
    var files: [[UInt8]] = [[]]
    var accepted = 0
    for length in 0...5 {
      for file in files {
        for kind in [TableScanner.Kind.csv(delimiter: nil), .lines] {
          let once = Result { () throws(TableFault) in try CutTable(file, kind) { file.count } }
          let often = Result { () throws(TableFault) in try CutTable(file, kind) { 1 } }
          #expect(once == often, "\(file)")
          guard case .success(let cut) = once else { continue }
          accepted += 1
          #expect(cut.written == file, "\(file)")
          #expect((try? TableFrame(parsing: cut.frame.encoded())) == cut.frame, "\(file)")
        }
      }
      if length < 5 { files = files.flatMap { file in alphabet.map { file + $0 } } }
    }
    #expect(accepted > 9000)
  }

  @Test("a CSV with everything in it")
  func everything() throws {
    let file = "\u{feff}a;\"b;c\"\r\n1;\"x\r\ny\"\"z\"\r\n\r\n\n5\" pipe;é\n\"\";"
    let cut = try CutTable(Array(file.utf8), .csv(delimiter: nil)) { 4 }
    #expect(cut.frame.hasByteOrderMark)
    #expect(cut.frame.header == Array("a;\"b;c\"".utf8))
    #expect(cut.frame.names == [Array("a".utf8), Array("b;c".utf8)])
    #expect(cut.frame.delimiter == UInt8(ascii: ";"))
    #expect(cut.frame.lineEnd == .crlf)
    #expect(!cut.frame.hasLastLineEnd)
    #expect(cut.frame.exceptions.map(\.rows) == [0..<1, 1..<2])
    #expect(cut.frame.exceptions.map(\.bytes) == [Array("\r\n\r\n\n".utf8), Array("\n".utf8)])
    #expect(cut.rows.map(text) == ["1;\"x\r\ny\"\"z\"", "5\" pipe;é", "\"\";"])
    #expect(cut.lines == [2, 6, 7])
    #expect(
      cut.rows.map { values($0, UInt8(ascii: ";")).map(text) }
        == [["1", "x\r\ny\"z"], ["5\" pipe", "é"], ["", ""]])
    #expect(cut.written == Array(file.utf8))
  }

  @Test("a JSONL file has no header, and blank lines before its rows")
  func lines() throws {
    let file = "\n\r\n{\"a\":\"b,\"}\n\"\n{}\r{}"
    let cut = try CutTable(Array(file.utf8), .lines) { 1 }
    #expect(cut.frame.header == nil && cut.frame.delimiter == nil && cut.frame.names.isEmpty)
    #expect(cut.frame.lineEnd == .lf)
    #expect(cut.frame.exceptions.map(\.rows) == [-1..<0, 2..<3])
    #expect(cut.rows.map(text) == ["{\"a\":\"b,\"}", "\"", "{}", "{}"])
    #expect(cut.lines == [3, 4, 5, 6])
    #expect(cut.written == Array(file.utf8))
  }

  @Test(
    "files with hardly anything in them",
    arguments: [
      ("a,b", false), ("a,b\n", true), ("a,b\r", true), ("\u{feff}a", false), ("a\n\n\n", true),
      ("a\n\"\"", false), (",", false),
    ])
  func small(file: String, hasLastLineEnd: Bool) throws {
    let cut = try CutTable(Array(file.utf8), .csv(delimiter: nil)) { 1 }
    #expect(cut.frame.hasLastLineEnd == hasLastLineEnd)
    #expect(cut.written == Array(file.utf8))
  }

  @Test(
    "JSONL files with hardly anything in them",
    arguments: ["", "\n", "\r\n\n", "\u{feff}", "{}"])
  func smallLines(file: String) throws {
    let cut = try CutTable(Array(file.utf8), .lines) { 1 }
    #expect(cut.written == Array(file.utf8))
  }

  @Test(
    "the delimiter is the most frequent in the header outside quotes",
    arguments: [
      ("a,b;c,d", ","), ("a;b;c,d", ";"), ("a\tb", "\t"), ("a|b|c", "|"), ("a", ","),
      ("a,b;c", ","), ("\"a,b,c\";d", ";"), ("a\"\"|b", "|"), ("\"a\"\",,\";\"b\n,,,\"", ";"),
      ("a,b\n1;2,3;4", ","),
    ] as [(String, Character)])
  func delimiter(header: String, delimiter: Character) throws {
    let cut = try CutTable(Array(header.utf8), .csv(delimiter: nil)) { 1 }
    #expect(cut.frame.delimiter == delimiter.asciiValue)
  }

  @Test("a long quoted field in small batches takes time for its length, not its square")
  func longField() throws {
    let file = Array("a\n\"".utf8) + [UInt8](repeating: 0x0a, count: 1 << 18) + Array("\"".utf8)
    let cut = try CutTable(file, .csv(delimiter: nil)) { 16 }
    #expect(cut.rows == [Array(file.dropFirst(2))])
    #expect(cut.written == file)
  }

  @Test(
    "what is no table is refused, with its line",
    arguments: [
      ("", 0, "the file is empty; a CSV has a header"),
      ("\u{feff}", 0, "the file is empty; a CSV has a header"),
      ("\na", 1, "a blank line stands before the header"),
      ("a,b,c,d\n1,2,3,4\r\n\r5,6,7", 4, "this row has 3 fields, the header has 4"),
      ("a,b\n\"\n\n\",1\n1\n", 5, "this row has 1 field, the header has 2"),
      ("a\n1,\n", 2, "this row has 2 fields, the header has 1"),
      ("a,b\n1,\"2\n3\r\"\"\r\n", 2, "a quote is opened and never closed"),
      ("a,b\n\"1\n2\",\"3\"", 0, ""),
      ("a,b\n\"1\n2\",\"3\n4", 3, "a quote is opened and never closed"),
      ("a\n\"1\n2\"x\n", 3, "a character stands after a closing quote"),
      ("a\n\"\n\" ,\"", 3, "a character stands after a closing quote"),
    ])
  func refusals(file: String, line: Int, reason: String) {
    let expected = reason.isEmpty ? nil : [line: reason]
    for size in [1, 2, 1000] {
      let fault = fault(Array(file.utf8), .csv(delimiter: nil), size)
      #expect(fault.map { [$0.line: $0.reason] } == expected)
    }
  }

  @Test(
    "what is not UTF-8 is refused, with its line",
    arguments: [
      [0xff], [0xc3], [0xc0, 0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80],
    ] as [[UInt8]])
  func notUTF8(bad: [UInt8]) {
    for count in 0..<17 {
      let row = Array("é,\"\r\n\r\n\n".utf8) + [UInt8](repeating: 0x61, count: count) + bad
      let file = Array("a,b\n1,2\n".utf8) + row + Array("\"\n".utf8)
      for size in [1, 5, 1000] {
        #expect(fault(file, .csv(delimiter: nil), size)?.reason == "invalid UTF-8")
        #expect(fault(file, .csv(delimiter: nil), size)?.line == 6)
        #expect(fault(Array("{}\n\n".utf8) + bad, .lines, size)?.line == 3)
      }
    }
  }

  @Test("UTF-16 is named")
  func otherEncoding() {
    for mark in [[0xff, 0xfe], [0xfe, 0xff]] as [[UInt8]] {
      let fault = fault(mark + [0x61, 0x00], .lines, 1)
      #expect(fault?.reason == "the text is UTF-16; save it as UTF-8")
    }
  }

  @Test("a row, a header and blank lines that are too long are refused, whatever the batches")
  func limits() {
    for size in [1, 3, 1000] {
      for (file, line) in [
        ("a\n\"23456789\"\n", 0), ("a\n\"\n3456789a\"\nb", 2), ("\"a,bcdefghij\n", 1),
      ] {
        let kind = TableScanner.Kind.csv(delimiter: nil)
        let fault = fault(Array(file.utf8), kind, size, rowBytesMax: 10)
        #expect(fault?.line ?? 0 == line, "\(file)")
        #expect(fault.map(\.reason) ?? "" == (line == 0 ? "" : "this row is longer than 10 bytes"))
      }
    }
    let blank = [UInt8](repeating: 0x0a, count: TableScanner.lineEndBytesMax + 1)
    let file = Array("{}\n{}".utf8) + blank
    for size in [1 << 16, 1 << 30] { #expect(fault(file, .lines, size)?.line == 2) }
    #expect(fault(file.dropLast(), .lines, 1 << 30) == nil)
  }

  // MARK: -

  private func fault(
    _ file: [UInt8], _ kind: TableScanner.Kind, _ size: Int,
    rowBytesMax: Int = TableScanner.rowBytesMax
  ) -> TableFault? {
    do throws(TableFault) {
      _ = try CutTable(file, kind, rowBytesMax: rowBytesMax) { size }
      return nil
    } catch {
      return error
    }
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private func values(_ row: [UInt8], _ delimiter: UInt8) -> [[UInt8]] {
    row.withUnsafeBytes { raw in
      TableFields.ranges(raw, delimiter: delimiter).map {
        TableFields.value(UnsafeRawBufferPointer(rebasing: raw[$0]))
      }
    }
  }
}
