import CustodyLedger
import CustodyProjections

/// The graph of one grain in memory, for programs that ask it often.
///
/// It stays as it is while the ledger goes on; make another to see what came since. A million edges
/// take about 100 MB.
public struct LineageSnapshot: Sendable {
  let graph: LineageGraph

  /// How many jobs and datasets, runs and versions, or columns there are.
  public var nodeCount: Int { graph.adjacency.nodeCount }
  /// How many edges there are between them.
  public var edgeCount: Int { graph.adjacency.edgeCount }

  /// What can be reached, by the numbers that nodes have in this snapshot.
  public struct Reach: Sendable {
    /// Nearest first, without those it started from.
    public let nodes: [Int32]
    /// How many edges away each is, at the least.
    public let depths: [Int32]
    /// Whether there is nothing behind what was asked for.
    public let isComplete: Bool
  }

  /// Everything that lies upstream or downstream.
  ///
  /// - Parameters:
  ///   - nodes: numbers of this snapshot, from ``Lineage/numbers(of:in:)``.
  ///   - direction: along which edges.
  ///   - depth: how many edges to follow; all when nil.
  ///   - time: follow only edges that had come to be by then, by the events' own times.
  ///
  /// Cost: each node and edge that is reached, once; 400,000 nodes take some ten milliseconds.
  public func reach(
    from nodes: [Int32], _ direction: Lineage.Direction, depth: Int? = nil,
    when time: Timestamp? = nil
  ) -> Reach {
    let found = graph.adjacency.reach(
      from: nodes.filter { graph.nodes.indices.contains(Int($0)) },
      direction.ofGraph, depth: depth,
      at: Adjacency.Moment(time: time?.microseconds ?? .max))
    return Reach(nodes: found.nodes, depths: found.depths, isComplete: found.isComplete)
  }
}

extension Lineage {
  /// The graph of one grain, to ask it often.
  ///
  /// - Parameter grain: design, run or column.
  /// - Throws: `usage` for records, of which there is no graph in memory.
  ///
  /// Cost: a pass over all uses; a million take about a second.
  public func snapshot(_ grain: Grain) throws -> LineageSnapshot {
    guard let grain = LineageGraph.Grain(rawValue: grain.rawValue) else {
      throw CustodyError(.usage, "Records have no graph in memory: ask for each by itself.")
    }
    return LineageSnapshot(graph: try query { try $0.graph(grain) })
  }

  /// The numbers that something has in a snapshot; none when it is not in it.
  ///
  /// - Throws: `notFound` with the nearest names; `usage` where a name is not clear.
  public func numbers(of name: String, in snapshot: LineageSnapshot) throws -> [Int32] {
    try query { query in
      let found = try LineageFinder(query: query).find(name)
      return try found.nodes.flatMap { try query.numbers(of: $0, in: snapshot.graph) }
    }
  }

  /// What nodes of a snapshot are.
  public func describe(
    _ nodes: some Sequence<Int32>, in snapshot: LineageSnapshot
  ) throws -> [LineagePicture.Node] {
    try query { try $0.described(Array(nodes), snapshot.graph) }
  }
}
