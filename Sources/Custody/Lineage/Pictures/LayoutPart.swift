/// The layout of nodes that hang together.
struct LayoutPart {
  typealias Point = LayeredLayout.Point

  /// Indices in the whole graph, in the order of what follows.
  let nodes: [Int]
  let edges: [Int]
  private(set) var corners: [Point] = []
  private(set) var routes: [LayeredLayout.Route] = []
  private(set) var width = 0
  private(set) var height = 0
  /// Where the part stands in the whole.
  var origin = Point(x: 0, y: 0)

  private let metrics: LayeredLayout.Metrics
  private let widths: [Int]

  init(
    _ part: (nodes: [Int], edges: [Int]), _ all: [(source: Int, target: Int)], _ widths: [Int],
    _ metrics: LayeredLayout.Metrics
  ) {
    nodes = part.nodes
    edges = part.edges
    self.metrics = metrics
    self.widths = part.nodes.map { widths[$0] }
    // Nodes are in ascending order: an index in the part is found by bisection.
    let local = edges.map { edge in
      (
        source: Self.index(of: all[edge].source, in: part.nodes),
        target: Self.index(of: all[edge].target, in: part.nodes)
      )
    }
    let flow = FlowLayers(count: nodes.count, edges: local)
    let chains = Chains(flow, local)
    let order = LayerOrder(layerOf: chains.layerOf, edges: chains.steps)
    place(order, chains, flow)
  }

  private static func index(of node: Int, in nodes: [Int]) -> Int {
    var range = 0..<nodes.count
    while range.count > 1 {
      let middle = range.lowerBound + range.count / 2
      range = nodes[middle] <= node ? middle..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }

  /// Edges as steps from layer to layer, over bends.
  private struct Chains {
    /// The layer of each vertex: the nodes, then the bends.
    var layerOf: [Int]
    var steps: [(Int, Int)] = []
    /// The vertices of each edge, from left to right.
    var paths: [[Int]] = []

    init(_ flow: FlowLayers, _ edges: [(source: Int, target: Int)]) {
      layerOf = flow.layers
      for (edge, isAgainst) in zip(edges, flow.isAgainst) {
        let (from, to) = isAgainst ? (edge.target, edge.source) : (edge.source, edge.target)
        var path = [from]
        for layer in flow.layers[from] + 1..<max(flow.layers[to], flow.layers[from] + 1) {
          path.append(layerOf.count)
          layerOf.append(layer)
        }
        path.append(to)
        steps += zip(path, path.dropFirst())
        paths.append(path)
      }
    }
  }

  private mutating func place(_ order: LayerOrder, _ chains: Chains, _ flow: FlowLayers) {
    let metrics = metrics
    let count = nodes.count
    let distance: (Int, Int) -> Double = { first, second in
      let boxes = (first < count ? 1 : 0) + (second < count ? 1 : 0)
      let gap = boxes == 2 ? metrics.rowGap : metrics.laneGap
      return Double(boxes * metrics.boxHeight / 2 + gap)
    }
    let middles = LayerPlacement.middles(
      order, isBend: chains.layerOf.indices.map { $0 >= count }, distance: distance)
    var rounded = middles.map { Int($0.rounded()) }
    let top = rounded.indices.map { rounded[$0] - ($0 < count ? metrics.boxHeight / 2 : 0) }.min()
    for vertex in rounded.indices { rounded[vertex] -= top ?? 0 }

    let (lefts, rights) = columns(order, chains, rounded)
    let (leaving, arriving) = ports(chains, rounded)
    /// How far down an edge passes a place of its path.
    func level(_ edge: Int, _ place: Int) -> (from: Int, to: Int) {
      let path = chains.paths[edge]
      return (
        place == 0 ? leaving[edge] : rounded[path[place]],
        place == path.count - 2 ? arriving[edge] : rounded[path[place + 1]]
      )
    }
    var steps = [[RowWrapping.Step]](repeating: [], count: order.layers.count)
    for (edge, path) in chains.paths.enumerated() {
      for place in 0..<path.count - 1 {
        let (from, to) = level(edge, place)
        steps[chains.layerOf[path[place]]].append((edge, from, to))
      }
    }
    let spans = order.layers.map { layer in
      let halves = layer.map { $0 < count ? metrics.boxHeight / 2 : 0 }
      let tops = zip(layer, halves).map { rounded[$0] - $1 }
      let bottoms = zip(layer, halves).map { rounded[$0] + $1 }
      return (tops.min() ?? 0)...(bottoms.max() ?? 0)
    }
    let rows = RowWrapping(columns: (lefts, rights), spans: spans, steps: steps)
    width = rows.width
    height = rows.height
    /// A place in a layer, where its row is.
    func moved(_ layer: Int, _ x: Int, _ y: Int) -> Point {
      Point(x: x + rows.shifts[layer].x, y: y + rows.shifts[layer].y)
    }
    corners = (0..<count).map { node in
      let layer = chains.layerOf[node]
      return moved(layer, lefts[layer], rounded[node] - metrics.boxHeight / 2)
    }
    routes = chains.paths.indices.map { edge in
      let path = chains.paths[edge]
      let first = chains.layerOf[path[0]]
      var points = [moved(first, lefts[first] + widths[path[0]], leaving[edge])]
      var isCurve: [Bool] = []
      for place in 0..<path.count - 1 {
        let layer = first + place
        let (leaves, arrives) = level(edge, place)
        let (from, to) = (
          moved(layer, rights[layer], leaves), moved(layer + 1, lefts[layer + 1], arrives)
        )
        points.append(from)
        isCurve.append(false)
        let detour = rows.detour(of: edge, behind: layer, from: from, to: to)
        if let detour { points += detour }
        points.append(to)
        isCurve += detour.map { $0.map { _ in false } + [false] } ?? [true]
      }
      let isAgainst = flow.isAgainst[edge]
      return LayeredLayout.Route(
        points: isAgainst ? points.reversed() : points,
        isCurve: isAgainst ? isCurve.reversed() : isCurve, isAgainst: isAgainst)
    }
  }

  /// Where each column begins and ends: farther from the last the steeper the curves between them are.
  private func columns(_ order: LayerOrder, _ chains: Chains, _ middles: [Int]) -> (
    lefts: [Int], rights: [Int]
  ) {
    var steepest = [Int](repeating: 0, count: order.layers.count)
    for (from, to) in chains.steps {
      let layer = chains.layerOf[to]
      steepest[layer] = max(steepest[layer], abs(middles[to] - middles[from]))
    }
    var (lefts, rights): ([Int], [Int]) = ([], [])
    for layer in order.layers.indices {
      let gap = metrics.columnGap + min(steepest[layer] / 8, 2 * metrics.columnGap)
      let widest = order.layers[layer].map { $0 < nodes.count ? widths[$0] : 0 }.max() ?? 0
      lefts.append(rights.last.map { $0 + gap } ?? 0)
      rights.append(lefts[layer] + widest)
    }
    return (lefts, rights)
  }

  /// How far down each edge leaves its left box and arrives at its right one.
  ///
  /// Ends stand apart in the order of where they lead, so that arrows can be told from one another.
  private func ports(_ chains: Chains, _ middles: [Int]) -> (leaving: [Int], arriving: [Int]) {
    var leaving = [[Int]](repeating: [], count: nodes.count)
    var arriving = leaving
    for (edge, path) in chains.paths.enumerated() {
      leaving[path[0]].append(edge)
      arriving[path[path.count - 1]].append(edge)
    }
    func spread(_ ends: [[Int]], next: (Int) -> Int) -> [Int] {
      var places = [Int](repeating: 0, count: chains.paths.count)
      for (node, edges) in ends.enumerated() {
        let sorted = edges.sorted { (middles[next($0)], $0) < (middles[next($1)], $1) }
        // In thousandths, so that a hundred ends are spread too.
        let step = min(8000, (metrics.boxHeight - 24) * 1000 / max(1, sorted.count - 1))
        for (rank, edge) in sorted.enumerated() {
          places[edge] = middles[node] + (2 * rank - sorted.count + 1) * step / 2000
        }
      }
      return places
    }
    return (
      spread(leaving) { chains.paths[$0][1] },
      spread(arriving) { chains.paths[$0][chains.paths[$0].count - 2] }
    )
  }
}
