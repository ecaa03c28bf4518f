/// A Merkle tree that only grows: the roots of its complete subtrees, largest first.
///
/// Holds one digest for each bit set in its size; appending costs two hashes on average.
package struct TreeFrontier: Sendable, Equatable {
  /// How many leaves there are.
  package private(set) var size = 0
  package private(set) var nodes: [Digest] = []

  package init() {}

  /// The frontier of a tree of which the complete subtrees are known, largest first.
  package init(size: Int, nodes: [Digest]) {
    precondition(nodes.count == size.nonzeroBitCount)
    self.size = size
    self.nodes = nodes
  }

  package mutating func append(_ leaf: Leaf, using sha256: SHA256) {
    append(subtree: leaf, level: 0, using: sha256) { _, _, _ in }
  }

  /// Appends a complete subtree of 2^level leaves; the size must be a multiple of that.
  ///
  /// `completed` learns of each subtree that this completes: its level, its place among the
  /// subtrees of that level, and its root. The appended one is not among them.
  @inline(__always)
  package mutating func append(
    subtree: Digest, level: Int, using sha256: SHA256,
    completed: (_ level: Int, _ place: Int, _ root: Digest) -> Void
  ) {
    precondition(size & ((1 << level) - 1) == 0, "a subtree goes where its size divides")
    var root = subtree
    var height = level
    while size >> height & 1 == 1 {
      root = sha256.node(nodes.removeLast(), root)
      height += 1
      completed(height, size >> height, root)
    }
    nodes.append(root)
    size += 1 << level
  }

  /// Appends the leaves of `other`, a tree that starts where this one ends.
  package mutating func append(
    _ other: TreeFrontier, using sha256: SHA256,
    completed: (_ level: Int, _ place: Int, _ root: Digest) -> Void = { _, _, _ in }
  ) {
    var rest = other.size
    for node in other.nodes {
      let level = Int.bitWidth - 1 - rest.leadingZeroBitCount
      append(subtree: node, level: level, using: sha256, completed: completed)
      rest -= 1 << level
    }
  }

  /// The root of the whole tree; a lone right node is promoted.
  package func root(using sha256: SHA256) -> Digest {
    guard var root = nodes.last else { return .emptyTree }
    for node in nodes.dropLast().reversed() { root = sha256.node(node, root) }
    return root
  }

  /// The root over `leaves`, for lists that are hashed once.
  package static func root(over leaves: some Sequence<Digest>) -> Digest {
    let sha256 = SHA256()
    var frontier = TreeFrontier()
    for leaf in leaves { frontier.append(leaf, using: sha256) }
    return frontier.root(using: sha256)
  }
}
