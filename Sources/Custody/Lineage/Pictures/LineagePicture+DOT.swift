extension LineagePicture {
  /// The picture in the language of Graphviz, from left to right, with a cluster for each group.
  ///
  /// Source: https://graphviz.org/doc/info/lang.html. Names stand in quoted strings only; ids are
  /// ours. Cost: linear.
  public var dot: String {
    var lines = [
      "digraph lineage {",
      "  graph [rankdir=LR, newrank=true, charset=\"UTF-8\", fontname=\"Helvetica\", fontsize=14, labelloc=t,",
      "    label=\(Self.dotQuoted(titleLines)), nodesep=0.25, ranksep=0.7];",
      "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11,",
      "    fillcolor=\"#ffffff\", color=\"#5b6770\", margin=\"0.15,0.07\"];",
      "  edge [color=\"#5b6770\", fontname=\"Helvetica\", fontsize=9, arrowsize=0.7];",
    ]
    for (number, group) in groups.enumerated() {
      lines.append("  subgraph cluster_\(number) {")
      lines.append("    label=\(Self.dotQuoted([group.name])); style=\"rounded\";")
      lines.append("    color=\"#9aa5ae\"; fontcolor=\"#3d4850\";")
      lines += group.members.map { "    " + dotStatement(of: $0) }
      lines.append("  }")
    }
    for index in nodes.indices where nodes[index].group == nil {
      lines.append("  " + dotStatement(of: index))
    }
    for edge in drawnEdges {
      var attributes = ["tooltip=\(Self.dotQuoted([edge.kind.rawValue]))"] + edge.kind.dotStyle
      if let label = edge.label { attributes.append("label=\(Self.dotQuoted([label]))") }
      lines.append(
        "  n\(edge.source) -> n\(edge.target) [\(attributes.joined(separator: ", "))];")
    }
    return (lines + ["}", ""]).joined(separator: "\n")
  }

  /// What stands above a drawing.
  var titleLines: [String] { [title, subtitle] }

  /// As of when, how much, and whether that is all.
  var subtitle: String {
    let size = "\(Self.count(nodes.count, "node")), \(Self.count(drawnEdges.count, "edge"))"
    let looked = Self.count(visited, "node")
    let rest = isComplete ? "complete" : "not complete: \(looked) looked at, more beyond"
    return "as of \(moment) · \(size) · \(rest)"
  }

  static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  private func dotStatement(of index: Int) -> String {
    let node = nodes[index]
    var attributes = [
      "label=\(Self.dotQuoted([node.label, node.details].map(Self.dotCut)))",
      "tooltip=\(Self.dotQuoted([node.namespace, node.name].filter { !$0.isEmpty }))",
    ]
    attributes += node.kind.dotStyle
    if node.state == .erased || node.state == .partlyErased {
      attributes.append("fontcolor=\"#6b7680\"")
    }
    if node.state == .failed || node.state == .aborted { attributes.append("color=\"#b3261e\"") }
    if focus.contains(index) { attributes.append("penwidth=2.5") }
    return "n\(index) [\(attributes.joined(separator: ", "))];"
  }

  /// Graphviz makes boxes as wide as their longest line; the whole name is the tooltip.
  private static func dotCut(_ line: String) -> String {
    LabelWidth.cut(DrawnText.visible(line), .regular, size: 11, to: 360)
  }

  /// Lines as one quoted string.
  ///
  /// In it only `"` needs a backslash, but labels go on to be read as escString, where `\N` stands
  /// for the node's name and `\\` for a backslash, and entities such as `&amp;` are replaced.
  private static func dotQuoted(_ lines: [String]) -> String {
    let escaped = lines.map { line in
      DrawnText.replacing(in: DrawnText.visible(line)) { scalar in
        switch scalar {
        case "&": "&amp;"
        case "\\": "\\\\"
        case "\"": "\\\""
        default: nil
        }
      }
    }
    return "\"" + escaped.joined(separator: "\\n") + "\""
  }
}

extension LineagePicture.Kind {
  fileprivate var dotStyle: [String] {
    switch self {
    case .dataset: ["shape=cylinder", "fillcolor=\"#e3eefb\""]
    case .version: ["shape=note", "fillcolor=\"#e3eefb\""]
    case .column: ["shape=rect", "style=filled", "fillcolor=\"#e6f4ef\""]
    case .record: ["shape=tab", "fillcolor=\"#e6f4ef\""]
    case .job: ["shape=component", "fillcolor=\"#fdf0dc\""]
    case .run: ["shape=ellipse", "fillcolor=\"#fdf0dc\""]
    case .model: ["shape=octagon", "fillcolor=\"#efe8fa\""]
    }
  }
}

extension LineagePicture.EdgeKind {
  fileprivate var dotStyle: [String] {
    switch self {
    case .reads, .writes: []
    case .derives: ["penwidth=1.6"]
    case .indirect: ["style=dashed"]
    case .trains: ["penwidth=1.6", "arrowhead=diamond"]
    case .contains: ["style=dotted", "arrowhead=none"]
    }
  }
}
