/// How far down each vertex of ordered layers stands, so that long edges are straight.
///
/// Source: Brandes, Köpf, "Fast and simple horizontal coordinate assignment", 2002, turned by a quarter:
/// vertices are aligned with the medians of their neighbors in four ways, packed each way, and
/// stand at the mean of the two middle results. Packing is over whole blocks by longest paths, which
/// keeps the distances in every case.
struct LayerPlacement {
  private let order: LayerOrder
  private let isBend: [Bool]
  private let distance: (Int, Int) -> Double
  private var conflicts: Set<Int> = []

  /// The middles of the vertices; neighbors in a layer are at least `distance` apart.
  static func middles(
    _ order: LayerOrder, isBend: [Bool], distance: @escaping (Int, Int) -> Double
  ) -> [Double] {
    var placement = LayerPlacement(order: order, isBend: isBend, distance: distance)
    placement.markConflicts()
    var ways: [[Double]] = []
    for isBackward in [false, true] {
      for isUpward in [false, true] {
        ways.append(placement.middles(isBackward: isBackward, isUpward: isUpward))
      }
    }
    // All against the narrowest, by the side to which they were packed.
    let narrowest = ways.min { Self.extent($0).length < Self.extent($1).length } ?? []
    let goal = Self.extent(narrowest)
    for (index, way) in ways.enumerated() {
      let extent = Self.extent(way)
      let shift = index.isMultiple(of: 2) ? goal.least - extent.least : goal.most - extent.most
      ways[index] = way.map { $0 + shift }
    }
    return isBend.indices.map { vertex in
      let sorted = ways.map { $0[vertex] }.sorted()
      return (sorted[1] + sorted[2]) / 2
    }
  }

  private static func extent(_ way: [Double]) -> (least: Double, most: Double, length: Double) {
    let (least, most) = (way.min() ?? 0, way.max() ?? 0)
    return (least, most, most - least)
  }

  private init(
    order: LayerOrder, isBend: [Bool], distance: @escaping (Int, Int) -> Double
  ) {
    self.order = order
    self.isBend = isBend
    self.distance = distance
  }

  /// Marks edges that cross a piece of a long edge: the long one is kept straight.
  private mutating func markConflicts() {
    for layer in order.layers.indices.dropLast() {
      let next = order.layers[layer + 1]
      var (least, scanned) = (0, 0)
      for (index, vertex) in next.enumerated() {
        let piece = isBend[vertex] ? order.before[vertex].first { isBend[$0] } : nil
        guard piece != nil || index == next.count - 1 else { continue }
        let most = piece.map { order.place[$0] } ?? order.layers[layer].count - 1
        while scanned <= index {
          for other in order.before[next[scanned]] {
            let place = order.place[other]
            guard place < least || place > most else { continue }
            if !(isBend[other] && isBend[next[scanned]]) {
              conflicts.insert(key(other, next[scanned]))
            }
          }
          scanned += 1
        }
        least = most
      }
    }
  }

  private func key(_ from: Int, _ to: Int) -> Int { from * isBend.count + to }

  private func middles(isBackward: Bool, isUpward: Bool) -> [Double] {
    var layers = isBackward ? order.layers.reversed() : order.layers
    if isUpward { layers = layers.map { $0.reversed() } }
    let (root, align) = blocks(layers, isBackward: isBackward, isUpward: isUpward)
    let middles = packed(layers, root: root, align: align)
    return isUpward ? middles.map { -$0 } : middles
  }

  /// Vertices in a row, each aligned with the middle one of its neighbors in the layer before.
  private func blocks(
    _ layers: [[Int]], isBackward: Bool, isUpward: Bool
  ) -> (root: [Int], align: [Int]) {
    var root = Array(isBend.indices)
    var align = root
    let neighbors = isBackward ? order.behind : order.before
    for layer in layers {
      var taken = -1
      for vertex in layer where !neighbors[vertex].isEmpty {
        var others = neighbors[vertex].map { (place: place(of: $0, isUpward), vertex: $0) }
        others.sort { $0.place < $1.place }
        for index in [(others.count - 1) / 2, others.count / 2] {
          let other = others[index]
          guard align[vertex] == vertex, taken < other.place,
            !conflicts.contains(
              isBackward ? key(vertex, other.vertex) : key(other.vertex, vertex))
          else { continue }
          align[other.vertex] = vertex
          root[vertex] = root[other.vertex]
          align[vertex] = root[vertex]
          taken = other.place
        }
      }
    }
    return (root, align)
  }

  /// The place counted from the side from which layers are packed.
  private func place(of vertex: Int, _ isUpward: Bool) -> Int {
    isUpward ? Int.max / 2 - order.place[vertex] : order.place[vertex]
  }

  /// Blocks as close to the beginning as the distances allow, then as close to their followers.
  private func packed(_ layers: [[Int]], root: [Int], align: [Int]) -> [Double] {
    var behind = [[(block: Int, gap: Double)]](repeating: [], count: root.count)
    var ahead = behind
    var waiting = [Int](repeating: 0, count: root.count)
    for layer in layers {
      for (first, second) in zip(layer, layer.dropFirst()) {
        let gap = distance(first, second)
        behind[root[first]].append((root[second], gap))
        ahead[root[second]].append((root[first], gap))
        waiting[root[second]] += 1
      }
    }
    var sequence = root.indices.filter { root[$0] == $0 && waiting[$0] == 0 }
    var done = 0
    var middle = [Double](repeating: 0, count: root.count)
    while done < sequence.count {
      let block = sequence[done]
      done += 1
      middle[block] = ahead[block].map { middle[$0.block] + $0.gap }.max() ?? 0
      for (other, _) in behind[block] {
        waiting[other] -= 1
        if waiting[other] == 0 { sequence.append(other) }
      }
    }
    for block in sequence.reversed() {
      if let most = behind[block].map({ middle[$0.block] - $0.gap }).min() {
        middle[block] = max(middle[block], most)
      }
    }
    return root.map { middle[$0] }
  }
}
