import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// What lies upstream or downstream of something.
public struct LineageReach: Sendable {
  /// A thing that was reached.
  public struct Step: Sendable {
    /// What it is.
    public let node: LineagePicture.Node
    /// How many edges away, at the least.
    public let depth: Int
  }

  /// What was asked about.
  public let starts: [LineagePicture.Node]
  /// Nearest first; as many as were asked for.
  public let steps: [Step]
  /// How many things there are at each distance, from 1.
  public let counts: [Int]
  /// How many there are in all.
  public var count: Int { counts.reduce(0, +) }
  /// Whether nothing lies behind what was asked for.
  public let isComplete: Bool
  /// How many nodes were looked at.
  public let visited: Int
  /// How many of them were where it began: what is asked in two directions begins there twice.
  package let startCount: Int
  /// As of when, for people.
  public let moment: String
}

extension Lineage {
  /// Everything that lies upstream or downstream of some things.
  ///
  /// - Parameters:
  ///   - names: what to start from; see the help of `custody lineage`. All of one grain.
  ///   - direction: along which edges.
  ///   - depth: how many edges to follow; all when nil.
  ///   - grain: what the nodes are; the one that fits what was named by default.
  ///   - grouping: what each step is said to belong to; nothing when nil.
  ///   - limit: how many steps to describe; all when nil.
  /// - Throws: `notFound` with the nearest names; `usage` where a name is not clear.
  ///
  /// Cost: the graph is made of all that is known, some hundred milliseconds for a million uses;
  /// then each node and edge once.
  public func reach(
    from names: [String], _ direction: Direction, depth: Int? = nil, grain: Grain? = nil,
    grouping: Grouping? = nil, limit: Int? = nil
  ) throws -> LineageReach {
    try reach(
      from: names, [direction], depth: depth, grain: grain, grouping: grouping, limit: limit)[0]
  }

  /// The same in several directions, for the price of one graph.
  package func reach(
    from names: [String], _ directions: [Direction], depth: Int?, grain: Grain?,
    grouping: Grouping?, limit: Int?
  ) throws -> [LineageReach] {
    try query { query in
      let start = try query.start(names, grain)
      return try directions.map {
        try query.reach(
          start, $0, depth: depth, grouping: grouping, limit: limit, moment: momentText)
      }
    }
  }

  /// What lies upstream of each of some things, for the price of one graph; nothing for those that
  /// lineage does not know.
  package func upstream(
    ofEach names: some Sequence<String>, limit: Int
  ) throws -> [String: LineageReach] {
    try query { query in
      var found: [String: LineageReach] = [:]
      for name in names {
        do {
          found[name] = try query.reach(
            query.start([name], nil), .upstream, depth: nil, grouping: nil, limit: limit,
            moment: momentText)
        } catch let error as CustodyError where error.code == .notFound {}
      }
      return found
    }
  }

  /// Every dataset, job and model that is known, in the order of their kinds and names; other names
  /// of a dataset are facts of it.
  public func list() throws -> [LineagePicture.Node] {
    try query { query in
      var found: [LineagePicture.Node] = []
      let mentioned = try query.reader.mentioned()
      for kind in [LineageNameKind.dataset, .job, .model] {
        var rows: [LineageNameRow] = []
        let identities = try query.graphIdentities()
        try query.reader.forEachName(of: kind) { row in
          guard identities.leader(of: row.id) == row.id, mentioned?.contains(row.id) ?? true
          else { return }
          rows.append(row)
        }
        found += try rows.sorted { $0.name < $1.name }.map { row in
          var node = try query.describe(kind == .job ? .job(row.id) : .dataset(row.id))
          if kind == .model { node.kind = .model }
          for other in identities.names(of: row.id) where other != row.id {
            node.facts.append(("also", "\(try query.reader.name(other).name)"))
          }
          return node
        }
      }
      return found
    }
  }

  /// A shortest way from one thing to another, both included, against the flow of data if need be.
  ///
  /// - Returns: nil when there is none either way.
  public func path(
    from start: String, to end: String, grain: Grain? = nil
  ) throws -> (nodes: [LineagePicture.Node], isForward: Bool)? {
    try query { query in
      let ends = try query.start([start, end], grain)
      let graph = ends.graph
      for isForward in [true, false] {
        let (from, to) = isForward ? (ends.parts[0], ends.parts[1]) : (ends.parts[1], ends.parts[0])
        guard let way = graph.adjacency.path(from: from, to: to) else { continue }
        let nodes = try query.described(way, graph)
        return (nodes, isForward)
      }
      return nil
    }
  }
}

extension LineageQuery {
  /// Where to begin, in the graph of one grain.
  struct Start {
    let graph: LineageGraph
    /// The numbers of what each name stands for.
    let parts: [[Int32]]
    let nodes: [LineagePicture.Node]
  }

  func start(_ names: [String], _ wanted: Lineage.Grain?) throws -> Start {
    let finder = LineageFinder(query: self)
    let found = try names.map { try finder.find($0) }
    let grains = Set(found.map(\.grain))
    // Where one is a version or a run, the others are looked for among them.
    let grain =
      try wanted?.ofGraph
      ?? (grains.contains(.column) ? .column : grains.contains(.run) ? .run : .design)
    var start = try self.start(found, in: try graph(grain))
    // What no job's last run has to do with any more is among the runs still.
    if wanted == nil, grain == .design, start.parts.contains(where: \.isEmpty) {
      start = try self.start(found, in: try graph(.run))
    }
    return start
  }

  private func start(_ found: [LineageFinder.Found], in graph: LineageGraph) throws -> Start {
    Start(
      graph: graph,
      parts: try found.map { try $0.nodes.flatMap { try numbers(of: $0, in: graph) } },
      nodes: try found.flatMap { try $0.nodes.map { try describe($0) } })
  }

  /// The nodes of a graph that stand for something: of a dataset in the graph of runs, all its
  /// versions.
  func numbers(of node: LineageGraph.Node, in graph: LineageGraph) throws -> [Int32] {
    let alike = graph.numbers(alike: node)
    guard alike.isEmpty else { return alike }
    func numbers(where isMeant: (LineageGraph.Node) throws -> Bool) rethrows -> [Int32] {
      try graph.nodes.indices.filter { try isMeant(graph.nodes[$0]) }.map { Int32($0) }
    }
    switch (node, graph.grain) {
    case (.dataset(let id), .run):
      return numbers { if case .version(id, _) = $0 { true } else { false } }
    case (.job(let id, _), .run):
      let runs = Set(try reader.runs(ofJob: id).map(\.id))
      return numbers { if case .run(let run, _) = $0 { runs.contains(run) } else { false } }
    case (.dataset(let id), .column):
      return try numbers {
        guard case .column(let column) = $0 else { return false }
        let row = try reader.name(column)
        return try graphIdentities().leader(of: row.owner) == id
      }
    case (.version(let id, _), .design): return graph.numbers(alike: .dataset(id))
    case (.run(let id, _), .design):
      return try reader.run(id)?.job.map { graph.numbers(alike: .job($0)) } ?? []
    default: return []
    }
  }

  func reach(
    _ start: Start, _ direction: Lineage.Direction, depth: Int?,
    grouping: Lineage.Grouping?, limit: Int?, moment: String
  ) throws -> LineageReach {
    let found = start.graph.adjacency.reach(
      from: start.parts.flatMap { $0 }, direction.ofGraph, depth: depth)
    var seen: Set<LineageGraph.Node> = []
    for number in start.parts.joined() { seen.insert(start.graph.nodes[Int(number)].whole) }
    var steps: [LineageReach.Step] = []
    var counts: [Int] = []
    for (number, depth) in zip(found.nodes, found.depths) {
      let node = start.graph.nodes[Int(number)].whole
      // The parts of a run are one run.
      guard !start.graph.hasParts || seen.insert(node).inserted else { continue }
      while counts.count < Int(depth) { counts.append(0) }
      counts[Int(depth) - 1] += 1
      guard limit.map({ steps.count < $0 }) ?? true else { continue }
      var described = try describe(node, at: start.graph.times[Int(number)])
      described.group = try grouping.flatMap { try group(of: node, described, $0) }
      steps.append(.init(node: described, depth: Int(depth)))
    }
    return LineageReach(
      starts: start.nodes, steps: steps, counts: counts, isComplete: found.isComplete,
      visited: found.nodes.count + start.parts.joined().count,
      startCount: start.parts.joined().count, moment: moment)
  }

  func described(_ numbers: [Int32], _ graph: LineageGraph) throws -> [LineagePicture.Node] {
    try numbers.map { try describe(graph.nodes[Int($0)].whole, at: graph.times[Int($0)]) }
  }
}
