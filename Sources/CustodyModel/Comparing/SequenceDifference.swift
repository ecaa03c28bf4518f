/// Which elements of two sequences have no counterpart in the other, in order.
///
/// Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), in the form that needs linear
/// space. Where two stretches differ in more than about ``costMax`` elements the difference may not
/// be the smallest, but is always one: what is left of both sides is the same.
package struct SequenceDifference: Sendable {
  /// For each element of the older side, whether the newer lacks it.
  package private(set) var isRemoved: [Bool]
  /// For each element of the newer side, whether the older lacks it.
  package private(set) var isAdded: [Bool]

  /// How many steps are looked ahead from both ends before a stretch is parted where it looks best.
  private static let costMax = 1024

  /// Cost: time that grows with the elements and with how many of them differ, memory of about 50
  /// bytes an element.
  package init<Element: Hashable>(_ old: [Element], _ new: [Element]) {
    isRemoved = Array(repeating: false, count: old.count)
    isAdded = Array(repeating: false, count: new.count)
    var start = 0
    while start < min(old.count, new.count), old[start] == new[start] { start += 1 }
    var end = 0
    while end < min(old.count, new.count) - start,
      old[old.count - 1 - end] == new[new.count - 1 - end]
    { end += 1 }

    // An element that only one side has is no part of what both have in common: without such
    // elements, the search is short even where nothing is alike.
    var numbers: [Element: Int32] = [:]
    for index in start..<new.count - end { numbers[new[index]] = 0 }
    var next: Int32 = 0
    var left = Stretch()
    for index in start..<old.count - end {
      guard let known = numbers[old[index]] else {
        isRemoved[index] = true
        continue
      }
      if known == 0 {
        next += 1
        numbers[old[index]] = next
      }
      left.append(known == 0 ? next : known, index)
    }
    var right = Stretch()
    for index in start..<new.count - end {
      let number = numbers[new[index]] ?? 0
      guard number > 0 else {
        isAdded[index] = true
        continue
      }
      right.append(number, index)
    }
    compare(left, right)
  }

  /// Elements as numbers, and where they stand.
  private struct Stretch {
    var numbers: [Int32] = []
    var places: [Int32] = []

    mutating func append(_ number: Int32, _ place: Int) {
      numbers.append(number)
      places.append(Int32(place))
    }
  }

  private mutating func compare(_ old: Stretch, _ new: Stretch) {
    old.numbers.withUnsafeBufferPointer { a in
      new.numbers.withUnsafeBufferPointer { b in
        var search = MiddleSearch(a, b, costMax: Self.costMax)
        var stretches = [(0..<a.count, 0..<b.count)]
        while let (x, y) = stretches.popLast() {
          var (x, y) = (x, y)
          while let one = x.first, let other = y.first, a[one] == b[other] {
            (x, y) = (x.dropFirst(), y.dropFirst())
          }
          while let one = x.last, let other = y.last, a[one] == b[other] {
            (x, y) = (x.dropLast(), y.dropLast())
          }
          if x.isEmpty || y.isEmpty {
            for index in x { isRemoved[Int(old.places[index])] = true }
            for index in y { isAdded[Int(new.places[index])] = true }
          } else {
            let middle = search.middle(of: x, y)
            stretches.append((x.lowerBound..<middle.x, y.lowerBound..<middle.y))
            stretches.append((middle.x..<x.upperBound, middle.y..<y.upperBound))
          }
        }
      }
    }
  }
}

/// Finds where a shortest path of edits passes its middle, from both ends at once.
private struct MiddleSearch {
  private let a: UnsafeBufferPointer<Int32>
  private let b: UnsafeBufferPointer<Int32>
  private let costMax: Int
  /// How far the paths on each diagonal `x - y` reach, from the start and from the end.
  private var forward: [Int]
  private var backward: [Int]
  private let offset: Int

  init(_ a: UnsafeBufferPointer<Int32>, _ b: UnsafeBufferPointer<Int32>, costMax: Int) {
    (self.a, self.b, self.costMax) = (a, b, costMax)
    offset = b.count + 1
    forward = Array(repeating: 0, count: a.count + b.count + 3)
    backward = forward
  }

  /// Where to part two stretches, neither of them empty, whose first and last elements differ.
  mutating func middle(of xs: Range<Int>, _ ys: Range<Int>) -> (x: Int, y: Int) {
    let diagonals = xs.lowerBound - ys.upperBound...xs.upperBound - ys.lowerBound
    let (first, last) = (xs.lowerBound - ys.lowerBound, xs.upperBound - ys.upperBound)
    let isOdd = (first - last) % 2 != 0
    var (low, high) = (first, first)
    var (backLow, backHigh) = (last, last)
    forward[offset + first] = xs.lowerBound
    backward[offset + last] = xs.upperBound
    var cost = 0
    while true {
      cost += 1
      Self.widen(&low, &high, in: diagonals, &forward, offset, outside: -1)
      for diagonal in stride(from: high, through: low, by: -2) {
        let (below, above) = (forward[offset + diagonal - 1], forward[offset + diagonal + 1])
        var x = below < above ? above : below + 1
        while x < xs.upperBound, x - diagonal < ys.upperBound, a[x] == b[x - diagonal] { x += 1 }
        forward[offset + diagonal] = x
        if isOdd, backLow <= diagonal, diagonal <= backHigh, backward[offset + diagonal] <= x {
          return (x, x - diagonal)
        }
      }
      Self.widen(&backLow, &backHigh, in: diagonals, &backward, offset, outside: .max)
      for diagonal in stride(from: backHigh, through: backLow, by: -2) {
        let (below, above) = (backward[offset + diagonal - 1], backward[offset + diagonal + 1])
        var x = below < above ? below : above - 1
        while x > xs.lowerBound, x - diagonal > ys.lowerBound, a[x - 1] == b[x - diagonal - 1] {
          x -= 1
        }
        backward[offset + diagonal] = x
        if !isOdd, low <= diagonal, diagonal <= high, x <= forward[offset + diagonal] {
          return (x, x - diagonal)
        }
      }
      if cost >= costMax { return best(xs, ys, low...high, backLow...backHigh) }
    }
  }

  /// The diagonals of the next step: one more at each side, or one less at the edge.
  private static func widen(
    _ low: inout Int, _ high: inout Int, in diagonals: ClosedRange<Int>, _ reach: inout [Int],
    _ offset: Int, outside: Int
  ) {
    if low > diagonals.lowerBound {
      low -= 1
      reach[offset + low - 1] = outside
    } else {
      low += 1
    }
    if high < diagonals.upperBound {
      high += 1
      reach[offset + high + 1] = outside
    } else {
      high -= 1
    }
  }

  /// The point that has come furthest, from the start or from the end.
  private func best(
    _ xs: Range<Int>, _ ys: Range<Int>, _ diagonals: ClosedRange<Int>, _ back: ClosedRange<Int>
  ) -> (x: Int, y: Int) {
    var furthest = (x: xs.lowerBound, y: ys.lowerBound)
    for diagonal in stride(from: diagonals.upperBound, through: diagonals.lowerBound, by: -2) {
      let x = min(forward[offset + diagonal], xs.upperBound, ys.upperBound + diagonal)
      if x + x - diagonal > furthest.x + furthest.y { furthest = (x, x - diagonal) }
    }
    var nearest = (x: xs.upperBound, y: ys.upperBound)
    for diagonal in stride(from: back.upperBound, through: back.lowerBound, by: -2) {
      let x = max(backward[offset + diagonal], xs.lowerBound, ys.lowerBound + diagonal)
      if x + x - diagonal < nearest.x + nearest.y { nearest = (x, x - diagonal) }
    }
    let passed = furthest.x + furthest.y - xs.lowerBound - ys.lowerBound
    let left = xs.upperBound + ys.upperBound - nearest.x - nearest.y
    return left > passed ? nearest : furthest
  }
}
