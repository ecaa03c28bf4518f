/// Boxes of one height in columns from left to right, and curves between them.
///
/// A layered drawing (Sugiyama, Tagawa, Toda 1981): cycles are broken, nodes put into layers, long
/// edges given a bend in each layer they pass, layers ordered so that few edges cross, and
/// vertices placed so that long edges are straight. Parts that hang together are laid out each by
/// itself and packed beside one another. The same graph gives the same numbers for ever.
package struct LayeredLayout: Sendable {
  /// A place on the drawing, in pixels, from the upper left corner.
  package struct Point: Sendable, Equatable {
    package var x: Int
    package var y: Int
  }

  /// The way of one edge.
  package struct Route: Sendable {
    /// From box to box: to the end of the first one's column goes a straight line, on to the next
    /// column a curve, through a column a straight line, and so on; a curve arrives at the last box.
    /// To another row lead straight lines. Against the flow, the same backwards.
    package var points: [Point]
    /// For each piece between two points, whether it is a curve that leaves and arrives level.
    package var isCurve: [Bool]
    /// Whether it leads from right to left.
    package var isAgainst: Bool
    /// Whether it leads to the box that it comes from; then it is one curve.
    package var isLoop = false
  }

  /// Sizes and distances, in pixels.
  package struct Metrics: Sendable {
    /// How high every box is.
    package var boxHeight = 48
    /// Between two boxes of a column.
    package var rowGap = 18
    /// Between an edge that passes through a column and what stands beside it.
    package var laneGap = 10
    /// Between two columns at least.
    package var columnGap = 48
    /// Between parts that do not hang together.
    package var partGap = 36

    package init() {}
  }

  /// How wide each box is.
  package let widths: [Int]
  /// The upper left corner of each box.
  package private(set) var corners: [Point]
  /// The way of each edge, in the order of the edges; a way to the box itself is the four points
  /// of one curve.
  package private(set) var routes: [Route]
  /// How wide and how high everything is.
  package private(set) var width = 0
  package private(set) var height = 0
  package let metrics: Metrics

  /// - Parameter edges: between boxes 0 to `widths.count - 1`.
  package init(
    widths: [Int], edges: [(source: Int, target: Int)], metrics: Metrics = Metrics()
  ) {
    let count = widths.count
    self.metrics = metrics
    self.widths = widths
    corners = [Point](repeating: Point(x: 0, y: 0), count: count)
    routes = [Route](
      repeating: Route(points: [], isCurve: [], isAgainst: false), count: edges.count)
    var parts = Self.parts(count, edges).map { LayoutPart($0, edges, widths, metrics) }
    PartPacking.pack(&parts, gap: metrics.partGap)
    for part in parts {
      for (node, corner) in zip(part.nodes, part.corners) {
        corners[node] = Point(x: corner.x + part.origin.x, y: corner.y + part.origin.y)
      }
      for (edge, route) in zip(part.edges, part.routes) {
        routes[edge] = Route(
          points: route.points.map { Point(x: $0.x + part.origin.x, y: $0.y + part.origin.y) },
          isCurve: route.isCurve, isAgainst: route.isAgainst)
      }
      width = max(width, part.origin.x + part.width)
      height = max(height, part.origin.y + part.height)
    }
    for (edge, ends) in edges.enumerated() where ends.source == ends.target {
      routes[edge] = Route(
        points: loop(corners[ends.source], widths[ends.source]), isCurve: [], isAgainst: false,
        isLoop: true)
    }
  }

  /// Out at the right, up, and in from above.
  private func loop(_ corner: Point, _ width: Int) -> [Point] {
    let right = corner.x + width
    return [
      Point(x: right, y: corner.y + 14), Point(x: right + 30, y: corner.y + 14),
      Point(x: right - 16, y: corner.y - 28), Point(x: right - 16, y: corner.y),
    ]
  }

  /// The nodes that hang together, in the order of the first of each.
  private static func parts(
    _ count: Int, _ edges: [(source: Int, target: Int)]
  ) -> [(nodes: [Int], edges: [Int])] {
    var parent = Array(0..<count)
    func root(_ node: Int) -> Int {
      var node = node
      while parent[node] != node {
        parent[node] = parent[parent[node]]
        node = parent[node]
      }
      return node
    }
    for edge in edges {
      let (first, second) = (root(edge.source), root(edge.target))
      parent[max(first, second)] = min(first, second)
    }
    var parts: [(nodes: [Int], edges: [Int])] = []
    var partOf = [Int](repeating: -1, count: count)
    for node in 0..<count {
      let first = root(node)
      if first == node {
        partOf[node] = parts.count
        parts.append(([], []))
      }
      parts[partOf[first]].nodes.append(node)
    }
    for (index, edge) in edges.enumerated() where edge.source != edge.target {
      parts[partOf[root(edge.source)]].edges.append(index)
    }
    return parts
  }
}

/// Parts of a drawing beside and below one another, on about the area of a screen.
enum PartPacking {
  /// Gives each part its place: the highest first, lower ones stacked up to its height.
  static func pack(_ parts: inout [LayoutPart], gap: Int) {
    let area = parts.reduce(0) { $0 + ($1.width + gap) * ($1.height + gap) }
    let widest = parts.map(\.width).max() ?? 0
    let limit = max(widest, Int((Double(area) * 1.7).squareRoot()))
    let order = parts.indices.sorted {
      (-parts[$0].height, -parts[$0].width, $0) < (-parts[$1].height, -parts[$1].width, $1)
    }
    // A shelf is as high as its first part; its columns are filled from above.
    var shelf = (y: 0, height: 0)
    var column = (x: 0, y: 0, width: 0)
    for (rank, index) in order.enumerated() {
      let part = parts[index]
      let fitsBelow = column.y > 0 && column.y + part.height <= shelf.height
      if rank > 0 && !fitsBelow {
        column = (column.x + column.width + gap, 0, 0)
      }
      if rank == 0 || column.x + part.width > limit {
        shelf = (rank == 0 ? 0 : shelf.y + shelf.height + gap, part.height)
        column = (0, 0, 0)
      }
      parts[index].origin = LayeredLayout.Point(x: column.x, y: shelf.y + column.y)
      column.y += part.height + gap
      column.width = max(column.width, part.width)
    }
  }
}
