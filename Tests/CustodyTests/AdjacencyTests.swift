import CustodyProjections
import CustodyTesting
import Foundation
import Testing

@Suite("A graph in memory answers as SQL recursion over its edges does")
struct AdjacencyTests {
  private typealias Edge = Adjacency.Edge
  private typealias Moment = Adjacency.Moment

  /// Cycles, diamonds, edges twice and to oneself, nodes without any.
  private static func randomEdges(
    _ nodeCount: Int, _ count: Int, _ random: inout SeededGenerator
  ) -> [Edge] {
    (0..<count).map { _ in
      Edge(
        source: Int32.random(in: 0..<Int32(nodeCount), using: &random),
        target: Int32.random(in: 0..<Int32(nodeCount), using: &random),
        position: Int64.random(in: 0..<50, using: &random),
        time: Int64.random(in: -20..<30, using: &random))
    }
  }

  /// The reference: nodes with the least depth at which they are reached.
  private static func reference(
    _ edges: [Edge], _ start: Int32, _ direction: Adjacency.Direction, _ depth: Int,
    _ moment: Moment
  ) throws -> [Int32: Int32] {
    let path = NSTemporaryDirectory() + "custody-graph-\(UUID().uuidString).sqlite"
    try Data().write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    let database = try RawDatabase(path)
    try database.execute("CREATE TABLE edge (a, b, p, t)")
    for edge in edges {
      let (a, b) =
        direction == .downstream ? (edge.source, edge.target) : (edge.target, edge.source)
      try database.execute("INSERT INTO edge VALUES (\(a), \(b), \(edge.position), \(edge.time))")
    }
    let rows = try database.rows(
      """
      WITH RECURSIVE reached(node, depth) AS (
        VALUES (\(start), 0)
        UNION
        SELECT edge.b, depth + 1 FROM reached JOIN edge ON edge.a = node
        WHERE depth < \(depth) AND edge.p <= \(moment.position) AND edge.t <= \(moment.time)
      ) SELECT node, min(depth) FROM reached WHERE node <> \(start) GROUP BY node
      """)
    return Dictionary(
      uniqueKeysWithValues: rows.map { row in
        guard case .integer(let node) = row[0], case .integer(let depth) = row[1] else {
          preconditionFailure("\(row)")
        }
        return (Int32(node), Int32(depth))
      })
  }

  @Test("over random graphs, in both directions, to any depth, as of any moment", arguments: 0..<40)
  func random(seed: Int) throws {
    var random = SeededGenerator(seed)
    let nodeCount = Int.random(in: 1...14, using: &random)
    let count = Int.random(in: 0...30, using: &random)
    let edges = Self.randomEdges(nodeCount, count, &random)
    let graph = Adjacency(nodeCount: nodeCount, edges: edges)
    for direction in Adjacency.Direction.allCases {
      let start = Int32.random(in: 0..<Int32(nodeCount), using: &random)
      let moment =
        Bool.random(using: &random)
        ? Moment()
        : Moment(
          position: Int64.random(in: 0..<50, using: &random),
          time: Int64.random(in: -20..<30, using: &random))
      // Nothing is farther away than there are nodes.
      let all = try Self.reference(edges, start, direction, nodeCount, moment)
      let whole = graph.reach(from: [start], direction, at: moment)
      #expect(Dictionary(uniqueKeysWithValues: zip(whole.nodes, whole.depths)) == all)
      #expect(whole.isComplete && whole.depths == whole.depths.sorted())
      for depth in 0...3 {
        let part = graph.reach(from: [start], direction, depth: depth, at: moment)
        let near = all.filter { $0.value <= depth }
        #expect(Dictionary(uniqueKeysWithValues: zip(part.nodes, part.depths)) == near)
        #expect(part.isComplete == (near.count == all.count), "nothing is cut silently")
      }
      guard direction == .downstream else { continue }
      for end in 0..<Int32(nodeCount) {
        let way = graph.path(from: start, to: end, at: moment)
        #expect(way.map { Int32($0.count - 1) } == (end == start ? 0 : all[end]))
        for (a, b) in zip(way ?? [], (way ?? []).dropFirst()) {
          #expect(
            edges.contains {
              $0.source == a && $0.target == b && $0.position <= moment.position
                && $0.time <= moment.time
            })
        }
      }
    }
  }

  @Test("several starts count once, and none of them is reached")
  func severalStarts() {
    let edges = [(0, 1), (1, 2), (2, 0), (3, 2)].map {
      Adjacency.Edge(source: $0.0, target: $0.1, position: 0, time: 0)
    }
    let graph = Adjacency(nodeCount: 5, edges: edges)
    #expect(graph.reach(from: [0, 3], .downstream).nodes == [1, 2])
    #expect(graph.reach(from: [4], .downstream).nodes == [])
    #expect(graph.path(from: 3, to: 4) == nil)
  }
}
