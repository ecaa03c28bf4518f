import Custody
import CustodyTesting
import Testing

@Suite("The drawing of a picture")
struct LineagePictureLayoutTests {
  private typealias Edges = [(source: Int, target: Int)]

  /// Graphs of all shapes: the number of nodes, and edges.
  private static func graph(_ seed: Int) -> (count: Int, edges: Edges) {
    let shapes: [(Int, Edges)] = [
      (0, []), (1, []), (1, [(0, 0)]), (2, [(0, 1), (1, 0)]), (7, []),
      (4, [(0, 1), (0, 2), (1, 3), (2, 3)]), (3, [(0, 1), (1, 2), (2, 0)]),
      (6, [(0, 1), (1, 2), (3, 4), (3, 4), (4, 3)]),
      (41, (1...40).map { (0, $0) }), (41, (1...40).map { ($0, 0) }),
      (30, (0..<29).map { ($0, $0 + 1) } + [(0, 29), (29, 0), (3, 20)]),
      (16, (0..<64).map { ($0 / 8, 8 + $0 % 8) }),
    ]
    if shapes.indices.contains(seed) { return shapes[seed] }
    var random = SeededGenerator(seed)
    let count = seed == 12 ? 500 : Int.random(in: 2...60, using: &random)
    let edgeCount = seed == 12 ? 800 : Int.random(in: 0...2 * count, using: &random)
    let isAcyclic = Bool.random(using: &random)
    let edges = (0..<edgeCount).map { _ in
      let (first, second) = (
        Int.random(in: 0..<count, using: &random), Int.random(in: 0..<count, using: &random)
      )
      return (source: isAcyclic ? min(first, second) : first, target: max(first, second))
    }
    return (count, edges)
  }

  private static func widths(_ count: Int) -> [Int] { (0..<count).map { 150 + $0 % 3 * 40 } }

  @Test("has no two boxes that touch, and none outside", arguments: 0..<60)
  func boxes(seed: Int) {
    let (count, edges) = Self.graph(seed)
    let layout = LayeredLayout(widths: Self.widths(count), edges: edges)
    let height = layout.metrics.boxHeight
    #expect(layout.corners.count == count)
    for first in 0..<count {
      let corner = layout.corners[first]
      #expect(corner.x >= 0 && corner.x + layout.widths[first] <= layout.width)
      #expect(corner.y >= 0 && corner.y + height <= layout.height)
      for second in 0..<first {
        let other = layout.corners[second]
        let apart =
          corner.x + layout.widths[first] < other.x || other.x + layout.widths[second] < corner.x
          || abs(corner.y - other.y) >= height + layout.metrics.rowGap - 1
        #expect(apart, "boxes \(first) and \(second)")
      }
    }
  }

  @Test("has edges that begin and end at their boxes, and go through none", arguments: 0..<60)
  func routes(seed: Int) throws {
    let (count, edges) = Self.graph(seed)
    let layout = LayeredLayout(widths: Self.widths(count), edges: edges)
    let height = layout.metrics.boxHeight
    for (edge, route) in zip(edges, layout.routes) {
      let (first, last) = (try #require(route.points.first), try #require(route.points.last))
      let (source, target) = (layout.corners[edge.source], layout.corners[edge.target])
      #expect(route.isLoop == (edge.source == edge.target))
      #expect((source.y...source.y + height).contains(first.y))
      #expect((target.y...target.y + height).contains(last.y))
      if route.isLoop {
        #expect(first.x == source.x + layout.widths[edge.source])
        #expect(last.y == target.y)
        continue
      }
      #expect(first.x == source.x + (route.isAgainst ? 0 : layout.widths[edge.source]))
      #expect(last.x == target.x + (route.isAgainst ? layout.widths[edge.target] : 0))
      #expect(route.isCurve.count == route.points.count - 1)
      for (index, isCurve) in route.isCurve.enumerated() {
        let (from, to) = (route.points[index], route.points[index + 1])
        #expect(isCurve || from.x == to.x || from.y == to.y)
        if isCurve { #expect(route.isAgainst ? to.x < from.x : to.x > from.x) }
        // A curve that leaves and arrives level stays between its ends.
        let (left, right) = (min(from.x, to.x), max(from.x, to.x))
        let (top, bottom) = (min(from.y, to.y), max(from.y, to.y))
        for (box, corner) in layout.corners.enumerated() {
          let apart =
            right <= corner.x || left >= corner.x + layout.widths[box] || bottom < corner.y
            || top > corner.y + height
          #expect(apart, "\(edge) goes through \(box)")
        }
      }
    }
  }

  @Test("has no edge against the flow where nothing goes in circles", arguments: 0..<40)
  func acyclic(seed: Int) {
    let (count, edges) = Self.graph(seed + 100)
    let forward = edges.map {
      (source: min($0.source, $0.target), target: max($0.source, $0.target))
    }
    let layout = LayeredLayout(widths: Self.widths(count), edges: forward)
    #expect(!layout.routes.contains { $0.isAgainst })
  }

  @Test("is about as high as it is wide, however long a chain is", arguments: [8, 12, 20, 40])
  func wrapped(count: Int) {
    let edges = (0..<count - 1).map { (source: $0, target: $0 + 1) }
    let layout = LayeredLayout(widths: Self.widths(count), edges: edges)
    #expect(layout.width < 9 * layout.height)
    #expect(Set(layout.corners.map(\.y)).count > 1)
    #expect(layout.corners[0].y < layout.corners[count - 1].y)
  }

  @Test("turns around one edge of a circle, however long")
  func circle() {
    for count in 2...20 {
      let edges = (0..<count).map { (source: $0, target: ($0 + 1) % count) }
      let layout = LayeredLayout(widths: Self.widths(count), edges: edges)
      #expect(layout.routes.count { $0.isAgainst } == 1)
    }
  }

  @Test("has labels that fit into their boxes", arguments: 0..<30)
  func labels(seed: Int) {
    let names = seed.isMultiple(of: 2) ? [] : LineagePictureSamples.hostileNames
    let picture = LineagePictureSamples.random(25, 30, seed: seed, names: names, groupCount: 4)
    for box in LineageDrawing(picture).boxes {
      #expect(box.labelWidth <= box.labelRoom, "\(box.label.debugDescription)")
      #expect(box.detailWidth <= box.detailRoom, "\(box.detail.debugDescription)")
      #expect(max(box.labelRoom, box.detailRoom) < box.width)
    }
  }

  @Test("keeps beginning and end of a name that is too long")
  func cut() throws {
    let name = "orders_of_the_year_2026_by_region_and_product_category_final_v17"
    let picture = LineagePicture(title: "", nodes: [.init(kind: .dataset, name: name)], edges: [])
    let label = try #require(LineageDrawing(picture).boxes.first).label
    let parts = label.split(separator: "…")
    #expect(parts.count == 2)
    #expect(name.hasPrefix(parts[0]) && name.hasSuffix(parts[1]))
    #expect(abs(parts[0].count - parts[1].count) < 5)
    #expect(picture.svg.contains(name), "as a title")
  }

  @Test("is the same for the same picture, in every format", arguments: 0..<5)
  func deterministic(seed: Int) {
    let first = LineagePictureSamples.random(80, 120, seed: seed, groupCount: 6)
    let second = LineagePictureSamples.random(80, 120, seed: seed, groupCount: 6)
    #expect(first.svg == second.svg)
    #expect(first.html == second.html)
    #expect(first.dot == second.dot)
    #expect(first.mermaid == second.mermaid)
    #expect(first.graphML == second.graphML)
    #expect(first.provJSON == second.provJSON)
    #expect(first.provN == second.provN)
  }

  @Test("leaves out edges to nodes that are not there")
  func strayEdges() {
    var picture = LineagePictureSamples.random(3, 0, seed: 1)
    picture.edges = [
      .init(source: 0, target: 3, kind: .reads), .init(source: -1, target: 1, kind: .reads),
    ]
    picture.focus = [9]
    #expect(LineageDrawing(picture).lines.isEmpty)
    #expect(!picture.dot.contains("->"))
    #expect(!picture.mermaid.contains("-->"))
    #expect(!picture.graphML.contains("<edge"))
    #expect(!picture.provN.contains("used("))
    #expect(picture.html.contains("\"edges\":[],"))
  }
}
