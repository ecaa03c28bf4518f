import CustodyModel
import Testing

@Suite("Replacing values of columns")
struct ColumnValuesTests {
  private static func replaced(
    _ row: String, _ places: [ColumnValues.Place], _ delimiter: Character? = nil
  ) throws -> String {
    let values = ColumnValues(places, delimiter: delimiter?.asciiValue)
    let bytes = try Array(row.utf8).withUnsafeBytes { row in
      try values.replaced(row) { place, value in
        Array("<\(place):\(String(decoding: value, as: UTF8.self))>".utf8)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(
    "leaves every other byte of a row as it is",
    arguments: [
      ("1,Ann,x", "1,<0:Ann>,x"),
      ("1,\"Ann, \"\"B\"\"\",\" x\"", "1,<0:Ann, \"B\">,\" x\""),
      // Empty and missing fields say nothing.
      ("1,,x", "1,,x"), ("1,\"\",x", "1,\"\",x"), ("1", "1"),
      ("1,Ann", "1,<0:Ann>"), ("1,a\nb,", "1,<0:a\nb>,"),
    ])
  func rows(row: String, expected: String) throws {
    #expect(try Self.replaced(row, [.column(1)], ",") == expected)
  }

  @Test("takes columns in any order")
  func order() throws {
    #expect(try Self.replaced("a;b;c", [.column(2), .column(0)], ";") == "<1:a>;b;<0:c>")
  }

  @Test(
    "leaves every other byte of a line as it is",
    arguments: [
      (#"{"a": {"b" : "Ann"}, "c":1}"#, #"{"a": {"b" : "<0:Ann>"}, "c":1}"#),
      (#" { "a":{ "b":17.50 }}"#, #" { "a":{ "b":"<0:17.50>" }}"#),
      (#"{"a":{"b":["x", 2,true]}}"#, #"{"a":{"b":["<0:x>", "<0:2>","<0:true>"]}}"#),
      // What is written with escapes is the same value, and the same name.
      (#"{"a":{"b":"\u0041nn"}}"#, #"{"a":{"b":"<0:Ann>"}}"#),
      (#"{"a":{"\u0062":"Ann"}}"#, #"{"a":{"\u0062":"<0:Ann>"}}"#),
      // A reader may take either of two members of one name.
      (#"{"a":{"b":"x","b":"y"}}"#, #"{"a":{"b":"<0:x>","b":"<0:y>"}}"#),
      (#"{"a":{"b":null}}"#, #"{"a":{"b":null}}"#), (#"{"a":{"b":""}}"#, #"{"a":{"b":""}}"#),
      (#"{"a":{"b":[]}}"#, #"{"a":{"b":[]}}"#), (#"{"a":"Ann"}"#, #"{"a":"Ann"}"#),
      (#"{"b":"Ann"}"#, #"{"b":"Ann"}"#), (#"[1]"#, #"[1]"#),
    ])
  func lines(line: String, expected: String) throws {
    #expect(try Self.replaced(line, [.member(["a", "b"])]) == expected)
  }

  @Test(
    "refuses objects, and arrays in arrays",
    arguments: ["{}", #"{"c":1}"#, "[[1]]", "[{}]"]
  )
  func noValues(value: String) {
    #expect(throws: ColumnValues.Fault.noValue(place: 0)) {
      try Self.replaced(#"{"a":\#(value)}"#, [.member(["a"])])
    }
  }
}
