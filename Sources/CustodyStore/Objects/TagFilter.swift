import CustodyLedger
import Synchronization

/// Tells most contents that are not stored from those that may be, without asking the database: a
/// Bloom filter (https://doi.org/10.1145/362686.362692) of the tags there are.
///
/// Made once so many look-ups found nothing that reading all tags in one go costs less than more of
/// them. A commit that finds its contents never makes one.
package final class TagFilter: Sendable {
  private enum State {
    /// Look-ups that found nothing, and tags that were added meanwhile.
    case waiting(misses: Int, added: [ObjectStore.Tag])
    case made(Bits)
  }

  private static let missCountMax = 4096

  private let state = Mutex<State>(.waiting(misses: 0, added: []))
  private let expected: Int

  /// - Parameter expected: how many tags may be added.
  package init(expecting expected: Int) { self.expected = expected }

  /// Says that a tag is there, or will be.
  package func insert(_ tag: ObjectStore.Tag) {
    state.withLock { state in
      switch state {
      case .waiting(let misses, var added):
        state = .waiting(misses: 0, added: [])
        added.append(tag)
        state = .waiting(misses: misses, added: added)
      case .made(var bits):
        state = .waiting(misses: 0, added: [])
        bits.insert(tag)
        state = .made(bits)
      }
    }
  }

  /// False when a tag is certainly not there.
  package func mayHold(_ tag: ObjectStore.Tag) -> Bool {
    state.withLock { state in
      if case .made(let bits) = state { bits.mayHold(tag) } else { true }
    }
  }

  /// Says that a look-up found nothing.
  package func missed(_ reader: ObjectReader) throws {
    try state.withLock { state in
      guard case .waiting(let misses, let added) = state else { return }
      guard misses >= Self.missCountMax else {
        state = .waiting(misses: misses + 1, added: added)
        return
      }
      var bits = Bits(count: try reader.objectCountMax() + max(expected, added.count))
      try reader.forEachTag { bits.insert($0) }
      for tag in added { bits.insert(tag) }
      state = .made(bits)
    }
  }
}

extension TagFilter {
  /// Twelve bits or more for each tag, three of them set: one in a hundred that are not there looks
  /// as if it were.
  fileprivate struct Bits {
    private var words: [UInt64]
    private let mask: UInt64
    private static let bitsPerTag = 12
    /// 64 MiB: enough for 40 million.
    private static let wordCounts = 1 << 10...1 << 23

    init(count: Int) {
      var wordCount = Self.wordCounts.lowerBound
      while wordCount < Self.wordCounts.upperBound, wordCount * 64 < count * Self.bitsPerTag {
        wordCount *= 2
      }
      words = Array(repeating: 0, count: wordCount)
      mask = UInt64(wordCount * 64 - 1)
    }

    mutating func insert(_ tag: ObjectStore.Tag) {
      let (first, step) = Self.parts(tag)
      for index in 0..<3 as Range<UInt64> {
        let bit = (first &+ index &* step) & mask
        words[Int(bit >> 6)] |= 1 << (bit & 63)
      }
    }

    func mayHold(_ tag: ObjectStore.Tag) -> Bool {
      let (first, step) = Self.parts(tag)
      for index in 0..<3 as Range<UInt64> {
        let bit = (first &+ index &* step) & mask
        guard words[Int(bit >> 6)] >> (bit & 63) & 1 == 1 else { return false }
      }
      return true
    }

    /// Tags are codes of an HMAC: their bits are as good as any hash.
    private static func parts(_ tag: ObjectStore.Tag) -> (first: UInt64, step: UInt64) {
      withUnsafeBytes(of: tag) {
        (
          $0.loadUnaligned(as: UInt64.self),
          $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self) | 1
        )
      }
    }
  }
}
