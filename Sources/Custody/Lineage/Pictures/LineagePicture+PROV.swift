import CustodyModel

extension LineagePicture {
  /// The picture as PROV-JSON (W3C Member Submission, 24 April 2013), which PROV's libraries read.
  ///
  /// Ids have the prefix `custody` and percent-encoded names; the names themselves are `prov:label` and
  /// attributes. Cost: linear.
  public var provJSON: String {
    let document = ProvDocument(self)
    var writer = JSONWriter()
    var prefixes = JSONWriter()
    prefixes.member(ProvDocument.prefix, ProvDocument.namespace)
    writer.member("prefix", json: prefixes.object)
    for type in ProvDocument.Class.allCases {
      let elements = document.elements.filter { $0.type == type }
      guard !elements.isEmpty else { continue }
      var object = JSONWriter()
      for element in elements {
        var members = JSONWriter()
        if let time = element.startTime { members.member("prov:startTime", time) }
        if let time = element.endTime { members.member("prov:endTime", time) }
        Self.write(element.attributes, to: &members)
        object.member(element.id, json: members.object)
      }
      writer.member(type.rawValue, json: object.object)
    }
    for relation in ProvDocument.Relation.allCases {
      let statements = document.statements.filter { $0.relation == relation }
      guard !statements.isEmpty else { continue }
      var object = JSONWriter()
      for (number, statement) in statements.enumerated() {
        var members = JSONWriter()
        for (name, end) in zip(relation.endNames, statement.ends) {
          if let end { members.member(name, end) }
        }
        if let time = statement.time { members.member("prov:time", time) }
        Self.write(statement.attributes, to: &members)
        object.member("_:\(relation.rawValue)\(number + 1)", json: members.object)
      }
      writer.member(relation.rawValue, json: object.object)
    }
    return writer.object
  }

  /// Attributes by name: what has several values gets an array.
  private static func write(
    _ attributes: [(name: String, value: ProvDocument.Value)], to writer: inout JSONWriter
  ) {
    var names: [String] = []
    var values: [String: [String]] = [:]
    for attribute in attributes {
      if values[attribute.name] == nil { names.append(attribute.name) }
      values[attribute.name, default: []].append(attribute.value.json)
    }
    for name in names {
      let all = values[name] ?? []
      writer.member(name, json: all.count == 1 ? all[0] : "[\(all.joined(separator: ","))]")
    }
  }

  /// The picture as PROV-N (W3C Recommendation, 30 April 2013), which people read.
  ///
  /// Cost: linear.
  public var provN: String {
    let document = ProvDocument(self)
    var lines = ["document", "  prefix \(ProvDocument.prefix) <\(ProvDocument.namespace)>", ""]
    for element in document.elements {
      var parts = [element.id]
      if element.type == .activity && (element.startTime != nil || element.endTime != nil) {
        parts += [element.startTime ?? "-", element.endTime ?? "-"]
      }
      let attributes = Self.notation(element.attributes)
      if let attributes { parts.append(attributes) }
      lines.append("  \(element.type.rawValue)(\(parts.joined(separator: ", ")))")
    }
    lines.append("")
    for statement in document.statements {
      var parts = statement.ends.map { $0 ?? "-" }
      if statement.relation.hasTime { parts.append(statement.time ?? "-") }
      // PROV-N §3.3.1: a derivation names activity, generation and usage, or none of the three.
      if let attributes = Self.notation(statement.attributes) { parts.append(attributes) }
      lines.append("  \(statement.relation.rawValue)(\(parts.joined(separator: ", ")))")
    }
    return (lines + ["endDocument", ""]).joined(separator: "\n")
  }

  private static func notation(
    _ attributes: [(name: String, value: ProvDocument.Value)]
  ) -> String? {
    guard !attributes.isEmpty else { return nil }
    return "[" + attributes.map { "\($0.name)=\($0.value.notation)" }.joined(separator: ", ") + "]"
  }
}

extension ProvDocument.Value {
  fileprivate var json: String {
    switch self {
    case .text(let text): return JSONWriter.quoted(text)
    case .name(let name):
      var writer = JSONWriter()
      writer.member("$", name)
      writer.member("type", "prov:QUALIFIED_NAME")
      return writer.object
    }
  }

  /// PROV-N §3.7.3: a string between `"` has ECHAR, `'\' [tbnrf\"']`; a name stands between `'`.
  fileprivate var notation: String {
    switch self {
    case .name(let name): return "'\(name)'"
    case .text(let text):
      let escaped = DrawnText.replacing(in: text) { scalar in
        switch scalar {
        case "\\": "\\\\"
        case "\"": "\\\""
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: nil
        }
      }
      return "\"\(escaped)\""
    }
  }
}

extension ProvDocument.Relation {
  /// What PROV-JSON calls the ends, in the order of PROV-N.
  fileprivate var endNames: [String] {
    switch self {
    case .used: ["prov:activity", "prov:entity"]
    case .wasGeneratedBy, .wasInvalidatedBy: ["prov:entity", "prov:activity"]
    case .wasDerivedFrom: ["prov:generatedEntity", "prov:usedEntity"]
    case .wasInformedBy: ["prov:informed", "prov:informant"]
    case .wasStartedBy: ["prov:activity", "prov:trigger", "prov:starter"]
    case .wasAttributedTo: ["prov:entity", "prov:agent"]
    case .wasAssociatedWith: ["prov:activity", "prov:agent", "prov:plan"]
    case .wasInfluencedBy: ["prov:influencee", "prov:influencer"]
    case .specializationOf: ["prov:specificEntity", "prov:generalEntity"]
    case .hadMember: ["prov:collection", "prov:entity"]
    }
  }

  fileprivate var hasTime: Bool {
    switch self {
    case .used, .wasGeneratedBy, .wasInvalidatedBy, .wasStartedBy: true
    default: false
    }
  }
}
