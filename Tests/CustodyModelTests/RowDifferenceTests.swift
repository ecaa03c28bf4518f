import CustodyModel
import Testing

@Suite("The difference of two rows")
struct RowDifferenceTests {
  private static func frame(_ header: String) throws -> TableFrame {
    var scanner = TableScanner(.csv(delimiter: nil))
    _ = try scanner.scan(Array("\(header)\n".utf8), isLast: true)
    return scanner.frame
  }

  /// `name: old > new`, a dash for a side that has none.
  private static func lines(_ fields: [RowDifference.Field]) -> [String] {
    fields.map { "\($0.name): \($0.old ?? "-") > \($0.new ?? "-")" }
  }

  @Test(
    "of tables is told by column",
    arguments: [
      ("a,b", "1,2", "a,b", "1,3", ["b: 2 > 3"]),
      ("a,b", "1,2", "a,b", "1,\"2\"", []),
      ("a,b", "1,\"x \"\"y\"\"\"", "a,b", "1,x", ["b: x \"y\" > x"]),
      ("a,b", "1,2", "b,a", "2,1", []),
      ("a,b", "1,2", "a;c", "1;3", ["b: 2 > -", "c: - > 3"]),
      ("a,a", "1,2", "a,a", "1,3", ["a (2): 2 > 3"]),
      ("a", "", "a", "1", ["a:  > 1"]),
      // Columns that look alike and are not.
      ("\u{fc}", "1", "u\u{308}", "1", ["\u{fc}: 1 > -", "u\u{308}: - > 1"]),
      ("a", "\u{fc}", "a", "u\u{308}", ["a: \u{fc} > u\u{308}"]),
      // Rows that no scanner gave.
      ("a", "1,2", "a", "1,3", ["#2: 2 > 3"]),
    ])
  func tables(
    oldHeader: String, old: String, newHeader: String, new: String, expected: [String]
  ) throws {
    let fields = RowDifference.between(
      RowDifference.Row(Array(old.utf8), try Self.frame(oldHeader)),
      RowDifference.Row(Array(new.utf8), try Self.frame(newHeader)))
    #expect(Self.lines(fields) == expected)
  }

  @Test("of a row and none is all of it")
  func oneSided() throws {
    let frame = try Self.frame("a,b")
    let (none, some) = (RowDifference.Row(nil, frame), RowDifference.Row(Array("1,2".utf8), frame))
    #expect(Self.lines(RowDifference.between(none, some)) == ["a: - > 1", "b: - > 2"])
    #expect(Self.lines(RowDifference.between(some, none)) == ["a: 1 > -", "b: 2 > -"])
  }

  @Test(
    "of JSON is told by member, also of objects within",
    arguments: [
      (#"{"a":1}"#, #"{"a":2}"#, ["a: 1 > 2"]), (#"{"a":1}"#, #"{ "a" : 1 }"#, []),
      (#"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#, []), (#"{"a":"1"}"#, #"{"a":1}"#, [#"a: "1" > 1"#]),
      (#"{"a":{"b":1,"c":2}}"#, #"{"a":{"b":1,"c":3}}"#, ["a.c: 2 > 3"]),
      (#"{"a":{"b":1}}"#, #"{"a":1}"#, ["a.b: 1 > -", "a: - > 1"]),
      (#"{"a":{}}"#, "{}", ["a: {} > -"]), (#"{"a":[1,2]}"#, #"{"a":[1]}"#, ["a: [1,2] > [1]"]),
      (#"{"a":1,"a":2}"#, #"{"a":1,"a":3}"#, ["a (2): 2 > 3"]),
    ])
  func json(old: String, new: String, expected: [String]) throws {
    let fields = try #require(RowDifference.between(json: Array(old.utf8), Array(new.utf8)))
    #expect(Self.lines(fields) == expected)
    let swapped = try #require(RowDifference.between(json: Array(new.utf8), Array(old.utf8)))
    #expect(swapped.count == expected.count)
  }

  @Test("of what is no JSON object is none that can be told by member")
  func noObject() {
    for text in ["1", "[1]", "{", "", "{\"a\":\"\u{0}\"}"] {
      #expect(RowDifference.between(json: Array(text.utf8), Array("{}".utf8)) == nil)
    }
    let deep = String(repeating: "{\"a\":", count: 300) + "1" + String(repeating: "}", count: 300)
    #expect(RowDifference.between(json: Array(deep.utf8), Array("{}".utf8))?.count == 1)
  }
}
