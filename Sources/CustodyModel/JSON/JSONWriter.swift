/// Writes JSON objects whose members keep the order in which they are declared.
package struct JSONWriter {
  package private(set) var text = "{"
  private var isFirst = true

  package init() {}

  /// The finished object.
  package var object: String { text + "}" }

  private mutating func name(_ name: String) {
    text += isFirst ? "" : ","
    isFirst = false
    text += "\(Self.quoted(name)):"
  }

  package mutating func member(_ name: String, _ value: String?) {
    self.name(name)
    text += value.map(Self.quoted) ?? "null"
  }

  package mutating func member(_ name: String, _ value: Int?) {
    self.name(name)
    text += value.map(String.init) ?? "null"
  }

  package mutating func member(_ name: String, _ value: Bool) {
    self.name(name)
    text += value ? "true" : "false"
  }

  /// A value that is JSON already.
  package mutating func member(_ name: String, json value: String) {
    self.name(name)
    text += value
  }

  package mutating func member(_ name: String, strings: [String]) {
    member(name, json: "[\(strings.map(Self.quoted).joined(separator: ","))]")
  }

  package mutating func member(_ name: String, integers: [Int]) {
    member(name, json: "[\(integers.map(String.init).joined(separator: ","))]")
  }

  /// A JSON string: quotes, backslashes and control characters escaped, the rest as it is.
  package static func quoted(_ text: String) -> String {
    // Most texts have nothing to escape.
    let isPlain = text.utf8.allSatisfy { byte in
      byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") && byte != 0x7f
    }
    if isPlain { return "\"\(text)\"" }
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{0}"..<"\u{20}", "\u{7f}":
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
