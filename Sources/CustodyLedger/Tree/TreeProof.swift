/// Checks of RFC 9162 §2.1.3.2 and §2.1.4.2: proofs are hostile until these say otherwise.
package enum TreeProof {
  /// No tree of 2⁶³ leaves needs more.
  package static let hashCountMax = 63

  /// Whether `path` leads from `leaf` at `index` to `root` in a tree of `size` leaves.
  package static func includes(
    _ leaf: Leaf, index: Int, size: Int, path: [Digest], root: Digest
  ) -> Bool {
    guard index >= 0, index < size else { return false }
    let sha256 = SHA256()
    var node = leaf
    var first = index
    var last = size - 1
    for sibling in path {
      if last == 0 { return false }
      if first & 1 == 1 || first == last {
        node = sha256.node(sibling, node)
        while first & 1 == 0 && first != 0 {
          first >>= 1
          last >>= 1
        }
      } else {
        node = sha256.node(node, sibling)
      }
      first >>= 1
      last >>= 1
    }
    return last == 0 && node == root
  }

  /// Whether the tree (`new`, `newRoot`) extends the tree (`old`, `oldRoot`), both not empty.
  ///
  /// RFC 9162 defines no proof from the empty tree; see ``extends(old:oldRoot:new:newRoot:path:)``.
  package static func isConsistent(
    old: Int, oldRoot: Digest, new: Int, newRoot: Digest, path: [Digest]
  ) -> Bool {
    guard old > 0, old <= new else { return false }
    if old == new { return path.isEmpty && oldRoot == newRoot }
    // "If first is an exact power of 2, then prepend first_hash to the consistency_path array."
    let path = old.nonzeroBitCount == 1 ? [oldRoot] + path : path
    guard let start = path.first else { return false }
    let sha256 = SHA256()
    var first = old - 1
    var last = new - 1
    while first & 1 == 1 {
      first >>= 1
      last >>= 1
    }
    var oldNode = start
    var newNode = start
    for hash in path.dropFirst() {
      if last == 0 { return false }
      if first & 1 == 1 || first == last {
        oldNode = sha256.node(hash, oldNode)
        newNode = sha256.node(hash, newNode)
        while first & 1 == 0 && first != 0 {
          first >>= 1
          last >>= 1
        }
      } else {
        newNode = sha256.node(newNode, hash)
      }
      first >>= 1
      last >>= 1
    }
    return last == 0 && oldNode == oldRoot && newNode == newRoot
  }

  /// The witness protocol's rule: every tree extends the empty one, with an empty proof.
  package static func extends(
    old: Int, oldRoot: Digest, new: Int, newRoot: Digest, path: [Digest]
  ) -> Bool {
    if old == 0 {
      guard path.isEmpty, oldRoot == .emptyTree else { return false }
      return new > 0 || (new == 0 && newRoot == .emptyTree)
    }
    return isConsistent(old: old, oldRoot: oldRoot, new: new, newRoot: newRoot, path: path)
  }
}
