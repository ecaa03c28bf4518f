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
    let middles = middles(order, chains)
    let columns = columns(order, chains, middles)
    let levels = levels(chains, middles)
    var steps = [[RowWrapping.Step]](repeating: [], count: order.layers.count)
    for (edge, path) in chains.paths.enumerated() {
      for (place, vertex) in path.dropLast().enumerated() {
        steps[chains.layerOf[vertex]].append(
          (edge, levels[edge][place].from, levels[edge][place].to))
      }
    }
    let spans = order.layers.map { layer in
      let (tops, bottoms) = (
        layer.map { middles[$0] - half($0) }, layer.map { middles[$0] + half($0) }
      )
      return (tops.min() ?? 0)...(bottoms.max() ?? 0)
    }
    let rows = RowWrapping(columns: columns, spans: spans, steps: steps)
    width = rows.width
    height = rows.height
    corners = nodes.indices.map { node in
      let layer = chains.layerOf[node]
      return rows.moved(layer, x: columns.lefts[layer], y: middles[node] - half(node))
    }
    routes = chains.paths.indices.map { edge in
      route(
        edge, from: chains.layerOf[chains.paths[edge][0]], width: widths[chains.paths[edge][0]],
        levels[edge], columns, rows, isAgainst: flow.isAgainst[edge])
    }
  }

  /// Half the height of a box; bends have none.
  private func half(_ vertex: Int) -> Int { vertex < nodes.count ? metrics.boxHeight / 2 : 0 }

  /// How far down each vertex stands, from the top of the uppermost one.
  private func middles(_ order: LayerOrder, _ chains: Chains) -> [Int] {
    let (metrics, count) = (metrics, nodes.count)
    let distance: (Int, Int) -> Double = { first, second in
      let boxes = (first < count ? 1 : 0) + (second < count ? 1 : 0)
      let gap = boxes == 2 ? metrics.rowGap : metrics.laneGap
      return Double(boxes * metrics.boxHeight / 2 + gap)
    }
    let middles = LayerPlacement.middles(
      order, isBend: chains.layerOf.indices.map { $0 >= count }, distance: distance
    ).map { Int($0.rounded()) }
    let top = middles.indices.map { middles[$0] - half($0) }.min() ?? 0
    return middles.map { $0 - top }
  }

  /// Where each step of each edge leaves and arrives.
  private func levels(_ chains: Chains, _ middles: [Int]) -> [[(from: Int, to: Int)]] {
    let (leaving, arriving) = ports(chains, middles)
    return chains.paths.enumerated().map { edge, path in
      path.indices.dropLast().map { place in
        (
          from: place == 0 ? leaving[edge] : middles[path[place]],
          to: place == path.count - 2 ? arriving[edge] : middles[path[place + 1]]
        )
      }
    }
  }

  /// - Parameter first: the layer of the box where the edge begins, and `width` that box's.
  private func route(
    _ edge: Int, from first: Int, width: Int, _ levels: [(from: Int, to: Int)],
    _ columns: (lefts: [Int], rights: [Int]), _ rows: RowWrapping, isAgainst: Bool
  ) -> LayeredLayout.Route {
    var points = [rows.moved(first, x: columns.lefts[first] + width, y: levels[0].from)]
    var isCurve: [Bool] = []
    for (place, level) in levels.enumerated() {
      let layer = first + place
      let from = rows.moved(layer, x: columns.rights[layer], y: level.from)
      let to = rows.moved(layer + 1, x: columns.lefts[layer + 1], y: level.to)
      let detour = rows.detour(of: edge, behind: layer, from: from, to: to)
      points += [from] + (detour ?? []) + [to]
      isCurve += [false] + (detour.map { $0.map { _ in false } + [false] } ?? [true])
    }
    return LayeredLayout.Route(
      points: isAgainst ? points.reversed() : points,
      isCurve: isAgainst ? isCurve.reversed() : isCurve, isAgainst: isAgainst)
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
