import CustodyLedger

extension LineageDrawing {
  /// The lines of the drawing, each with what it means as its title.
  func svgLines(_ picture: LineagePicture) -> String {
    let edges = picture.drawnEdges
    var out = ""
    for line in lines {
      let names = [boxes[line.source].label, boxes[line.target].label]
      let kinds = LineagePicture.EdgeKind.allCases.filter { kind in
        line.edges.contains { edges[$0].kind == kind }
      }
      var said = "\(names[0]) → \(names[1]): "
      said += kinds.map(\.rawValue).joined(separator: ", ")
      if line.edges.count > 1 { said += " (\(line.edges.count) edges)" }
      if line.route.isAgainst { said += ", against the flow" }
      if let edge = line.edges.first, line.edges.count == 1 {
        if let label = edges[edge].label { said += ", \(DrawnText.visible(label))" }
        if let time = edges[edge].time { said += ", \(time)" }
      }
      let against = line.route.isAgainst ? "against" : ""
      let arrow = line.route.isAgainst ? "arrow-against" : "arrow"
      let marker = line.kind == .contains ? "" : " marker-end=\"url(#\(arrow))\""
      out += """
        <path class="edge e-\(line.kind.rawValue)\(against.isEmpty ? "" : " ")\(against)" \
        d="\(line.route.path)"\(marker)><title>\(Markup.escaped(said))</title></path>\n
        """
    }
    return out
  }

  /// The boxes with what stands in them.
  ///
  /// - Parameter attributes: what else the element of a box has, by its index.
  func svgBoxes(
    _ picture: LineagePicture, _ groups: [(name: String, members: [Int])],
    attributes: (Int) -> String = { _ in "" }
  ) -> String {
    var out = ""
    for (index, box) in boxes.enumerated() {
      let (kind, classes, title) = description(of: box.subject, picture, groups)
      var sign = ""
      if case .node(let node) = box.subject, let state = picture.nodes[node].state {
        sign = """
          <use class="sign" href="#sign-\(state.rawValue)" x="\(box.width - 28)" y="9" \
          width="16" height="16"/>
          """
      }
      out += """
        <g class="\(classes)" transform="translate(\(box.x) \(box.y))"\(attributes(index))>\
        <title>\(Markup.escaped(title))</title>\(Self.outline(kind, box.width, box.height))\
        <use class="icon" href="#icon-\(kind)" x="15" y="14" width="20" height="20"/>\
        <g clip-path="url(#inside-\(box.width))"><text class="label" x="\(Self.textStart)" y="21">\
        \(Markup.escaped(box.label))</text><text class="detail" x="\(Self.textStart)" y="37">\
        \(Markup.escaped(box.detail))</text></g>\(sign)</g>\n
        """
    }
    return out
  }

  /// What no name may be drawn beyond, whatever font and marks it has.
  var svgClips: String {
    var clips = ""
    for width in Set(boxes.map(\.width)).sorted() {
      clips += """
        <clipPath id="inside-\(width)"><rect x="\(Self.textStart - 2)" y="2" \
        width="\(width - Self.textStart - 6)" height="44"/></clipPath>\n
        """
    }
    return clips
  }

  private func description(
    of subject: Subject, _ picture: LineagePicture, _ groups: [(name: String, members: [Int])]
  ) -> (kind: String, classes: String, title: String) {
    switch subject {
    case .node(let index):
      let node = picture.nodes[index]
      var classes = "node k-\(node.kind.rawValue)"
      if let state = node.state { classes += " s-\(state.rawValue)" }
      if picture.focus.contains(index) { classes += " focus" }
      return (node.kind.rawValue, classes, node.longText)
    case .group(let index):
      let size = LineagePicture.count(groups[index].members.count, "node")
      return ("group", "node k-group", "\(DrawnText.visible(groups[index].name))\n\(size), folded")
    }
  }

  /// The outline of a box says once more what it is: work is round, models have cut corners.
  private static func outline(_ kind: String, _ boxWidth: Int, _ height: Int) -> String {
    func rect(_ radius: Int, x: Int = 0, width: Int? = nil) -> String {
      """
      <rect class="box" x="\(x)" y="\(-x)" width="\(width ?? boxWidth)" height="\(height)" \
      rx="\(radius)"/>
      """
    }
    // The tile behind the icon has the same corners on its left.
    func tile(_ radius: Int) -> String {
      let low = height - 1 - radius
      return """
        <path class="tile" d="M\(textStart - 6) 1V\(height - 1)H\(1 + radius)Q1 \(height - 1) 1 \
        \(low)V\(1 + radius)Q1 1 \(1 + radius) 1Z"/>
        """
    }
    switch kind {
    case "job", "run": return rect(height / 2) + tile(height / 2 - 2)
    case "group":
      // Two cards, no wider together than any other box.
      return rect(6, x: 5, width: boxWidth - 5) + rect(6, width: boxWidth - 5) + tile(5)
    case "model":
      let (right, low) = (boxWidth, height)
      return """
        <path class="box" d="M10 0H\(right - 10)L\(right) 10V\(low - 10)L\(right - 10) \(low)H10L0 \
        \(low - 10)V10Z"/><path class="tile" d="M\(textStart - 6) 1V\(low - 1)H10.5L1 \(low - 11)V11\
        L10.5 1Z"/>
        """
    default: return rect(7) + tile(6)
    }
  }
}

extension LineagePicture.Node {
  /// Everything that a box has no room for.
  var longText: String {
    var lines = [DrawnText.visible(namespace.isEmpty ? name : "\(namespace) · \(name)")]
    lines.append(DrawnText.visible(details))
    if let id { lines.append("id \(DrawnText.visible(id))") }
    let began = kind == .run ? "began" : "at"
    if let startedAt {
      lines.append("\(began) \(startedAt)")
    } else if let naiveStart {
      lines.append("\(began) \(naiveStart.withoutZone), said without a time zone")
    }
    if let endedAt {
      lines.append("ended \(endedAt)")
    } else if let naiveEnd {
      lines.append("ended \(naiveEnd.withoutZone), said without a time zone")
    }
    if erasures.isEmpty, let invalidatedAt { lines.append("erased \(invalidatedAt)") }
    lines += erasures.map { "erased \($0.text)" }
    if let actor { lines.append("by \(DrawnText.visible(actor))") }
    if !owners.isEmpty {
      lines.append("owned by \(owners.map(DrawnText.visible).joined(separator: ", "))")
    }
    lines += facts.map { "\(DrawnText.visible($0.name)): \(DrawnText.visible($0.value))" }
    return lines.joined(separator: "\n")
  }
}

extension LineagePicture.Erasure {
  /// When, how much, and where the ledger says so.
  var text: String {
    "\(time): \(LineagePicture.count(records, "record")), position \(position.value)"
  }
}

extension Timestamp {
  /// A time as it came, whose zone nobody knows.
  package var withoutZone: String { String("\(self)".dropLast()) }
}
