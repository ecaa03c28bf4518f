/// A value within a document, for those who read a few of its members.
package struct JSONValue: Sendable {
  let document: JSONDocument
  let node: Int

  package var kind: JSONDocument.Kind { document.kind(node) }

  /// The member's value, unless it is missing or null; nil also when this is no object.
  package subscript(name: StaticString) -> JSONValue? {
    document.member(node, name).map { JSONValue(document: document, node: $0) }
  }

  package var string: String? { kind == .string ? document.string(node) : nil }

  package var boolean: Bool? {
    switch kind {
    case .true: true
    case .false: false
    default: nil
    }
  }

  /// A whole number that fits, however it is written: JSON knows no integers, and 5.0 is 5.
  package var integer: Int? {
    guard kind == .number else { return nil }
    let text = document.string(node)
    return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
  }

  package var number: Double? { kind == .number ? Double(document.string(node)) : nil }

  /// Empty when this is no array.
  package var elements: [JSONValue] {
    guard kind == .array else { return [] }
    var elements: [JSONValue] = []
    document.forEachElement(node) { elements.append(JSONValue(document: document, node: $0)) }
    return elements
  }

  /// Those that are not null, in the order of the text; empty when this is no object.
  package var members: [(name: String, value: JSONValue)] {
    guard kind == .object else { return [] }
    var members: [(name: String, value: JSONValue)] = []
    document.forEachMember(node) { (name, value) in
      guard document.kind(value) != .null else { return }
      members.append((document.string(name), JSONValue(document: document, node: value)))
    }
    return members
  }

  /// The bytes as they stand in the text.
  package var json: ArraySlice<UInt8> {
    let range = document.nodes[node].range
    return kind == .string
      ? document.bytes[range.lowerBound - 1..<range.upperBound + 1] : document.bytes[range]
  }
}
