/// A set of positions as bits: a hole or a purge can cover millions.
struct PositionSet {
  private var words: [Int: [UInt64]] = [:]
  private static let wordsPerPage = 64
  private static let pageSize = wordsPerPage * 64

  mutating func insert(_ position: Int) {
    let page = position / Self.pageSize
    let bit = position % Self.pageSize
    words[page, default: [UInt64](repeating: 0, count: Self.wordsPerPage)][bit / 64] |=
      1 << UInt64(bit % 64)
  }

  func contains(_ position: Int) -> Bool {
    guard let page = words[position / Self.pageSize] else { return false }
    let bit = position % Self.pageSize
    return page[bit / 64] >> UInt64(bit % 64) & 1 == 1
  }

  /// All members, ascending.
  func forEach(_ body: (Int) -> Void) {
    for (page, bits) in words.sorted(by: { $0.key < $1.key }) {
      for (index, word) in bits.enumerated() where word != 0 {
        for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 {
          body(page * Self.pageSize + index * 64 + bit)
        }
      }
    }
  }
}
