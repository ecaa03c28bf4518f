import CustodyLedger
import Testing

@Suite("The tree is RFC 6962's")
struct TreeLawTests {
  static let leaves: [Digest] = {
    var random = TestRandom(seed: 6962)
    return (0..<320).map { _ in random.fixed() }
  }()

  private let sha256 = SHA256()

  private func grown(_ leaves: some Sequence<Digest>) -> TreeFrontier {
    var frontier = TreeFrontier()
    for leaf in leaves { frontier.append(leaf, using: sha256) }
    return frontier
  }

  // MARK: Roots

  @Test("a frontier grown leaf by leaf has the root of the definition", arguments: 0...40)
  func everySmallRoot(size: Int) {
    let leaves = Self.leaves.prefix(size)
    let frontier = grown(leaves)
    #expect(frontier.size == size)
    #expect(frontier.nodes.count == size.nonzeroBitCount)
    #expect(frontier.root(using: sha256) == DefinedTree.root(leaves))
    #expect(TreeFrontier.root(over: leaves) == DefinedTree.root(leaves))
    #expect(
      TreeReader(LeafSource(leaves: Self.leaves)).root(size: size) == DefinedTree.root(leaves))
  }

  @Test("so has one of any size, however its leaves arrive", arguments: 0..<60 as Range<UInt64>)
  func anyRoot(seed: UInt64) {
    var random = TestRandom(seed: seed)
    let leaves = Self.leaves.prefix(Int.random(in: 41...320, using: &random))
    let cut = Int.random(in: 0...leaves.count, using: &random)
    let root = DefinedTree.root(leaves)
    #expect(grown(leaves).root(using: sha256) == root)

    // A second frontier can be appended whole where its largest subtree fits.
    var frontier = grown(leaves.prefix(cut))
    let room = cut == 0 ? 320 : 1 << cut.trailingZeroBitCount
    let second = leaves.dropFirst(cut).prefix(room)
    var completed: [String] = []
    frontier.append(grown(second), using: sha256) { level, place, node in
      completed.append("\(level) \(place)")
      #expect(
        node == LeafSource(leaves: Self.leaves).subtree(level: level, place: place),
        "level \(level), place \(place)")
    }
    #expect(frontier == grown(leaves.prefix(cut + second.count)))
    #expect(Set(completed).count == completed.count)
  }

  @Test("every subtree that an append completes is told, with its place")
  func completions() {
    var frontier = TreeFrontier()
    var told: [[Int]] = []
    for leaf in Self.leaves.prefix(16) {
      frontier.append(subtree: leaf, level: 0, using: sha256) { level, place, node in
        told.append([level, place])
        #expect(node == LeafSource(leaves: Self.leaves).subtree(level: level, place: place))
      }
    }
    #expect(
      told == [
        [1, 0], [1, 1], [2, 0], [1, 2], [1, 3], [2, 1], [3, 0], [1, 4], [1, 5], [2, 2], [1, 6],
        [1, 7], [2, 3], [3, 1], [4, 0],
      ])
  }

  @Test("the empty tree is the hash of nothing")
  func emptyTree() {
    #expect(
      Digest.emptyTree.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(TreeFrontier().root(using: sha256) == .emptyTree)
  }

  // MARK: Inclusion

  @Test("every inclusion path of small trees is the definition's, and verifies", arguments: 1...40)
  func everySmallInclusion(size: Int) {
    let leaves = Self.leaves.prefix(size)
    let reader = TreeReader(LeafSource(leaves: Self.leaves))
    let root = DefinedTree.root(leaves)
    for index in 0..<size {
      let path = reader.inclusionPath(index: index, size: size)
      #expect(path == DefinedTree.path(index, leaves), "index \(index)")
      func includes(
        _ leaf: Digest? = nil, index: Int = index, size: Int = size, path: [Digest] = path,
        root: Digest = root
      ) -> Bool {
        TreeProof.includes(
          leaf ?? leaves[index], index: index, size: size, path: path, root: root)
      }
      #expect(includes(), "index \(index)")
      #expect(!includes(leaves[index].flipping(index % 32)))
      #expect(!includes(root: root.flipping(index % 32)))
      #expect(!includes(path: path + [root]))
      #expect(!includes(path: [root] + path))
      for at in path.indices {
        var changed = path
        changed[at] = changed[at].flipping(index % 32)
        #expect(!includes(path: changed), "index \(index), hash \(at)")
        changed.remove(at: at)
        #expect(!includes(path: changed), "index \(index), without hash \(at)")
        changed = path
        changed.insert(path[at], at: at)
        #expect(!includes(path: changed), "index \(index), hash \(at) twice")
      }
      for other in -1...size where other != index {
        #expect(!includes(leaves[index], index: other), "index \(index) as \(other)")
      }
    }
  }

  @Test(
    "a path proves an index in another size exactly when the way to the root is the same there",
    arguments: 1...40)
  func otherSizes(size: Int) {
    // The root does not say how many leaves it covers; only the signed checkpoint does.
    let leaves = Self.leaves.prefix(size)
    let root = DefinedTree.root(leaves)
    for index in 0..<size {
      let path = DefinedTree.path(index, leaves)
      for other in 0...2 * size + 1 {
        let isSameWay =
          index < other && DefinedTree.sides(index, other) == DefinedTree.sides(index, size)
        #expect(
          TreeProof.includes(leaves[index], index: index, size: other, path: path, root: root)
            == isSameWay, "index \(index), size \(size) as \(other)")
      }
    }
  }

  @Test(
    "inclusion holds in larger trees, and no changed hash passes",
    arguments: 0..<80 as Range<UInt64>)
  func anyInclusion(seed: UInt64) throws {
    var random = TestRandom(seed: seed)
    let size = Int.random(in: 41...320, using: &random)
    let index = Int.random(in: 0..<size, using: &random)
    let leaves = Self.leaves.prefix(size)
    let path = TreeReader(LeafSource(leaves: Self.leaves)).inclusionPath(index: index, size: size)
    let root = DefinedTree.root(leaves)
    #expect(path == DefinedTree.path(index, leaves))
    #expect(
      TreeProof.includes(leaves[index], index: index, size: size, path: path, root: root))
    let at = try #require(path.indices.randomElement(using: &random))
    var changed = path
    changed[at] = changed[at].flipping(
      Int.random(in: 0..<32, using: &random), by: 1 << UInt8.random(in: 0...7, using: &random))
    #expect(
      !TreeProof.includes(leaves[index], index: index, size: size, path: changed, root: root))
  }

  // MARK: Consistency

  @Test(
    "every consistency proof of small trees is the definition's, and verifies", arguments: 1...40)
  func everySmallConsistency(new: Int) {
    let leaves = Self.leaves.prefix(new)
    let reader = TreeReader(LeafSource(leaves: Self.leaves))
    let newRoot = DefinedTree.root(leaves)
    for old in 1...new {
      let path = reader.consistencyPath(old: old, new: new)
      #expect(path == DefinedTree.proof(old, leaves), "old \(old)")
      let oldRoot = DefinedTree.root(leaves.prefix(old))
      func isConsistent(
        oldRoot: Digest = oldRoot, newRoot: Digest = newRoot, path: [Digest] = path
      ) -> Bool {
        let answer = TreeProof.isConsistent(
          old: old, oldRoot: oldRoot, new: new, newRoot: newRoot, path: path)
        #expect(
          answer
            == TreeProof.extends(
              old: old, oldRoot: oldRoot, new: new, newRoot: newRoot, path: path))
        return answer
      }
      #expect(isConsistent(), "old \(old)")
      #expect(!isConsistent(oldRoot: oldRoot.flipping(old % 32)), "old \(old)")
      #expect(!isConsistent(newRoot: newRoot.flipping(old % 32)), "old \(old)")
      #expect(!isConsistent(path: path + [newRoot]))
      #expect(!isConsistent(path: [oldRoot] + path))
      for at in path.indices {
        var changed = path
        changed[at] = changed[at].flipping(old % 32)
        #expect(!isConsistent(path: changed), "old \(old), hash \(at)")
        changed.remove(at: at)
        #expect(!isConsistent(path: changed), "old \(old), without hash \(at)")
      }
    }
  }

  @Test(
    "a proof holds between other sizes exactly when both roots are put together the same way",
    arguments: 1...20)
  func otherConsistency(new: Int) {
    let newRoot = DefinedTree.root(Self.leaves.prefix(new))
    for old in 1..<new {
      let oldRoot = DefinedTree.root(Self.leaves.prefix(old))
      let path = DefinedTree.proof(old, Self.leaves.prefix(new))
      let recipe = DefinedTree.recipe(old, new)
      for otherNew in 0...new + 5 {
        for otherOld in 0...new + 5 {
          let isSame =
            1 <= otherOld && otherOld < otherNew
            && DefinedTree.recipe(otherOld, otherNew) == recipe
          #expect(
            TreeProof.isConsistent(
              old: otherOld, oldRoot: oldRoot, new: otherNew, newRoot: newRoot, path: path)
              == isSame, "\(old) to \(new) as \(otherOld) to \(otherNew)")
        }
      }
    }
  }

  @Test("a tree does not extend another with the same leaves in another order", arguments: 2...40)
  func forks(size: Int) {
    var swapped = Array(Self.leaves.prefix(size))
    swapped.swapAt(0, size - 1)
    let reader = TreeReader(LeafSource(leaves: swapped))
    let newRoot = reader.root(size: size)
    for old in 1..<size {
      let oldRoot = DefinedTree.root(Self.leaves.prefix(old))
      #expect(
        !TreeProof.isConsistent(
          old: old, oldRoot: oldRoot, new: size, newRoot: newRoot,
          path: reader.consistencyPath(old: old, new: size)), "old \(old)")
    }
  }

  @Test(
    "a path longer than the tree is high proves nothing, whatever it hashes to", arguments: 1...40)
  func longPaths(size: Int) {
    let leaves = Self.leaves.prefix(size)
    let (root, extra) = (DefinedTree.root(leaves), Self.leaves[300])
    // Roots that a verifier would reach if it went on hashing after the tree's own root.
    let above = [sha256.node(extra, root), sha256.node(root, extra)]
    for index in 0..<size {
      let path = DefinedTree.path(index, leaves) + [extra]
      for root in above {
        #expect(
          !TreeProof.includes(leaves[index], index: index, size: size, path: path, root: root))
      }
    }
    for old in 1..<max(size, 2) where old < size {
      let oldRoot = DefinedTree.root(leaves.prefix(old))
      let path = DefinedTree.proof(old, leaves) + [extra]
      for newRoot in above {
        for oldRoot in [oldRoot, sha256.node(extra, oldRoot), sha256.node(oldRoot, extra)] {
          #expect(
            !TreeProof.isConsistent(
              old: old, oldRoot: oldRoot, new: size, newRoot: newRoot, path: path))
        }
      }
    }
  }

  @Test("only the witness protocol's rule knows the empty tree, and only with an empty proof")
  func extendsNothing() {
    let (root, empty) = (Self.leaves[0], Digest.emptyTree)
    #expect(!TreeProof.isConsistent(old: 0, oldRoot: empty, new: 1, newRoot: root, path: []))
    #expect(!TreeProof.isConsistent(old: 0, oldRoot: empty, new: 0, newRoot: empty, path: []))
    #expect(TreeProof.extends(old: 0, oldRoot: empty, new: 1, newRoot: root, path: []))
    #expect(TreeProof.extends(old: 0, oldRoot: empty, new: 0, newRoot: empty, path: []))
    #expect(!TreeProof.extends(old: 0, oldRoot: empty, new: 1, newRoot: root, path: [root]))
    #expect(!TreeProof.extends(old: 0, oldRoot: root, new: 1, newRoot: root, path: []))
    #expect(!TreeProof.extends(old: 0, oldRoot: empty, new: -1, newRoot: root, path: []))
    // "If the old size matches the checkpoint size, ... the root hashes are also identical."
    #expect(!TreeProof.extends(old: 0, oldRoot: empty, new: 0, newRoot: root, path: []))
  }
}
