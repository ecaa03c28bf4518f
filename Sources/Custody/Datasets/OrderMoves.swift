/// Which rows of a table stand elsewhere: the fewest that, taken out, leave the rest of what both
/// sides have in the same order.
///
/// Memory: about 20 bytes a row.
struct OrderMoves {
  /// The place of each ordinal among the rows of a side, from 1; 0 when the side has it not.
  struct Places {
    private(set) var places: [UInt32] = []
    /// How many rows the side has.
    private(set) var count = 0
    /// Whether ordinals ascend with places.
    private(set) var isAscending = true
    private var last = -1

    subscript(ordinal: Int) -> Int { ordinal < places.count ? Int(places[ordinal]) : 0 }

    mutating func add(_ ordinal: Int) {
      if ordinal >= places.count {
        places.append(contentsOf: repeatElement(0, count: ordinal + 1 - places.count))
      }
      count += 1
      places[ordinal] = UInt32(count)
      if ordinal < last { isAscending = false }
      last = ordinal
    }

    /// A row that the other side cannot have.
    mutating func addForeign() { count += 1 }
  }

  let old: Places
  let new: Places
  /// Ordinals that moved, ascending.
  let ordinals: [Int]

  init(old: Places, new: Places) {
    (self.old, self.new) = (old, new)
    // The older side's places in the order of the newer, and which row each is.
    var shared = [UInt32](repeating: 0, count: new.count)
    var owners = shared
    for ordinal in new.places.indices where new[ordinal] > 0 && old[ordinal] > 0 {
      shared[new[ordinal] - 1] = UInt32(old[ordinal])
      owners[new[ordinal] - 1] = UInt32(ordinal)
    }
    let isAscending = zip(shared.lazy.filter { $0 > 0 }, shared.lazy.filter { $0 > 0 }.dropFirst())
      .allSatisfy { $0 < $1 }
    guard !isAscending else {
      ordinals = []
      return
    }
    let kept = Self.longestAscending(shared)
    ordinals = shared.indices.filter { shared[$0] > 0 && !kept[$0] }.map { Int(owners[$0]) }
      .sorted()
  }

  func hasMoved(_ ordinal: Int) -> Bool {
    var (low, high) = (0, ordinals.count)
    while low < high {
      let middle = (low + high) / 2
      if ordinals[middle] < ordinal { low = middle + 1 } else { high = middle }
    }
    return low < ordinals.count && ordinals[low] == ordinal
  }

  /// Which elements a longest ascending subsequence has; zeros are none (Fredman 1975).
  private static func longestAscending(_ sequence: [UInt32]) -> [Bool] {
    // One more than the index, so that 0 is none: the smallest end of a subsequence of each length,
    // and what stands before each element in the longest that ends with it.
    var ends: [UInt32] = []
    var before = [UInt32](repeating: 0, count: sequence.count)
    for index in sequence.indices where sequence[index] > 0 {
      var (low, high) = (0, ends.count)
      while low < high {
        let middle = (low + high) / 2
        let isBelow = sequence[Int(ends[middle]) - 1] < sequence[index]
        if isBelow { low = middle + 1 } else { high = middle }
      }
      before[index] = low > 0 ? ends[low - 1] : 0
      if low == ends.count { ends.append(UInt32(index + 1)) } else { ends[low] = UInt32(index + 1) }
    }
    var kept = [Bool](repeating: false, count: sequence.count)
    var at = ends.last ?? 0
    while at > 0 {
      kept[Int(at) - 1] = true
      at = before[Int(at) - 1]
    }
    return kept
  }
}
