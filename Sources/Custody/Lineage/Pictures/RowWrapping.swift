/// Columns of a long drawing in rows below one another, as text is wrapped.
///
/// A chain of twelve steps would be twelve boxes wide and one high, and nobody could read it as a
/// whole. Edges from one row to the next leave it at the right, run back between both, and
/// enter at the left; so rows are divided where few edges pass.
struct RowWrapping {
  typealias Point = LayeredLayout.Point

  /// An edge from a column to the next: which, and how far down it leaves and arrives.
  typealias Step = (edge: Int, from: Int, to: Int)

  /// By how much the columns of each layer move.
  private var shifts: [Point]
  private(set) var width: Int
  private(set) var height: Int
  /// For each layer that ends a row but the last: the edges that leave it, from the innermost lane.
  private var lanes: [Int: [Int]] = [:]
  /// For each of those layers: where its row ends at the right and below, and how far left rows begin.
  private var ends: [Int: Point] = [:]
  private var indent = 0

  private static let laneGap = 7
  private static let margin = 16
  /// So many edges between two rows are followed by eye.
  private static let laneCountMax = 8
  private static let rowCountMax = 5
  /// Narrower drawings fit on screens as they are.
  private static let widthMin = 1500
  /// A screen's width over its height, about.
  private static let aspect = 1.6

  /// - Parameter columns: where each layer begins and ends.
  /// - Parameter spans: the top and bottom of what stands in each layer.
  /// - Parameter steps: for each layer the edges to the next.
  init(
    columns: (lefts: [Int], rights: [Int]), spans: [ClosedRange<Int>], steps: [[Step]]
  ) {
    shifts = spans.map { _ in Point(x: 0, y: 0) }
    width = columns.rights.last ?? 0
    height = spans.map(\.upperBound).max() ?? 0
    let cuts = Self.cuts(columns, width, height, steps)
    guard !cuts.isEmpty else { return }
    let laneCount = cuts.map { steps[$0].count }.max() ?? 0
    indent = Self.margin + laneCount * Self.laneGap
    var (first, top) = (0, 0)
    (width, height) = (0, 0)
    for last in cuts + [spans.count - 1] {
      let row = spans[first...last]
      let (above, below) = (row.map(\.lowerBound).min() ?? 0, row.map(\.upperBound).max() ?? 0)
      let shift = Point(x: indent - columns.lefts[first], y: top - above)
      for layer in first...last { shifts[layer] = shift }
      let right = columns.rights[last] + shift.x
      let bottom = top + below - above
      // The lowest edge takes the innermost lane: none crosses another on its way out.
      let leaving = steps[last].sorted { ($1.from, $0.edge) < ($0.from, $1.edge) }.map(\.edge)
      if last < spans.count - 1 {
        lanes[last] = leaving
        ends[last] = Point(x: right, y: bottom)
        width = max(width, right + Self.margin + leaving.count * Self.laneGap)
      }
      width = max(width, right)
      height = bottom
      top = bottom + 2 * Self.margin + 8 + leaving.count * Self.laneGap
      first = last + 1
    }
  }

  /// The layers after which a new row begins; none where the drawing is best as it is.
  private static func cuts(
    _ columns: (lefts: [Int], rights: [Int]), _ width: Int, _ height: Int, _ steps: [[Step]]
  ) -> [Int] {
    let flat = Double(height + 60) * aspect
    let ideal = Int((Double(width) / flat).squareRoot().rounded())
    let rowCount = min(ideal, rowCountMax, steps.count / 3)
    guard width > widthMin, rowCount > 1 else { return [] }
    var cuts: [Int] = []
    for row in 1..<rowCount {
      let target = width * row / rowCount
      let candidates = ((cuts.last ?? -1) + 1)..<(steps.count - 1)
      func cost(_ layer: Int) -> Int {
        abs(columns.rights[layer] - target) + 80 * steps[layer].count
      }
      guard let best = candidates.min(by: { (cost($0), $0) < (cost($1), $1) }),
        steps[best].count <= laneCountMax
      else { return [] }
      cuts.append(best)
    }
    return cuts
  }

  /// A place in a layer, where its row is.
  func moved(_ layer: Int, x: Int, y: Int) -> Point {
    Point(x: x + shifts[layer].x, y: y + shifts[layer].y)
  }

  /// The corners of an edge from the end of one row to the beginning of the next; nil within a row.
  ///
  /// - Parameter from: where it leaves, and `to` where it arrives, both moved already.
  func detour(of edge: Int, behind layer: Int, from: Point, to: Point) -> [Point]? {
    guard let end = ends[layer], let all = lanes[layer], let lane = all.firstIndex(of: edge)
    else { return nil }
    let right = end.x + Self.margin + lane * Self.laneGap
    let low = end.y + Self.margin + lane * Self.laneGap
    // What was innermost at the right is outermost at the left.
    let left = indent - Self.margin - (all.count - 1 - lane) * Self.laneGap
    return [
      Point(x: right, y: from.y), Point(x: right, y: low), Point(x: left, y: low),
      Point(x: left, y: to.y),
    ]
  }
}
