/// Vertices in layers, with edges between neighboring layers only, ordered so that few cross.
///
/// Vertices are boxes, and bends: the places where an edge passes through a layer.
struct LayerOrder {
  /// The vertices of each layer, from above.
  private(set) var layers: [[Int]]
  /// Where each vertex stands in its layer.
  private(set) var place: [Int]
  /// The neighbors of each vertex in the layer before.
  let before: [[Int]]
  /// The neighbors of each vertex in the layer behind.
  let behind: [[Int]]

  /// - Parameter layerOf: the layer of each vertex.
  /// - Parameter edges: from each vertex to one in the next layer.
  init(layerOf: [Int], edges: [(Int, Int)]) {
    var before = [[Int]](repeating: [], count: layerOf.count)
    var behind = before
    for (from, to) in edges {
      behind[from].append(to)
      before[to].append(from)
    }
    self.before = before
    self.behind = behind
    place = [Int](repeating: 0, count: layerOf.count)
    layers = [[Int]](repeating: [], count: (layerOf.max() ?? -1) + 1)
    // Depth first, so that what hangs together starts together.
    var isSeen = [Bool](repeating: false, count: layerOf.count)
    for start in layerOf.indices.sorted(by: { (layerOf[$0], $0) < (layerOf[$1], $1) }) {
      var stack = [start]
      while let vertex = stack.popLast() {
        guard !isSeen[vertex] else { continue }
        isSeen[vertex] = true
        place[vertex] = layers[layerOf[vertex]].count
        layers[layerOf[vertex]].append(vertex)
        stack += behind[vertex].reversed()
      }
    }
    reduceCrossings()
  }

  /// Sweeps to and fro: each layer by the medians of its neighbors, then neighbors exchanged.
  ///
  /// Source: Gansner, Koutsofios, North, Vo, "A technique for drawing directed graphs", 1993, §3.
  private mutating func reduceCrossings() {
    guard layers.count > 1 else { return }
    var best = (layers: layers, place: place, crossings: crossings)
    var idle = 0
    for round in 0..<24 where best.crossings > 0 && idle < 6 {
      let goesForward = round.isMultiple(of: 2)
      let sweep = goesForward ? Array(1..<layers.count) : (0..<layers.count - 1).reversed()
      for layer in sweep { sort(layer, by: goesForward ? before : behind) }
      exchange(upTo: 4)
      let crossings = crossings
      idle += 1
      if crossings < best.crossings {
        best = (layers, place, crossings)
        idle = 0
      }
    }
    (layers, place, _) = best
    exchange(upTo: 20)
  }

  /// Orders a layer by the medians of the neighbors; vertices without any keep their places.
  private mutating func sort(_ layer: Int, by neighbors: [[Int]]) {
    var movable: [(median: Double, place: Int, vertex: Int)] = []
    for vertex in layers[layer] where !neighbors[vertex].isEmpty {
      let places = neighbors[vertex].map { place[$0] }.sorted()
      movable.append((Self.median(places), place[vertex], vertex))
    }
    movable.sort { ($0.median, $0.place) < ($1.median, $1.place) }
    var next = movable.makeIterator()
    for index in layers[layer].indices where !neighbors[layers[layer][index]].isEmpty {
      guard let vertex = next.next()?.vertex else { break }
      layers[layer][index] = vertex
    }
    for (index, vertex) in layers[layer].enumerated() { place[vertex] = index }
  }

  /// The middle; of two middles a mean that leans to the side where they lie closer together.
  private static func median(_ places: [Int]) -> Double {
    let middle = places.count / 2
    if !places.count.isMultiple(of: 2) { return Double(places[middle]) }
    let (left, right) = (places[middle - 1], places[middle])
    if places.count == 2 { return Double(left + right) / 2 }
    let before = Double(left - places[0])
    let behind = Double(places[places.count - 1] - right)
    guard before + behind > 0 else { return Double(left + right) / 2 }
    return (Double(left) * behind + Double(right) * before) / (before + behind)
  }

  /// Exchanges neighbors in a layer while that takes crossings away.
  private mutating func exchange(upTo rounds: Int) {
    for layer in layers.indices {
      // Places in the other layers do not change meanwhile.
      let left = layers[layer].map { vertex in before[vertex].map { place[$0] }.sorted() }
      let right = layers[layer].map { vertex in behind[vertex].map { place[$0] }.sorted() }
      var order = Array(layers[layer].indices)
      guard order.count > 1 else { continue }
      for _ in 0..<rounds {
        var hasChanged = false
        for index in 0..<order.count - 1 {
          let (first, second) = (order[index], order[index + 1])
          let now =
            Self.inversions(left[first], left[second])
            + Self.inversions(right[first], right[second])
          guard now > 0 else { continue }
          let then =
            Self.inversions(left[second], left[first])
            + Self.inversions(right[second], right[first])
          guard then < now else { continue }
          order.swapAt(index, index + 1)
          hasChanged = true
        }
        guard hasChanged else { break }
      }
      let vertices = layers[layer]
      layers[layer] = order.map { vertices[$0] }
      for (index, vertex) in layers[layer].enumerated() { place[vertex] = index }
    }
  }

  /// How many pairs have the larger number first; both lists are sorted.
  private static func inversions(_ first: [Int], _ second: [Int]) -> Int {
    var (count, smaller) = (0, 0)
    for value in first {
      while smaller < second.count && second[smaller] < value { smaller += 1 }
      count += smaller
    }
    return count
  }

  /// How many edges cross.
  ///
  /// Source: Barth, Jünger, Mutzel, "Simple and efficient bilayer cross counting", 2002.
  var crossings: Int {
    var total = 0
    for layer in layers.indices.dropLast() {
      let width = layers[layer + 1].count
      var sums = [Int](repeating: 0, count: width + 1)
      var seen = 0
      for vertex in layers[layer] {
        let ends = behind[vertex].map { place[$0] }
        for end in ends {
          var (upTo, index) = (0, end + 1)
          while index > 0 {
            upTo += sums[index]
            index &= index - 1
          }
          total += seen - upTo
        }
        for end in ends {
          var index = end + 1
          while index <= width {
            sums[index] += 1
            index += index & -index
          }
        }
        seen += ends.count
      }
    }
    return total
  }
}
