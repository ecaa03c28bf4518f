/// The tiles over leaves that come one after another.
package struct TileStack {
  /// A tile, whole or the last of its level.
  package struct Tile: Sendable {
    package let level: Int
    package let place: Int
    package let hashes: [Digest]

    /// Where its file stands, as C2SP tlog-tiles says.
    package var name: String { TileLayout.tile(level: level, place: place, width: hashes.count) }
    package var bytes: [UInt8] { hashes.flatMap(\.bytes) }
  }

  /// How many leaves there are.
  package private(set) var size = 0
  /// For each level the hashes of the tile that is not whole.
  private var levels: [[Digest]] = [[]]

  package init() {}

  /// Takes a leaf.
  ///
  /// - Returns: the tiles that are whole now.
  package mutating func append(_ leaf: Leaf) -> [Tile] {
    size += 1
    var whole: [Tile] = []
    var hash = leaf
    for level in 0... {
      if level == levels.count { levels.append([]) }
      levels[level].append(hash)
      guard levels[level].count == TileLayout.width else { break }
      whole.append(
        Tile(level: level, place: size >> (8 * (level + 1)) - 1, hashes: levels[level]))
      hash = TreeFrontier.root(over: levels[level])
      levels[level].removeAll(keepingCapacity: true)
    }
    return whole
  }

  /// The tiles at the right that are not whole.
  package var partial: [Tile] {
    levels.indices.filter { !levels[$0].isEmpty }.map { level in
      Tile(level: level, place: size >> (8 * (level + 1)), hashes: levels[level])
    }
  }
}
