extension TreeReader {
  /// The roots of what lies outside of a range, from left to right: with the leaves within, they make
  /// the root of the tree.
  ///
  /// Cost: at most two subtrees a level.
  package func hashes(outside range: Range<Int>, size: Int) throws(Source.Failure) -> [Digest] {
    precondition(range.lowerBound >= 0 && range.upperBound <= size)
    var hashes: [Digest] = []
    if size > 0 { try collect(0, size, range, &hashes) }
    return hashes
  }

  private func collect(
    _ start: Int, _ end: Int, _ range: Range<Int>, _ hashes: inout [Digest]
  ) throws(Source.Failure) {
    if range.isEmpty || range.lowerBound >= end || range.upperBound <= start {
      hashes.append(try root(start, end))
    } else if range.lowerBound > start || range.upperBound < end {
      let middle = start + TreeSplit.left(end - start)
      try collect(start, middle, range, &hashes)
      try collect(middle, end, range, &hashes)
    }
  }
}

/// The root of a tree of which a range of leaves is known, and the roots of everything else.
///
/// Leaves come one after another: memory does not grow with their number.
package struct RangeRoot {
  private enum Step {
    case range(start: Int, end: Int)
    case join
    /// A hash is missing, and nothing can take its place.
    case stop
  }

  private let range: Range<Int>
  private let size: Int
  private var hashes: ArraySlice<Digest>
  private var steps: [Step]
  private var roots: [Digest] = []
  private let sha256 = SHA256()

  /// - Parameters:
  ///   - range: positions whose leaves will be appended, within a tree of `size`.
  ///   - hashes: the roots of what lies outside, from left to right.
  package init(of range: Range<Int>, size: Int, outside hashes: [Digest]) {
    self.range = range
    self.size = size
    self.hashes = hashes[...]
    steps = size > 0 ? [.range(start: 0, end: size)] : []
    advance()
  }

  /// Takes the next leaf of the range.
  ///
  /// - Returns: false when the range has no more, or a hash is missing.
  package mutating func append(_ leaf: Leaf) -> Bool {
    guard case .range? = steps.popLast() else { return false }
    roots.append(leaf)
    advance()
    return true
  }

  /// The root, or nil when leaves or hashes are missing or left over.
  package func root() -> Digest? {
    guard steps.isEmpty, hashes.isEmpty else { return nil }
    return size == 0 ? .emptyTree : roots.first
  }

  /// Goes on until the next leaf is needed, a hash is missing, or the root is known.
  private mutating func advance() {
    while let step = steps.last {
      switch step {
      case .stop: return
      case .join:
        steps.removeLast()
        let right = roots.removeLast()
        roots.append(sha256.node(roots.removeLast(), right))
      case .range(let start, let end):
        if range.isEmpty || range.lowerBound >= end || range.upperBound <= start {
          guard let hash = hashes.popFirst() else { return steps.append(.stop) }
          steps.removeLast()
          roots.append(hash)
        } else if end - start == 1 {
          return
        } else {
          let middle = start + TreeSplit.left(end - start)
          steps.removeLast()
          steps += [.join, .range(start: middle, end: end), .range(start: start, end: middle)]
        }
      }
    }
  }

}
