/// The part of JSON Schema (draft 2020-12) that the schemas of OpenLineage's facets use.
///
/// Made once, from several documents that refer to each other by `$id`; a keyword that is not
/// known here is an error when the schema is made, so that nothing is left unchecked in silence.
package struct JSONSchema: Sendable {
  /// What is wrong with a schema.
  package enum Flaw: Error, Equatable {
    case notJSON(JSONText.Fault)
    case noIdentifier
    case unknownKeyword(String)
    case unknownFormat(String)
    case brokenReference(String)
    /// A keyword's value is of another kind than it has to be.
    case badValue(keyword: String)
  }

  /// Why a value is not what its schema asks for.
  package struct Fault: Equatable {
    /// The value, or the object that lacks `member`.
    let node: Int
    package let member: String?
    package let rule: String
  }

  /// The number of a rule.
  package struct Reference: Sendable, Equatable { let index: Int }

  struct Name: Sendable {
    let text: String
    let utf8: [UInt8]

    init(_ text: String) {
      self.text = text
      utf8 = Array(text.utf8)
    }
  }

  struct Property: Sendable {
    let name: Name
    let rule: Int
    let isRequired: Bool
  }

  enum Format: Sendable {
    case dateTime, uuid, identity
  }

  /// What an object may have beside its properties.
  enum Additional: Sendable {
    case any, none
    case rule(Int)
  }

  /// One schema object. Numbers stand for others, because schemas refer to themselves.
  struct Rule: Sendable {
    /// Nil: any.
    var kind: JSONDocument.Kind?
    var isBoolean = false
    var isInteger = false
    var properties: [Property] = []
    /// Bits of the required properties, the first of them lowest.
    var required: UInt64 = 0
    var dependent: [(name: Name, needs: [Name])] = []
    var additional = Additional.any
    var items: Int?
    var all: [Int] = []
    var any: [Int] = []
    var one: [Int] = []
    /// The texts that may stand here; nil: any.
    var choices: [Name]?
    var format: Format?
    var minimum: Double?
  }

  let rules: [Rule]
  private let roots: [String: Int]

  /// - Parameters:
  ///   - documents: schemas with an `$id`.
  ///   - references: `$id#/pointer` of what is to be checked; only what these need is made.
  package init(documents: [[UInt8]], references: [String]) throws(Flaw) {
    var maker = Maker()
    for bytes in documents {
      let document: JSONDocument
      do { document = try JSONDocument(bytes) } catch { throw .notJSON(error) }
      guard let id = document.root["$id"]?.string else { throw .noIdentifier }
      maker.documents[id] = document
    }
    var roots: [String: Int] = [:]
    for reference in references { roots[reference] = try maker.make(reference: reference, in: "") }
    rules = maker.rules
    self.roots = roots
  }

  /// Nil for a reference that was not asked for.
  package subscript(reference: String) -> Reference? { roots[reference].map(Reference.init) }
}

/// Makes rules of schemas.
private struct Maker {
  var documents: [String: JSONDocument] = [:]
  var rules: [JSONSchema.Rule] = []
  private var made: [String: Int] = [:]

  mutating func make(reference: String, in id: String) throws(JSONSchema.Flaw) -> Int {
    let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    let target = parts[0].isEmpty ? id : String(parts[0])
    guard let document = documents[target] else { throw .brokenReference(reference) }
    var value = document.root
    // RFC 6901; the schemas use no escapes in their pointers.
    for step in parts.count > 1 ? parts[1].split(separator: "/") : [] {
      guard let next = value.members.last(where: { $0.name == step })?.value else {
        throw .brokenReference(reference)
      }
      value = next
    }
    return try make(value, in: target)
  }

  private mutating func make(_ schema: JSONValue, in id: String) throws(JSONSchema.Flaw) -> Int {
    let key = "\(id)#\(schema.node)"
    if let index = made[key] { return index }
    let index = rules.count
    made[key] = index
    rules.append(JSONSchema.Rule())
    guard schema.kind == .object else { throw .badValue(keyword: "a schema") }
    var rule = JSONSchema.Rule()
    var properties: [(name: String, rule: Int)] = []
    var required: [String] = []
    for (keyword, value) in schema.members {
      switch keyword {
      case "type": try set(type: value, &rule)
      case "$ref":
        guard let reference = value.string else { throw .badValue(keyword: keyword) }
        rule.all.append(try make(reference: reference, in: id))
      case "properties":
        for member in value.members {
          properties.append((member.name, try make(member.value, in: id)))
        }
      case "required": required = try strings(value, keyword)
      case "dependentRequired":
        for member in value.members {
          rule.dependent.append(
            (.init(member.name), try strings(member.value, keyword).map(JSONSchema.Name.init)))
        }
      case "additionalProperties":
        rule.additional =
          switch value.boolean {
          case true: .any
          case false: .none
          default: .rule(try make(value, in: id))
          }
      case "items": rule.items = try make(value, in: id)
      case "allOf": for one in value.elements { rule.all.append(try make(one, in: id)) }
      case "anyOf": for one in value.elements { rule.any.append(try make(one, in: id)) }
      case "oneOf": for one in value.elements { rule.one.append(try make(one, in: id)) }
      case "enum": try set(choices: strings(value, keyword), &rule)
      case "const":
        guard let text = value.string else { throw .badValue(keyword: keyword) }
        set(choices: [text], &rule)
      case "format": rule.format = try format(value)
      case "minimum":
        guard let number = value.number else { throw .badValue(keyword: keyword) }
        rule.minimum = number
      case "$schema", "$id", "$defs", "description", "example", "documentation", "deprecated",
        "title":
        break
      default: throw .unknownKeyword(keyword)
      }
    }
    try set(properties, required, &rule)
    rules[index] = rule
    return index
  }

  private func set(type: JSONValue, _ rule: inout JSONSchema.Rule) throws(JSONSchema.Flaw) {
    switch type.string {
    case "object": rule.kind = .object
    case "array": rule.kind = .array
    case "string": rule.kind = .string
    case "number": rule.kind = .number
    case "integer":
      rule.kind = .number
      rule.isInteger = true
    case "boolean": rule.isBoolean = true
    default: throw .badValue(keyword: "type")
    }
  }

  /// All choices here are texts, so anything else is none of them.
  private func set(choices: [String], _ rule: inout JSONSchema.Rule) {
    rule.choices = choices.map(JSONSchema.Name.init)
    rule.kind = .string
  }

  /// Required members that no property describes may be anything.
  private mutating func set(
    _ properties: [(name: String, rule: Int)], _ required: [String], _ rule: inout JSONSchema.Rule
  ) throws(JSONSchema.Flaw) {
    var properties = properties
    for name in required where !properties.contains(where: { $0.name == name }) {
      properties.append((name, rules.count))
      rules.append(JSONSchema.Rule())
    }
    guard properties.count <= UInt64.bitWidth else { throw .badValue(keyword: "properties") }
    let names = Set(properties.map(\.name))
    let isIdentity = names.isSuperset(of: ["namespace", "name"])
    for (index, property) in properties.enumerated() {
      var number = property.rule
      if isIdentity, ["namespace", "name"].contains(property.name) {
        // Whatever has a namespace and a name is a job or a dataset, and so a node of the graph.
        var identity = rules[number]
        identity.format = .identity
        number = rules.count
        rules.append(identity)
      }
      let isRequired = required.contains(property.name)
      rule.properties.append(
        .init(name: .init(property.name), rule: number, isRequired: isRequired))
      if isRequired { rule.required |= 1 << index }
    }
  }

  private func format(_ value: JSONValue) throws(JSONSchema.Flaw) -> JSONSchema.Format? {
    switch value.string {
    case "date-time": .dateTime
    case "uuid": .uuid
    // Spark writes "file" as the URI of a source. JSON Schema §7.2.1 takes that, and lineage loses
    // nothing by it.
    case "uri": nil
    case let other: throw .unknownFormat(other ?? "")
    }
  }

  private func strings(
    _ value: JSONValue, _ keyword: String
  ) throws(JSONSchema.Flaw) -> [String] {
    let texts = value.elements.compactMap(\.string)
    guard value.kind == .array, texts.count == value.elements.count else {
      throw .badValue(keyword: keyword)
    }
    return texts
  }
}
