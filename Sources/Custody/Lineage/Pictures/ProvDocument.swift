import CustodyLedger

/// A picture in the words of PROV-DM (W3C Recommendation, 30 April 2013).
///
/// Datasets, versions, columns, records and models are entities, runs are activities, owners and those
/// who acted are agents. A job that contains runs is the plan of their associations; a job that reads or
/// writes itself, as it does where no single runs are shown, is an activity too, under another
/// name: PROV-CONSTRAINTS §6.2 allows nothing to be both an entity and an activity.
struct ProvDocument {
  /// What is declared once, and related to others.
  enum Class: String, CaseIterable { case entity, activity, agent }

  /// A relation of PROV-DM, with the names of its ends in the order of PROV-N.
  enum Relation: String, CaseIterable {
    case used, wasGeneratedBy, wasDerivedFrom, wasInformedBy, wasInvalidatedBy, wasStartedBy
    case wasAttributedTo, wasAssociatedWith, wasInfluencedBy, specializationOf, hadMember
  }

  struct Element {
    let type: Class
    let id: String
    var startTime: String?
    var endTime: String?
    var attributes: [(name: String, value: Value)] = []
  }

  struct Statement {
    let relation: Relation
    /// What stands in each place of the relation, or nil where nobody knows it.
    let ends: [String?]
    var time: String?
    var attributes: [(name: String, value: Value)] = []
  }

  /// A value of an attribute.
  enum Value {
    /// Text that every notation of PROV can have, so that a document can be turned from one into
    /// another: what XML 1.0 has no way to write is U+FFFD.
    case text(String)
    /// A name with a prefix.
    case name(String)

    fileprivate init(_ text: String) {
      self = .text(
        DrawnText.replacing(in: text) { scalar in
          switch scalar {
          case "\t", "\n", "\r": nil
          case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": "\u{FFFD}"
          default: nil
          }
        })
    }
  }

  static let prefix = "custody"
  /// Names of ours have no address where anything could be found.
  static let namespace = "urn:custody:lineage:"

  private(set) var elements: [Element] = []
  private(set) var statements: [Statement] = []
  private var known: Set<String> = []
  private let picture: LineagePicture

  init(_ picture: LineagePicture) {
    self.picture = picture
    let edges = picture.drawnEdges
    var works = Set<Int>()
    var contains = Set<Int>()
    for edge in edges {
      if edge.kind == .contains {
        contains.insert(edge.source)
      } else {
        works.formUnion([edge.source, edge.target])
      }
    }
    for (index, node) in picture.nodes.enumerated() {
      switch node.kind {
      case .run: add(activity: node)
      case .job:
        if works.contains(index) { add(activity: node) }
        if !works.contains(index) || contains.contains(index) { add(entity: node) }
      default: add(entity: node)
      }
    }
    for (index, node) in picture.nodes.enumerated() {
      addAgents(of: node, works: works.contains(index))
      addTimes(of: node, index, edges)
    }
    for edge in edges { add(edge) }
    addPlans(edges)
  }

  // MARK: - Names

  /// A local name from what is unique about a node, percent-encoded.
  ///
  /// PROV-N §3.7.1: PN_LOCAL has letters, digits, `_`, `-` and PERCENT, `'%' HEX HEX`.
  private static func name(_ kind: String, _ parts: [String]) -> String {
    let encoded = parts.map { part in
      part.utf8.map { byte in
        isUnreserved(byte)
          ? String(UnicodeScalar(byte)) : "%" + Hex.encode([byte]).uppercased()
      }.joined()
    }
    return "\(prefix):\(kind)." + encoded.joined(separator: ".")
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func id(_ node: LineagePicture.Node, _ kind: String? = nil) -> String {
    let kind = kind ?? node.kind.rawValue
    if node.kind == .run, let id = node.id { return name(kind, [id]) }
    let versions = [node.version ?? "", node.id ?? ""]
    let used = versions.lastIndex { !$0.isEmpty }.map { Array(versions[...$0]) } ?? []
    return name(kind, [node.namespace, node.name] + used)
  }

  private static func activityID(_ node: LineagePicture.Node) -> String { id(node) }

  private static func entityID(_ node: LineagePicture.Node) -> String {
    node.kind == .job ? id(node, "plan") : id(node)
  }

  // MARK: - Elements

  private mutating func add(_ element: Element) {
    // Two nodes of one name are the same thing, which is declared once.
    guard known.insert(element.id).inserted else { return }
    elements.append(element)
  }

  private mutating func add(entity node: LineagePicture.Node) {
    var types = ["\(Self.prefix):\(node.kind.rawValue)"]
    if node.kind == .job { types.append("prov:Plan") }
    if node.kind == .dataset || node.kind == .version { types.append("prov:Collection") }
    add(
      Element(
        type: .entity, id: Self.entityID(node),
        attributes: types.map { ("prov:type", .name($0)) } + Self.attributes(node)))
  }

  private mutating func add(activity node: LineagePicture.Node) {
    add(
      Element(
        type: .activity, id: Self.activityID(node), startTime: Self.time(node.startedAt),
        endTime: Self.time(node.endedAt),
        attributes: [("prov:type", .name("\(Self.prefix):\(node.kind.rawValue)"))]
          + Self.attributes(node)))
  }

  private static func attributes(
    _ node: LineagePicture.Node
  ) -> [(name: String, value: Value)] {
    var attributes: [(name: String, value: Value)] = [("prov:label", .init(node.label))]
    let values: [(name: String, value: String?)] = [
      ("namespace", node.namespace.isEmpty ? nil : node.namespace), ("name", node.name),
      ("version", node.version), ("id", node.id), ("state", node.state?.rawValue),
      ("group", node.group),
    ]
    for (name, value) in values {
      if let value { attributes.append(("\(prefix):\(name)", .init(value))) }
    }
    for fact in node.facts {
      // The name of an attribute is the name of an element in PROV-XML: what cannot be one is said in
      // the value.
      let isName =
        !fact.name.isEmpty
        && fact.name.utf8.allSatisfy { byte in
          isUnreserved(byte)
        }
      attributes.append(
        isName
          ? ("\(prefix):fact.\(fact.name)", .init(fact.value))
          : ("\(prefix):fact", .init("\(fact.name): \(fact.value)")))
    }
    return attributes
  }

  /// RFC 3339, which xsd:dateTime has too; nil for years that neither has four digits for.
  private static func time(_ time: Timestamp?) -> String? {
    guard let text = time?.description, Timestamp(text) != nil else { return nil }
    return text
  }

  // MARK: - Relations

  private mutating func addAgents(of node: LineagePicture.Node, works: Bool) {
    let isActivity = node.kind == .run || (node.kind == .job && works)
    for (name, role) in node.owners.map({ ($0, "owner") })
      + (node.actor.map { [($0, "actor")] } ?? [])
    {
      let agent = Self.name("agent", [name])
      add(Element(type: .agent, id: agent, attributes: [("prov:label", .init(name))]))
      // Of what a run does somebody is the actor; its plan is added with it.
      guard !(isActivity && role == "actor") else { continue }
      let id = isActivity ? Self.activityID(node) : Self.entityID(node)
      let ends = isActivity ? [id, agent, nil] : [id, agent]
      statements.append(
        Statement(
          relation: isActivity ? .wasAssociatedWith : .wasAttributedTo, ends: ends,
          attributes: [(isActivity ? "prov:role" : "\(Self.prefix):role", .init(role))]))
    }
  }

  /// When an entity came to be, where no run is shown that wrote it, and when it was erased.
  private mutating func addTimes(
    of node: LineagePicture.Node, _ index: Int, _ edges: [LineagePicture.Edge]
  ) {
    guard node.kind != .run && node.kind != .job else { return }
    let isWritten = edges.contains { edge in
      edge.target == index && edge.kind != .contains
        && [.run, .job].contains(picture.nodes[edge.source].kind)
    }
    if let time = Self.time(node.startedAt), !isWritten {
      statements.append(
        Statement(relation: .wasGeneratedBy, ends: [Self.entityID(node), nil], time: time))
    }
    guard node.erasures.isEmpty else { return addErasures(of: node) }
    if node.invalidatedAt != nil || node.state == .erased {
      statements.append(
        Statement(
          relation: .wasInvalidatedBy, ends: [Self.entityID(node), nil],
          time: Self.time(node.invalidatedAt),
          attributes: [("prov:type", .name("\(Self.prefix):erasure"))]))
    }
  }

  /// Each erasure is an activity. The first ends the entity as it was; PROV-CONSTRAINTS
  /// (invalidation-invalidation-ordering) has all invalidations of one entity at the same moment, so
  /// that later ones only influence it.
  private mutating func addErasures(of node: LineagePicture.Node) {
    for (index, erasure) in node.erasures.enumerated() {
      let id = "\(Self.prefix):erasure.\(erasure.position.value)"
      let time = Self.time(erasure.time)
      var attributes: [(name: String, value: Value)] = [
        ("prov:type", .name("\(Self.prefix):erasure")),
        ("prov:label", .init("keys destroyed at position \(erasure.position.value)")),
      ]
      let values = [
        ("position", "\(erasure.position.value)"), ("reason", erasure.reason),
        ("request", erasure.request.map { "\($0.value)" }),
      ]
      for (name, value) in values {
        if let value { attributes.append(("\(Self.prefix):\(name)", .init(value))) }
      }
      add(
        Element(type: .activity, id: id, startTime: time, endTime: time, attributes: attributes))
      let count: [(name: String, value: Value)] = [
        ("\(Self.prefix):records", .init("\(erasure.records)"))
      ]
      if index == 0 {
        statements.append(
          Statement(
            relation: .wasInvalidatedBy, ends: [Self.entityID(node), id], time: time,
            attributes: [("prov:type", .name("\(Self.prefix):erasure"))] + count))
      } else {
        statements.append(
          Statement(
            relation: .wasInfluencedBy, ends: [Self.entityID(node), id],
            attributes: count + Self.timeAttribute(time)))
      }
    }
  }

  /// What an edge says, by what stands at its ends.
  private mutating func add(_ edge: LineagePicture.Edge) {
    let (source, target) = (picture.nodes[edge.source], picture.nodes[edge.target])
    let isWork = { (node: LineagePicture.Node) in node.kind == .run || node.kind == .job }
    var attributes: [(name: String, value: Value)] = [
      ("\(Self.prefix):edge", .init(edge.kind.rawValue))
    ]
    if let label = edge.label { attributes.append(("\(Self.prefix):label", .init(label))) }
    guard edge.kind != .contains else { return addPart(source, target, attributes) }
    let time = Self.time(edge.time)
    switch (isWork(source), isWork(target)) {
    case (false, true):
      if edge.kind == .trains { attributes.append(("prov:role", .init("training data"))) }
      statements.append(
        Statement(
          relation: .used, ends: [Self.activityID(target), Self.entityID(source)], time: time,
          attributes: attributes))
    case (true, false):
      statements.append(
        Statement(
          relation: .wasGeneratedBy, ends: [Self.entityID(target), Self.activityID(source)],
          time: time ?? Self.time(target.startedAt), attributes: attributes))
    case (true, true):
      statements.append(
        Statement(
          relation: .wasInformedBy, ends: [Self.activityID(target), Self.activityID(source)],
          attributes: attributes + Self.timeAttribute(time)))
    case (false, false):
      // PROV-DM §5.2.1: a derivation transforms one entity into another, or makes it from one. What
      // only decides which records are there has an influence (§5.2.5) and no more.
      let ends = [Self.entityID(target), Self.entityID(source)]
      statements.append(
        Statement(
          relation: edge.kind == .indirect ? .wasInfluencedBy : .wasDerivedFrom, ends: ends,
          attributes: attributes + Self.timeAttribute(time)))
    }
  }

  private static func timeAttribute(_ time: String?) -> [(name: String, value: Value)] {
    time.map { [("\(prefix):time", .init($0))] } ?? []
  }

  /// A version is a special case of its dataset; columns, records and models are members.
  private mutating func addPart(
    _ whole: LineagePicture.Node, _ part: LineagePicture.Node,
    _ attributes: [(name: String, value: Value)]
  ) {
    switch (whole.kind, part.kind) {
    case (.job, .run): break  // The plan of an association.
    case (.dataset, .version):
      statements.append(
        Statement(relation: .specializationOf, ends: [Self.entityID(part), Self.entityID(whole)]))
    case (.run, .run):
      statements.append(
        Statement(
          relation: .wasStartedBy, ends: [Self.activityID(part), nil, Self.activityID(whole)],
          time: Self.time(part.startedAt), attributes: attributes))
    case (.dataset, _) where part.kind != .run && part.kind != .job,
      (.version, _) where part.kind != .run && part.kind != .job:
      statements.append(
        Statement(relation: .hadMember, ends: [Self.entityID(whole), Self.entityID(part)]))
    default:
      statements.append(
        Statement(
          relation: .wasInfluencedBy, ends: [anyID(part), anyID(whole)], attributes: attributes))
    }
  }

  /// The name under which a node is declared, as an activity or else as an entity.
  private func anyID(_ node: LineagePicture.Node) -> String {
    guard node.kind == .job || node.kind == .run else { return Self.entityID(node) }
    return known.contains(Self.activityID(node)) ? Self.activityID(node) : Self.entityID(node)
  }

  /// Who ran a run, by which plan.
  private mutating func addPlans(_ edges: [LineagePicture.Edge]) {
    var plans = [String?](repeating: nil, count: picture.nodes.count)
    for edge in edges where edge.kind == .contains && picture.nodes[edge.target].kind == .run {
      let job = picture.nodes[edge.source]
      if job.kind == .job { plans[edge.target] = Self.entityID(job) }
    }
    for (index, node) in picture.nodes.enumerated() {
      guard known.contains(Self.activityID(node)), node.kind == .run || node.kind == .job else {
        continue
      }
      guard node.actor != nil || plans[index] != nil else { continue }
      let agent = node.actor.map { Self.name("agent", [$0]) }
      statements.append(
        Statement(
          relation: .wasAssociatedWith, ends: [Self.activityID(node), agent, plans[index]],
          attributes: node.actor == nil ? [] : [("prov:role", .init("actor"))]))
    }
  }
}
