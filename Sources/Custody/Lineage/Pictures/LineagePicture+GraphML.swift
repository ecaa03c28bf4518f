extension LineagePicture {
  /// The picture as GraphML, which graph editors and libraries read.
  ///
  /// Source: http://graphml.graphdrawing.org/primer/graphml-primer.html. Every attribute of nodes and
  /// edges is data with a key of its own; times are RFC 3339. Characters that XML 1.0 cannot have
  /// become U+FFFD. Cost: linear.
  public var graphML: String {
    let factNames = self.factNames
    var lines = [
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\""
        + " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
        + " xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns"
        + " http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">",
    ]
    for name in ["title", "moment"] { lines.append(Self.key(name, "graph", name)) }
    lines.append(Self.key("isComplete", "graph", "isComplete", type: "boolean"))
    for name in [
      "kind", "namespace", "name", "label", "version", "id", "state", "startedAt", "endedAt",
      "invalidatedAt", "owners", "actor", "group",
    ] {
      lines.append(Self.key("node-\(name)", "node", name))
    }
    lines.append(Self.key("node-focus", "node", "focus", type: "boolean"))
    for (number, name) in factNames.enumerated() {
      lines.append(Self.key("fact-\(number)", "node", "fact: \(name)"))
    }
    for name in ["kind", "time", "label"] { lines.append(Self.key("edge-\(name)", "edge", name)) }

    lines.append("  <graph id=\"lineage\" edgedefault=\"directed\">")
    lines.append("    " + Self.datum("title", title) + Self.datum("moment", moment))
    lines.append("    " + Self.datum("isComplete", "\(isComplete)"))
    let focus = Set(focus)
    for (index, node) in nodes.enumerated() {
      let facts = factNames.enumerated().map { number, name in
        let values = node.facts.filter { $0.name.utf8.elementsEqual(name.utf8) }.map(\.value)
        return values.isEmpty ? "" : Self.datum("fact-\(number)", values.joined(separator: "\n"))
      }
      lines.append(
        "    <node id=\"n\(index)\">" + Self.data(of: node)
          + (focus.contains(index) ? Self.datum("node-focus", "true") : "") + facts.joined()
          + "</node>")
    }
    for (index, edge) in drawnEdges.enumerated() {
      lines.append(
        "    <edge id=\"e\(index)\" source=\"n\(edge.source)\" target=\"n\(edge.target)\">"
          + Self.datum("edge-kind", edge.kind.rawValue)
          + Self.datum("edge-time", edge.time?.description)
          + Self.datum("edge-label", edge.label)
          + "</edge>")
    }
    return (lines + ["  </graph>", "</graphml>", ""]).joined(separator: "\n")
  }

  /// The names of facts in the order in which they first occur.
  private var factNames: [String] {
    var seen: Set<[UInt8]> = []
    return nodes.flatMap(\.facts).map(\.name).filter { seen.insert(Array($0.utf8)).inserted }
  }

  private static func key(
    _ id: String, _ domain: String, _ name: String, type: String = "string"
  ) -> String {
    "  <key id=\"\(id)\" for=\"\(domain)\" attr.name=\"\(Markup.escaped(name))\""
      + " attr.type=\"\(type)\"/>"
  }

  private static func data(of node: Node) -> String {
    let values: [(name: String, value: String?)] = [
      ("kind", node.kind.rawValue), ("namespace", node.namespace.isEmpty ? nil : node.namespace),
      ("name", node.name), ("label", node.label), ("version", node.version), ("id", node.id),
      ("state", node.state?.rawValue), ("startedAt", node.startedAt?.description),
      ("endedAt", node.endedAt?.description),
      ("invalidatedAt", node.invalidatedAt?.description),
      ("owners", node.owners.isEmpty ? nil : node.owners.joined(separator: "\n")),
      ("actor", node.actor), ("group", node.group),
    ]
    return values.map { datum("node-\($0.name)", $0.value) }.joined()
  }

  private static func datum(_ key: String, _ value: String?) -> String {
    value.map { "<data key=\"\(key)\">\(Markup.escaped($0))</data>" } ?? ""
  }
}
