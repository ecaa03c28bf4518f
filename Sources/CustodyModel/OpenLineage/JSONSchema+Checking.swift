extension JSONSchema {
  /// The first fault of a value; nil when it is as its schema asks.
  ///
  /// A member that is null counts as missing: many programs write down what they do not know as
  /// null. A member that stands twice is a fault, because two readers could read two values.
  package func fault(_ value: JSONValue, _ reference: Reference) -> Fault? {
    check(value.document, value.node, reference.index)
  }

  func fault(_ document: JSONDocument, _ node: Int, _ reference: Reference) -> Fault? {
    check(document, node, reference.index)
  }

  private func check(_ document: JSONDocument, _ node: Int, _ number: Int) -> Fault? {
    let kind = document.kind(node)
    return rules.withUnsafeBufferPointer { rules -> Fault? in
      // Without a copy, which would count references.
      let rule = rules.baseAddress! + number
      if let expected = rule.pointee.kind, kind != expected {
        return Fault(node: node, member: nil, rule: Self.expected(rule.pointee))
      }
      if rule.pointee.isBoolean, kind != .true, kind != .false {
        return Fault(node: node, member: nil, rule: "true or false is expected")
      }
      let own: Fault? =
        switch kind {
        case .object: checkObject(document, node, rule)
        case .array: checkArray(document, node, rule.pointee.items)
        case .string: checkString(document, node, rule)
        case .number: checkNumber(document, node, rule)
        case .true, .false, .null: nil
        }
      return own ?? checkTogether(document, node, rule)
    }
  }

  private static func expected(_ rule: Rule) -> String {
    switch rule.kind {
    case .object: "an object is expected"
    case .array: "an array is expected"
    case .string: "a string is expected"
    default: rule.isInteger ? "a whole number is expected" : "a number is expected"
    }
  }

  private func checkObject(
    _ document: JSONDocument, _ object: Int, _ rule: UnsafePointer<Rule>
  ) -> Fault? {
    var seen: UInt64 = 0
    var given: UInt64 = 0
    var others = 0
    var name = object + 1
    let end = document.nodes[object].after
    while name < end {
      let value = name + 1
      let isNull = document.kind(value) == .null
      if let index = property(document, name, rule) {
        guard seen & 1 << index == 0 else {
          return Fault(node: value, member: nil, rule: "a member stands twice")
        }
        seen |= 1 << index
        if !isNull {
          given |= 1 << index
          if let fault = check(document, value, rule.pointee.properties[index].rule) {
            return fault
          }
        }
      } else {
        others += 1
        switch rule.pointee.additional {
        case _ where isNull: break
        case .any: break
        case .none:
          return Fault(node: object, member: nil, rule: "a member that is not in the schema")
        case .rule(let number):
          if let fault = check(document, value, number) { return fault }
        }
      }
      name = document.nodes[value].after
    }
    let missing = rule.pointee.required & ~given
    if missing != 0 {
      let property = rule.pointee.properties[missing.trailingZeroBitCount]
      return Fault(node: object, member: property.name.text, rule: "is missing")
    }
    if others > 1, case .rule = rule.pointee.additional, let twin = document.twin(object) {
      return Fault(node: twin, member: nil, rule: "a member stands twice")
    }
    return checkDependent(document, object, rule)
  }

  @inline(__always)
  private func property(
    _ document: JSONDocument, _ name: Int, _ rule: UnsafePointer<Rule>
  ) -> Int? {
    for index in rule.pointee.properties.indices
    where document.isEqual(name, rule.pointee.properties[index].name.utf8) {
      return index
    }
    return nil
  }

  private func checkDependent(
    _ document: JSONDocument, _ object: Int, _ rule: UnsafePointer<Rule>
  ) -> Fault? {
    for (name, needs) in rule.pointee.dependent where has(document, object, name) {
      for needed in needs where !has(document, object, needed) {
        return Fault(
          node: object, member: needed.text, rule: "is missing, where \(name.text) is given")
      }
    }
    return nil
  }

  private func has(_ document: JSONDocument, _ object: Int, _ name: Name) -> Bool {
    var found = false
    document.forEachMember(object) { (key, value) in
      if document.kind(value) != .null, document.isEqual(key, name.utf8) { found = true }
    }
    return found
  }

  private func checkArray(_ document: JSONDocument, _ array: Int, _ items: Int?) -> Fault? {
    guard let items else { return nil }
    var element = array + 1
    let end = document.nodes[array].after
    while element < end {
      if let fault = check(document, element, items) { return fault }
      element = document.nodes[element].after
    }
    return nil
  }

  private func checkString(
    _ document: JSONDocument, _ string: Int, _ rule: UnsafePointer<Rule>
  ) -> Fault? {
    if let choices = rule.pointee.choices,
      !choices.contains(where: { document.isEqual(string, $0.utf8) })
    {
      let names = choices.map(\.text).joined(separator: ", ")
      return Fault(node: string, member: nil, rule: "\(names) is expected")
    }
    guard let format = rule.pointee.format else { return nil }
    let text = document.text(string)
    let reason: String? =
      switch format {
      case .dateTime: LineageTime.isTime(text) ? nil : LineageTime.rule
      case .uuid: LineageRunID.isUUID(text) ? nil : LineageRunID.rule
      case .identity: LineageName.fault(text)
      }
    return reason.map { Fault(node: string, member: nil, rule: $0) }
  }

  private func checkNumber(
    _ document: JSONDocument, _ number: Int, _ rule: UnsafePointer<Rule>
  ) -> Fault? {
    if rule.pointee.isInteger {
      let digits = document.text(number)
      // JSON Schema §6.1.1: "integer" matches "any number with a zero fractional part".
      let isWhole =
        digits.allSatisfy { ASCII.isDigit($0) || $0 == UInt8(ascii: "-") }
        || Double(document.string(number)).map { $0.rounded() == $0 } == true
      if !isWhole { return Fault(node: number, member: nil, rule: "a whole number is expected") }
    }
    if let minimum = rule.pointee.minimum,
      let value = Double(document.string(number)), value < minimum
    {
      return Fault(node: number, member: nil, rule: "at least \(minimum) is expected")
    }
    return nil
  }

  private func checkTogether(
    _ document: JSONDocument, _ node: Int, _ rule: UnsafePointer<Rule>
  ) -> Fault? {
    for number in rule.pointee.all {
      if let fault = check(document, node, number) { return fault }
    }
    if let first = rule.pointee.any.first {
      // With one form only, its own fault says more.
      if rule.pointee.any.count == 1 { return check(document, node, first) }
      guard rule.pointee.any.contains(where: { check(document, node, $0) == nil }) else {
        return Fault(node: node, member: nil, rule: "none of the forms of the schema fits")
      }
    }
    guard !rule.pointee.one.isEmpty else { return nil }
    switch rule.pointee.one.count(where: { check(document, node, $0) == nil }) {
    case 0: return Fault(node: node, member: nil, rule: "none of the forms of the schema fits")
    case 1: return nil
    default: return Fault(node: node, member: nil, rule: "more than one form of the schema fits")
    }
  }
}
