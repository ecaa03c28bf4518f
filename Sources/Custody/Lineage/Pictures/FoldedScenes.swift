/// The drawings that a page changes between: groups folded into a box each, and unfolded.
struct FoldedScenes {
  /// One of the drawings.
  struct Scene {
    /// The group that is unfolded; nil where all are folded, or all unfolded.
    let group: Int?
    /// Whether every node has its own box.
    let isUnfolded: Bool
    let drawing: LineageDrawing
  }

  /// From this many nodes on, groups are folded at first.
  static let nodeCountMin = 60
  /// From this many groups on, an unfolded one is drawn with what it has edges to, and no more.
  static let groupCountMax = 40

  /// The first is what is seen first.
  private(set) var scenes: [Scene] = []
  let groups: [(name: String, members: [Int])]

  private let picture: LineagePicture
  private let widths: LineageDrawing.Widths
  private var inGroup: [Int?]

  init(_ picture: LineagePicture) {
    self.picture = picture
    groups = picture.groups
    inGroup = [Int?](repeating: nil, count: picture.nodes.count)
    for (index, group) in groups.enumerated() {
      for node in group.members { inGroup[node] = index }
    }
    // In every drawing boxes are as wide, so that the page only has to move them.
    widths = LineageDrawing.Widths(
      picture.nodes.indices.map { .node($0) } + groups.indices.map { .group($0) }, picture, groups)
    let foldedCount =
      groups.count + picture.nodes.count { $0.group == nil }
    if picture.nodes.count > Self.nodeCountMin && 2 * foldedCount <= picture.nodes.count {
      scenes.append(scene { _ in true })
      for group in groups.indices {
        let shown = groups.count > Self.groupCountMax ? neighbors(of: group) : nil
        scenes.append(scene(group, only: shown) { $0 != group })
      }
    }
    scenes.append(scene { _ in false })
  }

  /// Whether the first drawing has folded groups.
  var isFolded: Bool { scenes.count > 1 }

  /// The nodes of a group, and what has an edge to one of them.
  private func neighbors(of group: Int) -> Set<LineageDrawing.Subject> {
    let members = Set(groups[group].members)
    var shown = Set(members.map { LineageDrawing.Subject.node($0) })
    for edge in picture.drawnEdges {
      for (near, far) in [(edge.source, edge.target), (edge.target, edge.source)]
      where members.contains(near) && !members.contains(far) {
        shown.insert(inGroup[far].map { .group($0) } ?? .node(far))
      }
    }
    return shown
  }

  private func scene(
    _ group: Int? = nil, only shown: Set<LineageDrawing.Subject>? = nil, isFolded: (Int) -> Bool
  ) -> Scene {
    var subjects: [LineageDrawing.Subject] = []
    var place = [Int?](repeating: nil, count: picture.nodes.count)
    var placeOfGroup = [Int?](repeating: nil, count: groups.count)
    for node in picture.nodes.indices {
      let folded = inGroup[node].flatMap { isFolded($0) ? $0 : nil }
      let subject = folded.map { LineageDrawing.Subject.group($0) } ?? .node(node)
      guard shown?.contains(subject) ?? true else { continue }
      if let folded, let known = placeOfGroup[folded] {
        place[node] = known
      } else {
        place[node] = subjects.count
        if let folded { placeOfGroup[folded] = subjects.count }
        subjects.append(subject)
      }
    }
    let ends = picture.drawnEdges.map { edge -> (source: Int, target: Int)? in
      guard let source = place[edge.source], let target = place[edge.target] else { return nil }
      // What flows inside a folded group is not seen.
      if source == target, case .group = subjects[source] { return nil }
      return (source, target)
    }
    return Scene(
      group: group, isUnfolded: subjects.count == picture.nodes.count && group == nil,
      drawing: LineageDrawing(picture, groups, subjects: subjects, ends: ends, widths: widths))
  }
}
