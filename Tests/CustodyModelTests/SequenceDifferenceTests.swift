import CustodyModel
import CustodyTesting
import Testing

@Suite("The difference of two sequences")
struct SequenceDifferenceTests {
  /// What both sides keep; the same when the difference is one.
  private static func kept<Element: Hashable>(
    _ difference: SequenceDifference, _ old: [Element], _ new: [Element]
  ) -> (old: [Element], new: [Element]) {
    (
      zip(old, difference.isRemoved).filter { !$0.1 }.map(\.0),
      zip(new, difference.isAdded).filter { !$0.1 }.map(\.0)
    )
  }

  /// The length of the longest common subsequence, by the table of all pairs.
  private static func longestCommon(_ old: [Int], _ new: [Int]) -> Int {
    var row = [Int](repeating: 0, count: new.count + 1)
    for element in old {
      var diagonal = 0
      for index in new.indices {
        let above = row[index + 1]
        row[index + 1] = element == new[index] ? diagonal + 1 : max(above, row[index])
        diagonal = above
      }
    }
    return row[new.count]
  }

  @Test("keeps as much of small sequences as can be kept", arguments: 0..<400)
  func smallest(seed: Int) {
    var random = SeededGenerator(seed)
    let symbols = Int.random(in: 1...6, using: &random)
    func sequence() -> [Int] {
      (0..<Int.random(in: 0...40, using: &random)).map { _ in
        Int.random(in: 0..<symbols, using: &random)
      }
    }
    let (old, new) = (sequence(), sequence())
    let difference = SequenceDifference(old, new)
    let kept = Self.kept(difference, old, new)
    #expect(kept.old == kept.new)
    #expect(kept.old.count == Self.longestCommon(old, new), "\(old) \(new)")
  }

  @Test("is one also where the search is cut short, and comes in time", arguments: 0..<3)
  func large(seed: Int) {
    var random = SeededGenerator(seed)
    func sequence() -> [Int] {
      (0..<10_000).map { _ in Int.random(in: 0..<[2, 50, 5000][seed], using: &random) }
    }
    let (old, new) = (sequence(), sequence())
    let start = ContinuousClock.now
    let difference = SequenceDifference(old, new)
    // Half a minute is for a debug build on a busy machine; without the cut it takes many.
    #expect(ContinuousClock.now - start < .seconds(30))
    let kept = Self.kept(difference, old, new)
    #expect(kept.old == kept.new)
    #expect(!kept.old.isEmpty)
  }

  @Test("of sequences that have nothing in common, or all, is all or nothing")
  func extremes() {
    let numbers = Array(0..<100_000)
    let same = SequenceDifference(numbers, numbers)
    #expect(!same.isRemoved.contains(true) && !same.isAdded.contains(true))
    let other = SequenceDifference(numbers, numbers.map { $0 + 1_000_000 })
    #expect(!other.isRemoved.contains(false) && !other.isAdded.contains(false))
    let empty = SequenceDifference([Int](), numbers)
    #expect(empty.isRemoved.isEmpty && !empty.isAdded.contains(false))
  }
}
