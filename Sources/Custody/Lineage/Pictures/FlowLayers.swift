/// Puts the nodes of a graph into layers, so that almost every edge leads to a later one.
struct FlowLayers {
  /// The layer of each node, from 0; none between is empty where the graph is connected.
  private(set) var layers: [Int]
  /// Which edges lead against the flow: those that were turned around to break cycles.
  let isAgainst: [Bool]

  private let successors: [[Int]]
  private let predecessors: [[Int]]

  /// - Parameter edges: between nodes 0 to `count - 1`, none of a node to itself.
  init(count: Int, edges: [(source: Int, target: Int)]) {
    let order = Self.order(count, edges)
    let isAgainst = edges.map { order[$0.source] > order[$0.target] }
    var successors = [[Int]](repeating: [], count: count)
    var predecessors = successors
    for (edge, isAgainst) in zip(edges, isAgainst) {
      let (from, to) = isAgainst ? (edge.target, edge.source) : (edge.source, edge.target)
      successors[from].append(to)
      predecessors[to].append(from)
    }
    self.isAgainst = isAgainst
    self.successors = successors
    self.predecessors = predecessors
    layers = [Int](repeating: 0, count: count)
    var sequence = [Int](repeating: 0, count: count)
    for node in 0..<count { sequence[order[node]] = node }
    for node in sequence {
      layers[node] = predecessors[node].map { layers[$0] + 1 }.max() ?? 0
    }
    shorten(sequence)
  }

  /// Moves nodes between their neighbors to where their edges are shortest in all.
  ///
  /// Longest paths alone leave every source in the first layer, however far what reads it is. Each
  /// move makes the sum of lengths smaller or keeps it, so a few rounds do.
  private mutating func shorten(_ sequence: [Int]) {
    for _ in 0..<6 {
      var hasMoved = false
      for node in sequence.reversed() where !successors[node].isEmpty {
        guard successors[node].count > predecessors[node].count else { continue }
        let latest = successors[node].map { layers[$0] }.min().map { $0 - 1 } ?? layers[node]
        hasMoved = hasMoved || latest != layers[node]
        layers[node] = latest
      }
      for node in sequence where successors[node].count < predecessors[node].count {
        let earliest = predecessors[node].map { layers[$0] }.max().map { $0 + 1 } ?? 0
        hasMoved = hasMoved || earliest != layers[node]
        layers[node] = earliest
      }
      guard hasMoved else { break }
    }
    let first = layers.min() ?? 0
    for node in layers.indices { layers[node] -= first }
  }

  /// The place of each node in an order against which few edges lead.
  ///
  /// Source: Eades, Lin, Smyth, "A fast and effective heuristic for the feedback arc set problem",
  /// 1993: sinks go to the end, sources to the beginning, and when there are neither, the node
  /// with the most edges out over edges in. Without cycles no edge leads against the order.
  private static func order(_ count: Int, _ edges: [(source: Int, target: Int)]) -> [Int] {
    var outgoing = [[Int]](repeating: [], count: count)
    var incoming = outgoing
    for edge in edges {
      outgoing[edge.source].append(edge.target)
      incoming[edge.target].append(edge.source)
    }
    var outCount = outgoing.map(\.count)
    var inCount = incoming.map(\.count)
    var order = [Int](repeating: -1, count: count)
    var (front, back) = (0, count - 1)
    var sinks = (0..<count).filter { outCount[$0] == 0 }
    var sources = (0..<count).filter { inCount[$0] == 0 && outCount[$0] > 0 }
    func take(_ node: Int, _ place: Int) {
      order[node] = place
      for other in outgoing[node] where order[other] < 0 {
        inCount[other] -= 1
        if inCount[other] == 0 { sources.append(other) }
      }
      for other in incoming[node] where order[other] < 0 {
        outCount[other] -= 1
        if outCount[other] == 0 { sinks.append(other) }
      }
    }
    while front <= back {
      if let node = sinks.popLast() {
        guard order[node] < 0 else { continue }
        take(node, back)
        back -= 1
      } else if let node = sources.popLast() {
        guard order[node] < 0 else { continue }
        take(node, front)
        front += 1
      } else {
        var best = -1
        for node in 0..<count where order[node] < 0 {
          guard best < 0 || outCount[node] - inCount[node] > outCount[best] - inCount[best]
          else { continue }
          best = node
        }
        take(best, front)
        front += 1
      }
    }
    return order
  }
}
