import CustodyLedger
import Testing

@Suite("A range of leaves makes the root with the hashes of what lies outside")
struct RangeLawTests {
  private static let leaves = TreeLawTests.leaves

  private static func root(
    _ range: Range<Int>, _ size: Int, _ hashes: [Digest], _ leaves: some Sequence<Leaf>
  ) -> Digest? {
    var root = RangeRoot(of: range, size: size, outside: hashes)
    for leaf in leaves where !root.append(leaf) { return nil }
    return root.root()
  }

  @Test("every range of every small tree", arguments: 0...20)
  func everySmallRange(size: Int) {
    let reader = TreeReader(LeafSource(leaves: Self.leaves))
    let whole = DefinedTree.root(Self.leaves.prefix(size))
    for from in 0...size {
      for to in from...size {
        let (range, within) = (from..<to, Self.leaves[from..<to])
        let hashes = reader.hashes(outside: range, size: size)
        #expect(Self.root(range, size, hashes, within) == whole, "\(range) of \(size)")
        guard size > 0 else { continue }
        #expect(Self.root(range, size, hashes + [Self.leaves[0]], within) == nil)
        #expect(Self.root(range, size, hashes, within + [Self.leaves[0]]) == nil)
        if !hashes.isEmpty {
          #expect(Self.root(range, size, hashes.dropLast(), within) == nil)
          #expect(Self.root(range, size, Array(hashes.dropFirst()), within) == nil)
          #expect(Self.root(range, size, [Self.leaves[300]] + hashes.dropFirst(), within) != whole)
        }
        if !range.isEmpty {
          #expect(Self.root(range, size, hashes, within.dropLast()) == nil)
          #expect(Self.root(range, size, hashes, within.dropFirst()) == nil)
          #expect(Self.root(range, size, hashes, within.dropLast() + [Self.leaves[300]]) != whole)
        }
      }
    }
  }

  @Test("a hash more for each level at most, at either end")
  func count() {
    let reader = TreeReader(LeafSource(leaves: Self.leaves))
    #expect(reader.hashes(outside: 0..<320, size: 320).isEmpty)
    for start in 0..<319 {
      #expect(reader.hashes(outside: start..<start + 1, size: 320).count <= 9)
    }
  }

  @Test("tiles over any number of leaves are the subtrees", arguments: [1, 255, 256, 257, 319])
  func tiles(size: Int) {
    let source = LeafSource(leaves: Self.leaves)
    var stack = TileStack()
    let tiles = Self.leaves.prefix(size).flatMap { stack.append($0) } + stack.partial
    #expect(tiles.map(\.hashes.count).reduce(0, +) == size + size / 256)
    for tile in tiles {
      for (index, hash) in tile.hashes.enumerated() {
        let place = tile.place * 256 + index
        #expect(hash == source.subtree(level: tile.level * 8, place: place))
      }
    }
  }

  @Test("files of tiles stand where tlog-tiles says")
  func layout() {
    #expect(TileLayout.tile(level: 0, place: 1_234_067, width: 256) == "tile/0/x001/x234/067")
    #expect(TileLayout.tile(level: 1, place: 0, width: 5) == "tile/1/000.p/5")
    #expect(TileLayout.bundle(999, width: 256) == "tile/entries/999")
    #expect(TileLayout.bundle(1000, width: 1) == "tile/entries/x001/000.p/1")
  }
}
