extension LineagePicture {
  /// The picture as a Mermaid flowchart, from left to right, with a subgraph for each group.
  ///
  /// Source: https://mermaid.js.org/syntax/flowchart.html. Cost: linear. Mermaid draws at most 500
  /// edges unless its `maxEdges` is raised.
  public var mermaid: String {
    var lines = ["---", "title: \(Self.mermaidTitle(title))", "---", "flowchart LR"]
    lines.append("  %% \(Self.mermaidEscaped(subtitle))")
    for (number, group) in groups.enumerated() {
      lines.append("  subgraph g\(number)[\"\(Self.mermaidEscaped(group.name))\"]")
      lines += group.members.map { "    " + mermaidStatement(of: $0) }
      lines.append("  end")
    }
    for index in nodes.indices where nodes[index].group == nil {
      lines.append("  " + mermaidStatement(of: index))
    }
    for edge in drawnEdges {
      let label = edge.label.map { "|\"\(Self.mermaidEscaped($0))\"|" } ?? ""
      lines.append("  n\(edge.source) \(edge.kind.mermaidArrow)\(label) n\(edge.target)")
    }
    for kind in Kind.allCases {
      let members = nodes.indices.filter { nodes[$0].kind == kind }
      guard !members.isEmpty else { continue }
      lines.append("  classDef \(kind.rawValue) \(kind.mermaidStyle)")
      lines.append("  class \(members.map { "n\($0)" }.joined(separator: ",")) \(kind.rawValue)")
    }
    let asked = Set(focus).intersection(nodes.indices).sorted()
    if !asked.isEmpty {
      lines.append("  classDef focus stroke-width:3px")
      lines.append("  class \(asked.map { "n\($0)" }.joined(separator: ",")) focus")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func mermaidStatement(of index: Int) -> String {
    let node = nodes[index]
    let text = "\(Self.mermaidEscaped(node.label))<br/>\(Self.mermaidEscaped(node.details))"
    let (open, close) = node.kind.mermaidShape
    return "n\(index)\(open)\"\(text)\"\(close)"
  }

  /// `text` with a code in place of everything that Mermaid, its Markdown or HTML may read.
  ///
  /// Letters, digits and spaces stay, and what joins two of them: `raw_orders`, `us-east/orders`.
  /// A code also for `:`, `%` and `.`: Mermaid looks for `style…:`, `%%{…}` and `www.` inside strings.
  /// Nothing becomes a space that does not break: an empty string is an error of syntax.
  private static func mermaidEscaped(_ text: String) -> String {
    guard !text.isEmpty else { return "#160;" }
    var out = String.UnicodeScalarView()
    let scalars = Array(DrawnText.visible(text).unicodeScalars)
    for (place, scalar) in scalars.enumerated() {
      let joins =
        (scalar == "_" || scalar == "-" || scalar == "/")
        && place > 0 && isWord(scalars[place - 1])
        && place + 1 < scalars.count && isWord(scalars[place + 1])
      if isWord(scalar) || scalar == " " || !scalar.isASCII || joins {
        out.append(scalar)
      } else {
        out += "#\(scalar.value);".unicodeScalars
      }
    }
    return String(out)
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
  }

  /// A title is a value of YAML, where a string between double quotes may hold what JSON's may.
  private static func mermaidTitle(_ text: String) -> String {
    let escaped = DrawnText.replacing(in: DrawnText.visible(text)) { scalar in
      scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : nil
    }
    return "\"\(escaped)\""
  }
}

extension LineagePicture.Kind {
  fileprivate var mermaidShape: (String, String) {
    switch self {
    case .dataset: ("[(", ")]")
    case .version: ("[", "]")
    case .column: ("[/", "/]")
    case .record: (">", "]")
    case .job: ("[[", "]]")
    case .run: ("([", "])")
    case .model: ("{{", "}}")
    }
  }

  fileprivate var mermaidStyle: String {
    switch self {
    case .dataset, .version: "fill:#e3eefb,stroke:#2f6db5,color:#14202b"
    case .column, .record: "fill:#e6f4ef,stroke:#2b7d63,color:#14202b"
    case .job, .run: "fill:#fdf0dc,stroke:#a8660c,color:#14202b"
    case .model: "fill:#efe8fa,stroke:#7350b5,color:#14202b"
    }
  }
}

extension LineagePicture.EdgeKind {
  fileprivate var mermaidArrow: String {
    switch self {
    case .reads, .writes: "-->"
    case .derives, .trains: "==>"
    case .indirect: "-.->"
    case .contains: "---"
    }
  }
}
