import CustodyModel
import CustodyTesting
import Testing

@Suite("A schema of facets")
struct OpenLineageSchemaTests {
  private static let id = "https://example.com/s.json"

  private func schema(_ members: String, _ others: String...) throws -> JSONSchema {
    try JSONSchema(
      documents: ([#"{"$id":"\#(Self.id)",\#(members)}"#] + others).map { Array($0.utf8) },
      references: [Self.id])
  }

  /// The first fault of a value, as its rule and the member that is missing.
  private func fault(_ members: String, _ value: String) throws -> String? {
    let schema = try schema(members)
    let reference = try #require(schema[Self.id])
    return schema.fault(try JSONDocument(Array(value.utf8)).root, reference).map { fault in
      (fault.member.map { "\($0) " } ?? "") + fault.rule
    }
  }

  private func flaw(_ members: String) -> JSONSchema.Flaw? {
    do throws(JSONSchema.Flaw) {
      _ = try JSONSchema(
        documents: [Array(#"{"$id":"\#(Self.id)",\#(members)}"#.utf8)], references: [Self.id])
      return nil
    } catch {
      return error
    }
  }

  // MARK: - When it is made

  @Test("with a keyword that nobody knows is refused, wherever it stands")
  func unknownKeywords() {
    for members in [
      #""pattern":"a""#, #""properties":{"a":{"items":{"pattern":"a"}}}"#,
      #""oneOf":[{"type":"string"},{"pattern":"a"}]"#, #""additionalProperties":{"pattern":"a"}"#,
      ##""$ref":"#/$defs/a","$defs":{"a":{"pattern":"a"}}"##,
    ] {
      #expect(flaw(members) == .unknownKeyword("pattern"), "\(members)")
    }
    // What nothing refers to is not made.
    #expect(flaw(#""$defs":{"a":{"pattern":"a"}}"#) == nil)
  }

  @Test("with what is not understood is refused")
  func flaws() {
    #expect(flaw(#""format":"email""#) == .unknownFormat("email"))
    #expect(flaw(#""type":"null""#) == .badValue(keyword: "type"))
    #expect(flaw(#""type":["string","integer"]"#) == .badValue(keyword: "type"))
    #expect(flaw(#""const":1"#) == .badValue(keyword: "const"))
    #expect(flaw(#""enum":["a",1]"#) == .badValue(keyword: "enum"))
    #expect(flaw(#""required":"a""#) == .badValue(keyword: "required"))
    #expect(flaw(#""minimum":"1""#) == .badValue(keyword: "minimum"))
    #expect(flaw(#""items":[]"#) == .badValue(keyword: "a schema"))
    #expect(flaw(##""$ref":"#/$defs/a""##) == .brokenReference("#/$defs/a"))
    #expect(flaw(#""$ref":"https://example.com/t""#) == .brokenReference("https://example.com/t"))
    let names = (0...64).map { #""a\#($0)":{}"# }.joined(separator: ",")
    #expect(flaw(#""properties":{\#(names)}"#) == .badValue(keyword: "properties"))
    for (text, isJSON) in [("{", false), ("{}", true)] {
      do throws(JSONSchema.Flaw) {
        _ = try JSONSchema(documents: [Array(text.utf8)], references: [])
        Issue.record("taken: \(text)")
      } catch {
        #expect((error == .noIdentifier) == isJSON)
      }
    }
  }

  @Test("may refer to itself and to others, and knows only what was asked for")
  func references() throws {
    let schema = try schema(
      #""$ref":"https://example.com/t.json#/$defs/tree""#,
      #"{"$id":"https://example.com/t.json","$defs":{"tree":{"type":"object","required":["name"],"#
        + ##""properties":{"children":{"type":"array","items":{"$ref":"#/$defs/tree"}}}}}}"##)
    let reference = try #require(schema[Self.id])
    #expect(schema["https://example.com/t.json"] == nil)
    func fault(_ text: String) throws -> String? {
      schema.fault(try JSONDocument(Array(text.utf8)).root, reference)?.rule
    }
    #expect(try fault(#"{"name":1,"children":[{"name":2,"children":[]}]}"#) == nil)
    #expect(try fault(#"{"name":1,"children":[{"name":2},{"children":[]}]}"#) == "is missing")
  }

  // MARK: - When a value is checked

  @Test(
    "takes what is as it asks, and names the rule otherwise",
    arguments: [
      (#""type":"object""#, "{}", nil), (#""type":"object""#, "[]", "an object is expected"),
      (#""type":"array""#, "[]", nil), (#""type":"array""#, "1", "an array is expected"),
      (#""type":"string""#, "\"\"", nil), (#""type":"string""#, "null", "a string is expected"),
      (#""type":"number""#, "-1.5e3", nil), (#""type":"number""#, "\"1\"", "a number is expected"),
      (#""type":"boolean""#, "false", nil),
      (#""type":"boolean""#, "0", "true or false is expected"),
      (#""type":"integer""#, "-12", nil), (#""type":"integer""#, "1.0", nil),
      (#""type":"integer""#, "1e3", nil),
      (#""type":"integer""#, "1.5", "a whole number is expected"),
      (#""type":"integer""#, "{}", "a whole number is expected"),
      (#""minimum":1"#, "1", nil), (#""minimum":1"#, "0.5", "at least 1.0 is expected"),
      (#""minimum":1"#, "\"0\"", nil),
      (#""enum":["a","b"]"#, "\"b\"", nil), (#""enum":["a","b"]"#, "\"c\"", "a, b is expected"),
      (#""enum":["a"]"#, "1", "a string is expected"), (#""const":"a""#, #""\u0061""#, nil),
      (#""const":"a""#, "\"b\"", "a is expected"), (#""const":"a""#, "{}", "a string is expected"),
      (#""format":"uuid""#, "\"\(LineageSample.runID)\"", nil),
      (#""format":"uuid""#, "\"1\"", "a UUID is expected"),
      (#""format":"date-time""#, "\"2026-01-31T08:00:00\"", nil),
      (
        #""format":"date-time""#, "\"2026-01-31\"",
        "a time as in 2026-01-31T08:00:00.000Z is expected"
      ),
      (#""format":"uri""#, "\"file\"", nil), (#""format":"uuid""#, "1", nil),
      (#""items":{"type":"string"}"#, #"["a","b"]"#, nil),
      (#""items":{"type":"string"}"#, #"["a",1]"#, "a string is expected"),
      (#""properties":{"a":{"type":"string"}}"#, #"{"b":1}"#, nil),
      (#""properties":{"a":{"type":"string"}}"#, #"{"a":null}"#, nil),
      (#""properties":{"a":{"type":"string"}}"#, #"{"\u0061":1}"#, "a string is expected"),
      (#""required":["a"]"#, #"{"a":0}"#, nil), (#""required":["a"]"#, "{}", "a is missing"),
      (#""required":["a"]"#, #"{"a":null}"#, "a is missing"),
      (#""additionalProperties":false"#, #"{"a":1}"#, "a member that is not in the schema"),
      (#""additionalProperties":false"#, #"{"a":null}"#, nil),
      (#""additionalProperties":true"#, #"{"a":1}"#, nil),
      (#""additionalProperties":{"type":"string"}"#, #"{"a":1}"#, "a string is expected"),
      (#""dependentRequired":{"a":["b"]}"#, #"{"b":1}"#, nil),
      (#""dependentRequired":{"a":["b"]}"#, #"{"a":1,"b":1}"#, nil),
      (#""dependentRequired":{"a":["b"]}"#, #"{"a":1}"#, "b is missing, where a is given"),
      (#""allOf":[{"type":"object"},{"required":["a"]}]"#, "{}", "a is missing"),
      (#""anyOf":[{"type":"string"},{"type":"number"}]"#, "1", nil),
      (
        #""anyOf":[{"type":"string"},{"type":"number"}]"#, "{}",
        "none of the forms of the schema fits"
      ),
      (#""anyOf":[{"type":"string"}]"#, "{}", "a string is expected"),
      (#""oneOf":[{"type":"string"},{"type":"number"}]"#, "1", nil),
      (
        #""oneOf":[{"type":"string"},{"type":"number"}]"#, "{}",
        "none of the forms of the schema fits"
      ),
      (
        #""oneOf":[{"type":"number"},{"type":"integer"}]"#, "1",
        "more than one form of the schema fits"
      ),
      (#""properties":{"a":{}}"#, #"{"a":1,"a":1}"#, "a member stands twice"),
      (#""properties":{"a":{}}"#, #"{"a":null,"a":1}"#, "a member stands twice"),
      (#""additionalProperties":{}"#, #"{"a":1,"b":1,"a":1}"#, "a member stands twice"),
      (#""properties":{"namespace":{},"name":{}}"#, #"{"name":"a\n"}"#, "has a control character"),
      (#""properties":{"namespace":{},"name":{}}"#, #"{"namespace":""}"#, "is empty"),
      (#""properties":{"name":{}}"#, #"{"name":"a\n"}"#, nil),
    ] as [(String, String, String?)])
  func values(schema: String, value: String, expected: String?) throws {
    #expect(try fault(schema, value) == expected)
  }
}
