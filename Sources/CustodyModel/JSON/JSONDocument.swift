/// A JSON text with every value's place in it: read once, looked up often, never copied.
///
/// Reading an event means to look at it four times (shape, schemas, facts, masking). Values of
/// their own for each member would cost more than all four together.
package struct JSONDocument: Sendable {
  package enum Kind: UInt8, Sendable {
    case object, array, string, number, `true`, `false`, null

    /// What begins with this byte.
    init(first byte: UInt8) {
      self =
        switch byte {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"): .true
        case UInt8(ascii: "f"): .false
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }
  }

  /// A value, or a member's name, which stands before its value.
  struct Node: Sendable {
    let kind: Kind
    let hasEscapes: Bool
    private let start: UInt32
    private let end: UInt32
    private let next: UInt32

    init(_ kind: Kind, _ range: Range<Int>, hasEscapes: Bool = false, after: Int = 0) {
      let quote = kind == .string ? 1 : 0
      self.kind = kind
      self.hasEscapes = kind == .string && hasEscapes
      start = UInt32(truncatingIfNeeded: range.lowerBound + quote)
      end = UInt32(truncatingIfNeeded: max(range.upperBound - quote, range.lowerBound + quote))
      next = UInt32(truncatingIfNeeded: after)
    }

    /// Where its bytes are; those of a string without the quotes.
    @inline(__always) var range: Range<Int> { Int(start)..<Int(end) }
    /// The node after this one and all that it holds.
    @inline(__always) var after: Int { Int(next) }
  }

  package let bytes: [UInt8]
  let nodes: [Node]

  package init(_ bytes: [UInt8]) throws(JSONText.Fault) {
    nodes = try bytes.withUnsafeBytes { JSONText.nodes($0) }.get()
    self.bytes = bytes
  }

  /// The outermost value.
  package var root: JSONValue { JSONValue(document: self, node: 0) }

  // MARK: - Within a node

  @inline(__always)
  func kind(_ node: Int) -> Kind { nodes[node].kind }

  /// Calls `each` with the nodes of each member's name and value.
  @inline(__always)
  func forEachMember<E>(_ object: Int, _ each: (Int, Int) throws(E) -> Void) throws(E) {
    let end = nodes[object].after
    var name = object + 1
    while name < end {
      try each(name, name + 1)
      name = nodes[name + 1].after
    }
  }

  @inline(__always)
  func forEachElement<E>(_ array: Int, _ each: (Int) throws(E) -> Void) throws(E) {
    let end = nodes[array].after
    var element = array + 1
    while element < end {
      try each(element)
      element = nodes[element].after
    }
  }

  /// Whether a string is `text`.
  @inline(__always)
  func isEqual(_ node: Int, _ text: StaticString) -> Bool {
    let utf8 = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    return isEqual(node, utf8)
  }

  @inline(__always)
  func isEqual(_ node: Int, _ text: [UInt8]) -> Bool {
    text.withUnsafeBufferPointer { isEqual(node, $0) }
  }

  @inline(__always)
  private func isEqual(_ node: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let found = nodes[node]
    let range = found.range
    if found.hasEscapes { return self.text(node).elementsEqual(text) }
    guard range.count == text.count else { return false }
    for index in 0..<text.count where bytes[range.lowerBound + index] != text[index] {
      return false
    }
    return true
  }

  /// The value of an object's member, unless it is missing or null; the last of several, as most
  /// readers have it.
  func member(_ object: Int, _ name: StaticString) -> Int? {
    guard kind(object) == .object else { return nil }
    var found: Int?
    forEachMember(object) { (key, value) in
      if isEqual(key, name) { found = kind(value) == .null ? nil : value }
    }
    return found
  }

  /// The text of a string, also of a member's name; the bytes of anything else.
  func string(_ node: Int) -> String {
    let text = text(node)
    return text.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes of a string without its escapes; those of anything else as they are.
  func text(_ node: Int) -> ArraySlice<UInt8> {
    let found = nodes[node]
    guard found.hasEscapes else { return bytes[found.range] }
    return bytes.withUnsafeBytes {
      JSONText.unescaped(UnsafeRawBufferPointer(rebasing: $0[found.range]))
    }[...]
  }

  /// The name of a member that stands twice in an object; nil when none does.
  func twin(_ object: Int) -> Int? {
    var seen: [Int] = []
    forEachMember(object) { (key, _) in seen.append(key) }
    guard seen.count > 8 else {
      return seen.indices.first { later in
        seen[..<later].contains { text($0) == text(seen[later]) }
      }.map { seen[$0] }
    }
    var names: Set<ArraySlice<UInt8>> = []
    return seen.first { !names.insert(text($0)).inserted }
  }

  // MARK: - Paths

  /// The way to a node: `$.inputs[2].name`. From a node on whose path is known, it is as fast as
  /// that node is small.
  func path(
    to node: Int, member: String? = nil, from start: Int = 0, _ prefix: JSONPath = JSONPath()
  ) -> String {
    var path = prefix
    var at = start
    while at != node, kind(at) == .object || kind(at) == .array {
      var next: Int?
      if kind(at) == .object {
        forEachMember(at) { (key, value) in
          guard key <= node, node < nodes[value].after else { return }
          path.append(name: string(key))
          // A name has the path of its value.
          next = key == node ? node : value
        }
      } else {
        var index = 0
        forEachElement(at) { element in
          if element <= node, node < nodes[element].after {
            path.append(index: index)
            next = element
          }
          index += 1
        }
      }
      guard let next else { break }
      at = next
    }
    if let member { path.append(name: member) }
    return path.text
  }
}

/// A way into a JSON text, as people write it (RFC 9535).
package struct JSONPath: Sendable {
  package private(set) var text = "$"
  /// Of a member's name; the rest is left out, because a message is no place for data.
  package static let nameSizeMax = 64

  package init() {}

  /// `$.name`, `$.name[2]`
  init(_ name: String, _ index: Int? = nil) {
    append(name: name)
    if let index { append(index: index) }
  }

  package mutating func append(index: Int) { text += "[\(index)]" }

  package mutating func append(name: String) {
    let isPlain = name.utf8.allSatisfy { ASCII.isWord($0) } && !name.isEmpty
    if isPlain, name.utf8.count <= Self.nameSizeMax {
      text += ".\(name)"
    } else {
      var kept = ""
      for scalar in name.unicodeScalars where kept.utf8.count < Self.nameSizeMax {
        let isControl = scalar.properties.generalCategory == .control
        kept.unicodeScalars.append(isControl ? "\u{fffd}" : scalar)
      }
      text += "[\(JSONWriter.quoted(kept.utf8.count < name.utf8.count ? kept + "…" : kept))]"
    }
  }
}
