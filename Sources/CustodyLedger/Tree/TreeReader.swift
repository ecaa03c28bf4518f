/// Where the roots of complete subtrees come from: a store's tiles and leaves.
package protocol SubtreeSource {
  associatedtype Failure: Error
  /// The root of the complete subtree of 2^level leaves at `place`; level 0 are the leaves.
  func subtree(level: Int, place: Int) throws(Failure) -> Digest
}

enum TreeSplit {
  /// RFC 6962 §2.1: "Let k be the largest power of two smaller than n."
  static func left(_ count: Int) -> Int {
    1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
  }
}

/// Roots and proofs of any size, read from complete subtrees.
///
/// Cost: one subtree a level, so about 2·log₂(size) reads.
package struct TreeReader<Source: SubtreeSource> {
  private let source: Source
  private let sha256 = SHA256()

  package init(_ source: Source) { self.source = source }

  /// The frontier of the first `size` leaves.
  package func frontier(size: Int) throws(Source.Failure) -> TreeFrontier {
    var nodes: [Digest] = []
    var at = 0
    while at < size {
      let level = Int.bitWidth - 1 - (size - at).leadingZeroBitCount
      nodes.append(try source.subtree(level: level, place: at >> level))
      at += 1 << level
    }
    return TreeFrontier(size: size, nodes: nodes)
  }

  package func root(size: Int) throws(Source.Failure) -> Digest {
    try frontier(size: size).root(using: sha256)
  }

  /// The root over `start..<end`, where `start` is a multiple of the largest power of two that
  /// fits: the ranges that RFC 6962's recursion meets.
  func root(_ start: Int, _ end: Int) throws(Source.Failure) -> Digest {
    let count = end - start
    if count.nonzeroBitCount == 1 {
      let level = count.trailingZeroBitCount
      return try source.subtree(level: level, place: start >> level)
    }
    let split = start + TreeSplit.left(count)
    return sha256.node(try root(start, split), try root(split, end))
  }

  /// RFC 6962 §2.1.1: the audit path of `index` in the tree of `size` leaves, leaf side first.
  package func inclusionPath(index: Int, size: Int) throws(Source.Failure) -> [Digest] {
    precondition(index >= 0 && index < size)
    var path: [Digest] = []
    var start = 0
    var end = size
    while end - start > 1 {
      let middle = start + TreeSplit.left(end - start)
      if index < middle {
        path.append(try root(middle, end))
        end = middle
      } else {
        path.append(try root(start, middle))
        start = middle
      }
    }
    return path.reversed()
  }

  /// RFC 6962 §2.1.2: the proof that the tree of `new` leaves extends the one of `old`.
  package func consistencyPath(old: Int, new: Int) throws(Source.Failure) -> [Digest] {
    precondition(old > 0 && old <= new)
    var path: [Digest] = []
    var start = 0
    var end = new
    var isWhole = true
    // SUBPROOF(m, D[n], b) walks down to where the old tree ends.
    while old != end {
      let middle = start + TreeSplit.left(end - start)
      if old <= middle {
        path.append(try root(middle, end))
        end = middle
      } else {
        path.append(try root(start, middle))
        start = middle
        isWhole = false
      }
    }
    if !isWhole { path.append(try root(start, end)) }
    return path.reversed()
  }
}
