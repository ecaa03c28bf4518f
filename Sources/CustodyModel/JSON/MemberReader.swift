import CustodyLedger

/// Reads the members of a small JSON object.
package struct MemberReader {
  private let content: [UInt8]
  private let members: [JSONText.Member]

  package init?(_ content: [UInt8]) {
    guard let members = content.withUnsafeBytes({ try? JSONText.members($0) }) else { return nil }
    self.content = content
    self.members = members
  }

  private func value(_ name: String) -> ArraySlice<UInt8>? {
    members.first { $0.name == name }.map { content[$0.range] }
  }

  package func string(_ name: String) -> String? {
    value(name).flatMap { $0.withUnsafeBytes { JSONText.string($0) } }
  }

  /// A number without sign, fraction or exponent.
  package func integer(_ name: String) -> Int? { value(name).flatMap { Decimal.parse($0) } }

  func strings(_ name: String) -> [String]? {
    value(name)?.withUnsafeBytes { value in
      guard let ranges = try? JSONText.elements(value) else { return nil }
      let texts = ranges.compactMap {
        JSONText.string(UnsafeRawBufferPointer(rebasing: value[$0]))
      }
      return texts.count == ranges.count ? texts : nil
    }
  }

  func integers(_ name: String) -> [Int]? {
    value(name)?.withUnsafeBytes { value in
      guard let ranges = try? JSONText.elements(value) else { return nil }
      let numbers = ranges.compactMap { Decimal.parse(value[$0]) }
      return numbers.count == ranges.count ? numbers : nil
    }
  }

  func boolean(_ name: String) -> Bool? {
    switch value(name).map({ String(decoding: $0, as: UTF8.self) }) {
    case "true": true
    case "false": false
    default: nil
    }
  }

  /// A value as it stands in the text.
  func bytes(_ name: String) -> ArraySlice<UInt8>? { value(name) }

  /// An object within; nil also for null.
  func object(_ name: String) -> MemberReader? { value(name).flatMap { MemberReader(Array($0)) } }

  package func objects(_ name: String) -> [MemberReader]? {
    value(name).flatMap { value in
      guard let ranges = try? value.withUnsafeBytes({ try JSONText.elements($0) }) else {
        return nil
      }
      let readers = ranges.compactMap {
        MemberReader(
          Array(value[value.startIndex + $0.lowerBound..<value.startIndex + $0.upperBound]))
      }
      return readers.count == ranges.count ? readers : nil
    }
  }

  /// The members of an object of strings, in their order.
  func pairs(_ name: String) -> [Pair]? {
    guard let reader = object(name) else { return nil }
    let pairs = reader.members.compactMap { member in
      reader.string(member.name).map { Pair(name: member.name, value: $0) }
    }
    return pairs.count == reader.members.count ? pairs : nil
  }
}

/// A name with a value.
package struct Pair: Equatable, Sendable {
  package let name: String
  package let value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

extension JSONWriter {
  /// An object of strings.
  package mutating func member(_ name: String, pairs: [Pair]) {
    var object = JSONWriter()
    for pair in pairs { object.member(pair.name, pair.value) }
    member(name, json: object.object)
  }

  /// An array of objects.
  package mutating func member<Element>(
    _ name: String, _ elements: [Element], _ write: (Element, inout JSONWriter) -> Void
  ) {
    let objects = elements.map { element in
      var object = JSONWriter()
      write(element, &object)
      return object.object
    }
    member(name, json: "[\(objects.joined(separator: ","))]")
  }
}
