import CustodyLedger
import CustodyModel
import CustodyProjections

extension Lineage {
  /// What nodes of a picture are folded into where it is large.
  public enum Grouping: String, Sendable, CaseIterable {
    /// The namespace of the name.
    case namespace
    /// The job that started the run, or runs of the job.
    case parent
  }

  /// Nodes that a picture has at most: more can neither be drawn nor looked at.
  public static let pictureSizeMax = 20_000

  /// A part of the graph, to draw or to hand to other tools.
  ///
  /// - Parameters:
  ///   - names: what to start from; everything that is known when empty.
  ///   - directions: which ways to follow.
  ///   - depth: how many edges to follow; all when nil.
  ///   - grain: what the nodes are; the one that fits what was named, else design.
  ///   - grouping: what nodes are folded into.
  /// - Throws: `notFound` with the nearest names; `usage` where a name is not clear, or for more than
  ///   ``pictureSizeMax`` nodes.
  public func picture(
    of names: [String] = [], _ directions: Set<Direction> = [.upstream, .downstream],
    depth: Int? = nil, grain: Grain? = nil, grouping: Grouping = .namespace
  ) throws -> LineagePicture {
    try query { query in
      var numbers: [Int32]
      var isComplete = true
      let graph: LineageGraph
      var focus: [Int32] = []
      if names.isEmpty {
        graph = try query.graph(try grain.map { try $0.ofGraph } ?? .design)
        numbers = graph.nodes.indices.map { Int32($0) }
      } else {
        let start = try query.start(names, grain)
        graph = start.graph
        focus = start.parts.flatMap { $0 }
        numbers = focus
        for direction in directions.sorted(by: { $0.rawValue < $1.rawValue }) {
          let found = graph.adjacency.reach(
            from: focus, direction.ofGraph, depth: depth)
          numbers += found.nodes
          isComplete = isComplete && found.isComplete
        }
      }
      let title = names.isEmpty ? "Lineage" : "Lineage of \(names.joined(separator: ", "))"
      var made = try PictureMaking(query, graph, grouping).picture(numbers, focus: focus)
      made.title = title
      made.moment = momentText
      made.isComplete = isComplete
      return made
    }
  }

  /// What a record was made of and fed, as a picture.
  ///
  /// - Parameters:
  ///   - key: its natural key.
  ///   - dataset: one of Custody's own.
  ///   - reference: the version whose record is meant.
  ///   - directions: which ways to follow.
  ///   - depth: how many edges to follow; all when nil.
  /// - Throws: `notFound` when the version has no such record.
  public func picture(
    ofRecord key: String, of dataset: String, at reference: String = "head",
    _ directions: Set<Direction> = [.upstream, .downstream], depth: Int? = nil
  ) throws -> LineagePicture {
    try query { query in
      let lineage = try RecordLineage(query)
      let starts = try query.start(record: key, of: dataset, reference, lineage, momentText)
      var nodes: [RecordLineage.Node] = starts.map { .record($0) }
      var numbers = Dictionary(nodes.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
      var edges: [LineagePicture.Edge] = []
      var isComplete = true
      func number(_ node: RecordLineage.Node) -> Int {
        if let known = numbers[node] { return known }
        numbers[node] = nodes.count
        nodes.append(node)
        return nodes.count - 1
      }
      for direction in directions.sorted(by: { $0.rawValue < $1.rawValue }) {
        let found = try lineage.reach(from: starts, direction, depth: depth)
        isComplete = isComplete && found.isComplete && found.unsaid.isEmpty
        for edge in found.edges {
          let (source, target) = (number(edge.source), number(edge.target))
          var kind = LineagePicture.EdgeKind.writes
          if case .record = edge.source { kind = .reads }
          if case .model = edge.target { kind = .trains }
          edges.append(.init(source: source, target: target, kind: kind))
        }
      }
      return LineagePicture(
        title: "Lineage of \(dataset) \(key)", moment: momentText,
        nodes: try nodes.map { try query.describe($0, lineage) }, edges: edges,
        focus: Array(starts.indices), isComplete: isComplete)
    }
  }
}

/// Makes a picture of some nodes of a graph, and the edges between them.
private struct PictureMaking {
  private let query: LineageQuery
  private let graph: LineageGraph
  private let grouping: Lineage.Grouping

  init(_ query: LineageQuery, _ graph: LineageGraph, _ grouping: Lineage.Grouping) {
    self.query = query
    self.graph = graph
    self.grouping = grouping
  }

  func picture(_ numbers: [Int32], focus: [Int32]) throws -> LineagePicture {
    guard numbers.count <= Lineage.pictureSizeMax else {
      throw CustodyError(
        .usage,
        "\(numbers.count) nodes are too many for a picture; the most is \(Lineage.pictureSizeMax). "
          + "Name a NODE, and --depth.")
    }
    // The parts of a run are drawn as one.
    var places: [LineageGraph.Node: Int] = [:]
    var nodes: [LineagePicture.Node] = []
    func place(_ number: Int32) throws -> Int {
      let node = graph.nodes[Int(number)].whole
      if let known = places[node] { return known }
      var made = try query.describe(node, at: graph.times[Int(number)])
      made.group = try query.group(of: node, made, grouping)
      places[node] = nodes.count
      nodes.append(made)
      return nodes.count - 1
    }
    for number in numbers { _ = try place(number) }
    let chosen = Set(numbers)
    var seen: Set<[Int]> = []
    var edges: [LineagePicture.Edge] = []
    for edge in graph.edges where chosen.contains(edge.source) && chosen.contains(edge.target) {
      let (source, target) = (try place(edge.source), try place(edge.target))
      let manner = graph.manner(from: edge.source, to: edge.target)
      let kind =
        manner?.isIndirect == true
        ? .indirect : Self.kind(graph.nodes[Int(edge.source)], graph.nodes[Int(edge.target)])
      guard seen.insert([source, target]).inserted else { continue }
      let time = edge.time == .max || edge.time == .min ? nil : Timestamp(microseconds: edge.time)
      edges.append(
        .init(
          source: source, target: target, kind: kind, time: time,
          label: manner?.isMasked == true ? "masked" : nil))
    }
    return LineagePicture(
      title: "", nodes: nodes, edges: edges,
      focus: Array(Set(try focus.map(place))).sorted(), visited: numbers.count)
  }

  private static func kind(
    _ source: LineageGraph.Node, _ target: LineageGraph.Node
  ) -> LineagePicture.EdgeKind {
    switch (source, target) {
    case (_, .model): .trains
    case (.run, .version), (.job, .dataset): .writes
    case (.version, .run), (.dataset, .job): .reads
    default: .derives
    }
  }
}
