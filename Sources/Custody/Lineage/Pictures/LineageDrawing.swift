/// A picture laid out: boxes with what stands in them, and the ways of edges.
package struct LineageDrawing: Sendable {
  /// What a box stands for.
  package enum Subject: Sendable, Hashable {
    /// An index of ``LineagePicture/nodes``.
    case node(Int)
    /// An index of the picture's groups, folded.
    case group(Int)

    var isGroup: Bool {
      if case .group = self { true } else { false }
    }
  }

  /// A box and the text in it. Widths and places are pixels.
  package struct Box: Sendable {
    package let subject: Subject
    package let x, y, width, height: Int
    /// What stands in it, cut to fit.
    package let label, detail: String
    /// How wide that is at most, and how wide it may be.
    package let labelWidth, labelRoom, detailWidth, detailRoom: Int
  }

  /// An edge, or edges between the same two boxes: of one kind, where both are nodes.
  package struct Line: Sendable {
    /// Indices of ``LineageDrawing/boxes``.
    package let source, target: Int
    /// How it is drawn: edges of several kinds as plain as ``LineagePicture/EdgeKind/reads``.
    package let kind: LineagePicture.EdgeKind
    /// Indices of the picture's drawn edges.
    package let edges: [Int]
    package let route: LayeredLayout.Route
  }

  package let boxes: [Box]
  package let lines: [Line]
  package let width, height: Int

  static let labelSize = 13
  static let detailSize = 11
  /// Where text begins, and the widths a box may have.
  static let textStart = 44
  private static let textEnd = 14
  private static let signRoom = 24
  private static let boxWidths = 150...264

  /// The picture with every node.
  package init(_ picture: LineagePicture) {
    let edges = picture.drawnEdges
    self.init(
      picture, picture.groups, subjects: picture.nodes.indices.map { .node($0) },
      ends: edges.indices.map { (edges[$0].source, edges[$0].target) })
  }

  /// These subjects, with edges between them.
  ///
  /// - Parameter ends: of each drawn edge the indices of the two subjects, or nil where it is not
  ///   part of this drawing.
  /// - Parameter widths: of boxes; else what the subjects need.
  init(
    _ picture: LineagePicture, _ groups: [(name: String, members: [Int])], subjects: [Subject],
    ends: [(source: Int, target: Int)?], widths: Widths? = nil
  ) {
    let edges = picture.drawnEdges
    // Several edges of one kind between two boxes are drawn as one; of any kinds where a box is a group.
    var merged: [(source: Int, target: Int, kind: LineagePicture.EdgeKind, edges: [Int])] = []
    var places: [[Int]: Int] = [:]
    for (index, ends) in ends.enumerated() {
      guard let ends else { continue }
      let kind = edges[index].kind
      let isFolded = subjects[ends.source].isGroup || subjects[ends.target].isGroup
      let rank = LineagePicture.EdgeKind.allCases.firstIndex(of: kind) ?? 0
      let key = [ends.source, ends.target, isFolded ? -1 : rank]
      if let place = places[key] {
        merged[place].edges.append(index)
        if merged[place].kind != kind { merged[place].kind = .reads }
      } else {
        places[key] = merged.count
        merged.append((ends.source, ends.target, kind, [index]))
      }
    }
    let texts = subjects.map { Self.text(of: $0, picture, groups) }
    let widths = widths ?? Widths(subjects, picture, groups)
    let layout = LayeredLayout(
      widths: subjects.map(widths.of), edges: merged.map { ($0.source, $0.target) })
    boxes = subjects.indices.map { index in
      Self.box(
        subjects[index], texts[index], layout.corners[index], width: layout.widths[index],
        height: layout.metrics.boxHeight)
    }
    lines = merged.indices.map { index in
      Line(
        source: merged[index].source, target: merged[index].target, kind: merged[index].kind,
        edges: merged[index].edges, route: layout.routes[index])
    }
    width = layout.width
    height = layout.height
  }

  /// Boxes without lines.
  init(boxes: [Box]) {
    self.boxes = boxes
    lines = []
    width = 0
    height = 0
  }

  /// How wide boxes are: all nodes alike and all groups alike, so that columns are even.
  struct Widths {
    private let node, group: Int

    /// As wide as the texts of all these need, or as boxes may be.
    init(
      _ subjects: [Subject], _ picture: LineagePicture, _ groups: [(name: String, members: [Int])]
    ) {
      var (node, group) = (boxWidths.lowerBound, boxWidths.lowerBound)
      for subject in subjects {
        let text = text(of: subject, picture, groups)
        let wanted = max(
          LabelWidth.of(text.label, .bold, size: labelSize) + (text.hasSign ? signRoom : 0),
          LabelWidth.of(text.start + text.middle + text.end, .regular, size: detailSize))
        let width = min(boxWidths.upperBound, wanted + textStart + textEnd)
        switch subject {
        case .node: node = max(node, width)
        case .group: group = max(group, width)
        }
      }
      (self.node, self.group) = (node, group)
    }

    func of(_ subject: Subject) -> Int {
      switch subject {
      case .node: node
      case .group: group
      }
    }
  }

  /// The two lines of a box; of the second the middle is cut where it is too long.
  private typealias Text = (
    label: String, start: String, middle: String, end: String, hasSign: Bool
  )

  private static func text(
    of subject: Subject, _ picture: LineagePicture, _ groups: [(name: String, members: [Int])]
  ) -> Text {
    switch subject {
    case .node(let index):
      let node = picture.nodes[index]
      let version = node.version.map { " " + DrawnText.isolated($0) } ?? ""
      let state = node.state.map { " " + $0.text } ?? ""
      let time = node.writtenStart.map { " · " + $0 } ?? ""
      // There is room for one of both, and the state has a sign as well.
      let end =
        switch node.state {
        case .completed where !time.isEmpty: time
        case .erased, .partlyErased: state
        default: state + time
        }
      return (
        DrawnText.visible(node.label), node.kind.rawValue, version, end, node.state != nil
      )
    case .group(let index):
      let members = groups[index].members
      let kinds = LineagePicture.Kind.allCases.compactMap { kind -> String? in
        let count = members.count { picture.nodes[$0].kind == kind }
        return count == 0 ? nil : LineagePicture.count(count, kind.rawValue)
      }
      return (
        DrawnText.visible(groups[index].name), "", kinds.joined(separator: ", "), "", false
      )
    }
  }

  private static func box(
    _ subject: Subject, _ text: Text, _ corner: LayeredLayout.Point, width: Int, height: Int
  ) -> Box {
    let room = width - textStart - textEnd
    let labelRoom = room - (text.hasSign ? signRoom : 0)
    let label = LabelWidth.cut(text.label, .bold, size: labelSize, to: labelRoom)
    let whole = text.start + text.middle + text.end
    let rest = LabelWidth.of(text.start + text.end, .regular, size: detailSize)
    // Rather the version is cut than the time behind it.
    let middle =
      LabelWidth.of(whole, .regular, size: detailSize) <= room
      ? text.middle
      : LabelWidth.cut(text.middle, .regular, size: detailSize, to: max(0, room - rest - 1))
    let detail = LabelWidth.cut(
      text.start + middle + text.end, .regular, size: detailSize, to: room)
    return Box(
      subject: subject, x: corner.x, y: corner.y, width: width,
      height: height, label: label, detail: detail,
      labelWidth: LabelWidth.of(label, .bold, size: labelSize), labelRoom: labelRoom,
      detailWidth: LabelWidth.of(detail, .regular, size: detailSize), detailRoom: room)
  }
}

extension LayeredLayout.Route {
  /// The way as SVG has it: curves that leave and arrive level, and lines through columns.
  var path: String {
    guard points.count > 1 else { return "" }
    if isLoop {
      let (start, first, second, end) = (points[0], points[1], points[2], points[3])
      return
        "M\(start.x) \(start.y)C\(first.x) \(first.y) \(second.x) \(second.y) \(end.x) \(end.y)"
    }
    var path = "M\(points[0].x) \(points[0].y)"
    for (index, isCurve) in isCurve.enumerated() {
      let (from, to) = (points[index], points[index + 1])
      if isCurve {
        let middle = (from.x + to.x) / 2
        path += "C\(middle) \(from.y) \(middle) \(to.y) \(to.x) \(to.y)"
      } else if from != to {
        let isCorner = index + 1 < self.isCurve.count && !self.isCurve[index + 1]
        path += isCorner ? corner(from, to, points[index + 2]) : "L\(to.x) \(to.y)"
      }
    }
    return path
  }

  /// A line from `from` to `at`, and around the corner there on the way to `next`.
  private func corner(
    _ from: LayeredLayout.Point, _ at: LayeredLayout.Point, _ next: LayeredLayout.Point
  ) -> String {
    /// A place so far from the corner, but no farther than half way.
    func near(_ other: LayeredLayout.Point) -> (x: Int, y: Int) {
      let (x, y) = (other.x - at.x, other.y - at.y)
      let length = min(8, max(abs(x), abs(y)) / 2)
      return (at.x + x.signum() * length, at.y + y.signum() * length)
    }
    let (before, behind) = (near(from), near(next))
    return "L\(before.x) \(before.y)Q\(at.x) \(at.y) \(behind.x) \(behind.y)"
  }
}
