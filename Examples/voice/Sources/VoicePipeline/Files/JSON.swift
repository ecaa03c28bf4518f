/// JSON whose members keep the order in which they are written, and whose text depends on nothing
/// else: equal measurements give equal bytes.
enum JSON: Equatable, Sendable {
  case object([Member])
  case array([JSON])
  case string(String)
  case integer(Int)
  /// A number with two decimals.
  case hundredths(Double)
  case bool(Bool)
  case null

  struct Member: Equatable, Sendable {
    let name: String
    let value: JSON
  }

  init(_ value: Int?) { self = value.map { .integer($0) } ?? .null }
  init(hundredths value: Double?) { self = value.map { .hundredths($0) } ?? .null }

  /// On one line.
  var line: String { text(indent: nil) }

  /// Over several lines: an object or array without another one within stays on one line.
  var lines: String { text(indent: 0) + "\n" }

  private var isContainer: Bool {
    switch self {
    case .object, .array: true
    default: false
    }
  }

  private func text(indent: Int?) -> String {
    switch self {
    case .object(let members):
      return Self.container(
        members.map { ("\(Self.quoted($0.name)):", $0.value) }, "{", "}", indent)
    case .array(let elements):
      return Self.container(elements.map { ("", $0) }, "[", "]", indent)
    case .string(let text): return Self.quoted(text)
    case .integer(let number): return String(number)
    case .hundredths(let number): return Self.hundredths(number)
    case .bool(let value): return String(value)
    case .null: return "null"
    }
  }

  private static func container(
    _ elements: [(label: String, value: JSON)], _ open: String, _ close: String, _ indent: Int?
  ) -> String {
    guard let indent, indent == 0 || elements.contains(where: \.value.isContainer) else {
      let space = indent == nil ? "" : " "
      let inside = elements.map { label, value in
        (label.isEmpty ? "" : label + space) + value.text(indent: nil)
      }
      return open + inside.joined(separator: "," + space) + close
    }
    let margin = String(repeating: " ", count: indent + 2)
    let inside = elements.map { label, value in
      margin + (label.isEmpty ? "" : label + " ") + value.text(indent: indent + 2)
    }
    return open + "\n" + inside.joined(separator: ",\n") + "\n"
      + String(repeating: " ", count: indent) + close
  }

  private static func hundredths(_ number: Double) -> String {
    let count = Int((number * 100).rounded())
    let digits = String(count.magnitude)
    let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    return (count < 0 ? "-" : "") + padded.dropLast(2) + "." + padded.suffix(2)
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
  init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member(name: $0, value: $1) })
  }

  init(arrayLiteral elements: JSON...) { self = .array(elements) }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  init(stringLiteral value: String) { self = .string(value) }
  init(integerLiteral value: Int) { self = .integer(value) }
}
