/// Ordinals, a bit each: they are dense.
struct OrdinalSet {
  /// More than a dataset ever has: a file that says otherwise was not written by Custody.
  private static let possible = 0..<1 << 32

  private var words: [UInt64] = []
  private(set) var count = 0

  init() {}

  init(_ ordinals: [Int]) {
    for ordinal in ordinals { insert(ordinal) }
  }

  func contains(_ ordinal: Int) -> Bool {
    let word = ordinal >> 6
    return word < words.count && words[word] >> UInt64(ordinal & 63) & 1 == 1
  }

  mutating func insert(_ ordinal: Int) {
    guard Self.possible.contains(ordinal) else { return }
    let word = ordinal >> 6
    if word >= words.count {
      words.append(contentsOf: repeatElement(0, count: word + 1 - words.count))
    }
    if !contains(ordinal) { count += 1 }
    words[word] |= 1 << UInt64(ordinal & 63)
  }

  mutating func subtract(_ other: OrdinalSet) {
    for word in words.indices.prefix(other.words.count) {
      count -= (words[word] & other.words[word]).nonzeroBitCount
      words[word] &= ~other.words[word]
    }
  }
}
