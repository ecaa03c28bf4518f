import CustodyModel
import CustodyTesting
import Foundation
import Testing

@Suite("A JSON text read once")
struct JSONDocumentTests {
  private func root(_ text: String) throws -> JSONValue { try JSONDocument(Array(text.utf8)).root }

  @Test("has a value's members, elements, text and numbers")
  func values() throws {
    let root = try root(
      #" {"a":[1,-2.5,1e2,"x",true,false,null,[],{}],"é\n":"\"\u00e9\ud83d\ude00","n":null,"o":{}} "#
    )
    #expect(root.kind == .object)
    #expect(root.members.map(\.name) == ["a", "é\n", "o"])
    let elements = try #require(root["a"]?.elements)
    #expect(
      elements.map(\.kind)
        == [.number, .number, .number, .string, .true, .false, .null, .array, .object])
    #expect(elements.map(\.integer) == [1, nil, 100, nil, nil, nil, nil, nil, nil])
    #expect(elements.prefix(3).map(\.number) == [1, -2.5, 100])
    #expect(elements.map(\.boolean) == [nil, nil, nil, nil, true, false, nil, nil, nil])
    #expect(elements[3].string == "x")
    #expect(elements[0].string == nil)
    #expect(root["é\n"]?.string == "\"é😀")
    #expect(root["n"] == nil)
    #expect(root["o"]?.members.isEmpty == true)
    #expect(root["a"]?["b"] == nil)
    #expect(root.elements.isEmpty)
    #expect(
      elements.map { String(decoding: $0.json, as: UTF8.self) }
        == ["1", "-2.5", "1e2", "\"x\"", "true", "false", "null", "[]", "{}"])
  }

  @Test("finds a member however its name is written, and the last of several")
  func members() throws {
    #expect(try root(#"{"\u0061b":1}"#)["ab"]?.integer == 1)
    #expect(try root(#"{"ab":1,"a\u0062":2,"abc":3,"b":4}"#)["ab"]?.integer == 2)
    #expect(try root(#"{"ab":1,"ab":null}"#)["ab"] == nil)
    #expect(try root("{\"\u{e9}\":1}")["e\u{301}"] == nil)
    #expect(try root(#"{"":1}"#)[""]?.integer == 1)
  }

  @Test("is refused where the check refuses it, and for the same reason", arguments: 0..<100)
  func faults(seed: UInt64) {
    var generator = SeededGenerator(seed)
    for _ in 0..<100 {
      var bytes = Array(JSONComparisonTests.bases.randomElement(using: &generator)!.utf8)
      for _ in 0..<Int.random(in: 0...2, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
          Array("{}[]\",:\\u0e1 tfn\u{7f}".utf8).randomElement(using: &generator)!
      }
      func fault(_ check: () throws(JSONText.Fault) -> Void) -> JSONText.Fault? {
        do throws(JSONText.Fault) {
          try check()
          return nil
        } catch {
          return error
        }
      }
      let checked = fault { () throws(JSONText.Fault) in
        let result = bytes.withUnsafeBytes { raw in
          Result { () throws(JSONText.Fault) in try JSONText.validate(raw) }
        }
        try result.get()
      }
      let read = fault { () throws(JSONText.Fault) in _ = try JSONDocument(bytes) }
      #expect(checked == read)
    }
  }

  @Test("says what Foundation reads", arguments: 0..<100)
  func againstFoundation(seed: UInt64) throws {
    var generator = SeededGenerator(seed)
    for base in JSONComparisonTests.bases {
      var text = base
      if Bool.random(using: &generator) { text = "[\(base),{\"a\":\(base)}]" }
      guard
        let expected = try? JSONSerialization.jsonObject(
          with: Data(text.utf8), options: .fragmentsAllowed)
      else { continue }
      #expect(Self.isSame(try root(text), expected), "\(text)")
    }
  }

  private static func isSame(_ value: JSONValue, _ expected: Any) -> Bool {
    switch value.kind {
    case .object:
      guard let object = expected as? [String: Any] else { return false }
      return value.members.allSatisfy { member in
        let last = value.members.last { $0.name == member.name }
        return object[member.name].map { isSame(last!.value, $0) } ?? false
      }
    case .array:
      guard let array = expected as? [Any], array.count == value.elements.count else {
        return false
      }
      return zip(value.elements, array).allSatisfy { isSame($0, $1) }
    case .string: return value.string == expected as? String
    case .number: return value.number == (expected as? NSNumber)?.doubleValue
    case .true, .false: return value.boolean == expected as? Bool
    case .null: return expected is NSNull
    }
  }

  @Test("has paths as people write them, free of control characters and of bounded length")
  func paths() {
    var path = JSONPath()
    path.append(name: "inputs")
    path.append(index: 2)
    path.append(name: "a b")
    path.append(name: "")
    path.append(name: "x\ny")
    #expect(path.text == "$.inputs[2][\"a b\"][\"\"][\"x\u{fffd}y\"]")
    var long = JSONPath()
    long.append(name: String(repeating: "a", count: 1000))
    #expect(long.text == "$[\"" + String(repeating: "a", count: 64) + "…\"]")
  }
}
