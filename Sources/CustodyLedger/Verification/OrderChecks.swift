/// Something that may occur once in a ledger: an event id, or a nonce under a key.
package struct UniqueEntry: BitwiseCopyable, Sendable {
  /// The id itself, or half of a hash.
  package let key: EventID
  package let position: Int

  package init(key: EventID, position: Int) {
    self.key = key
    self.position = position
  }

  /// Calls `each` with the entries that occur again, and with the position where each first stood.
  ///
  /// - Parameter seed: random, because a hostile ledger chooses its ids so that they collide under
  ///   a hash that it knows.
  package static func forEachRepeated(
    in entries: [UniqueEntry], seed: HashSeed, _ each: (_ first: Int, _ again: Int) -> Void
  ) {
    // Slots hold an index + 1.
    let capacity = 1 << (Int.bitWidth - max(1, entries.count * 2 - 1).leadingZeroBitCount)
    var slots = [Int32](repeating: 0, count: max(2, capacity))
    for (index, entry) in entries.enumerated() {
      var slot = Int(truncatingIfNeeded: entry.key.hash(seed)) & (slots.count - 1)
      while slots[slot] != 0, entries[Int(slots[slot]) - 1].key != entry.key {
        slot = (slot + 1) & (slots.count - 1)
      }
      if slots[slot] == 0 {
        slots[slot] = Int32(index + 1)
      } else {
        let other = entries[Int(slots[slot]) - 1].position
        each(min(other, entry.position), max(other, entry.position))
      }
    }
  }
}

/// Two random words that make a hash of ids unpredictable.
package struct HashSeed: Sendable {
  let high: UInt64
  let low: UInt64

  package init(_ high: UInt64, _ low: UInt64) {
    self.high = high
    self.low = low
  }
}

extension EventID {
  /// Spreads ids over buckets and slots: the folded product of both words, each under a seed.
  package func hash(_ seed: HashSeed) -> UInt64 {
    withUnsafeBytes {
      let high = $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self) ^ seed.high
      let low = $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self) ^ seed.low
      let product = high.multipliedFullWidth(by: low)
      return product.high ^ product.low
    }
  }
}

/// Consecutive revisions of one stream, as one part of the ledger shows them.
package struct StreamRun: BitwiseCopyable, Sendable {
  /// Half of the SHA-256 of the stream's name.
  package let stream: EventID
  package let firstPosition: Int
  package let firstRevision: Int
  package private(set) var lastRevision: Int

  init(stream: EventID, position: Int, revision: Int) {
    self.stream = stream
    firstPosition = position
    firstRevision = revision
    lastRevision = revision
  }

  /// A type or an actor: a name that is used, without revisions.
  init(name: EventID) {
    stream = name
    firstPosition = -1
    firstRevision = -1
    lastRevision = -1
  }

  /// Whether `revision` is the next one; it becomes the last.
  mutating func extend(to revision: Int) -> Bool {
    defer { lastRevision = revision }
    // A hostile ledger may name the largest number there is.
    return revision == lastRevision &+ 1
  }

  /// Adds findings where the runs of a stream do not follow each other from revision 0; returns
  /// how many different names there are.
  ///
  /// `runs` holds all runs of each name that it holds any of.
  package static func check(_ runs: [StreamRun], _ findings: inout Findings) -> Int {
    let sorted = runs.sorted {
      $0.stream == $1.stream ? $0.firstPosition < $1.firstPosition : $0.stream < $1.stream
    }
    var names = 0
    var name: EventID?
    var expected = 0
    for run in sorted {
      if run.stream != name {
        names += 1
        name = run.stream
        expected = 0
      }
      guard run.firstPosition >= 0 else { continue }
      if run.firstRevision != expected {
        findings.add(
          Finding(
            .revisionGap, at: run.firstPosition, expected: "revision \(expected)",
            found: "revision \(run.firstRevision)"))
      }
      expected = run.lastRevision &+ 1
    }
    return names
  }
}
