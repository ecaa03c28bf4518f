import CustodyLedger
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Needles")
struct NeedleTests {
  @Test("are found wherever they stand, and nothing else is taken for one", arguments: 0..<8)
  func found(seed: Int) throws {
    var random = SeededGenerator(seed)
    let temporary = try TemporaryStore()
    let path = "\(temporary.folder)/haystack"
    var needles = Needles()
    let sealed = random.bytes(Int.random(in: 16...9000, using: &random))
    needles.add(sealed)
    #expect(needles.count >= sealed.count / 2048)
    // Of several chunks, with needles at any place, at both ends and across borders.
    var bytes = random.bytes(9 << 20)
    let size = 16
    var places = [0, bytes.count - size, (4 << 20) - 3, (8 << 20) - 13]
    for _ in 0..<20 { places.append(Int.random(in: 100_000..<4_000_000, using: &random) / 40 * 40) }
    places = Set(places).sorted()
    for (index, place) in places.enumerated() {
      let start = index % needles.count * size
      bytes.replaceSubrange(place..<place + size, with: needles.bytes[start..<start + size])
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let scan = NeedleScan(needles)
    #expect(try scan.search([path]).remnants == [path: places.count])
    for place in places {
      bytes[place + Int.random(in: 0..<size, using: &random)] ^= 1
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let result = try scan.search([path, "\(path)-gone"])
    #expect(result.remnants.isEmpty && result.byteCount == bytes.count && result.fileCount == 2)
  }

  @Test("of a small thing are two, of none there are none")
  func few() throws {
    var needles = Needles()
    needles.add([UInt8](repeating: 1, count: 15))
    #expect(needles.isEmpty)
    needles.add((0..<80).map { $0 })
    #expect(needles.count == 2)
    let temporary = try TemporaryStore()
    try Data(count: 100).write(to: URL(fileURLWithPath: "\(temporary.folder)/a"))
    #expect(try NeedleScan(Needles()).search(["\(temporary.folder)/a"]).remnants.isEmpty)
  }
}

@Suite("The erasure journal")
struct TombstoneJournalTests {
  private func tombstone(_ seed: Int) -> Tombstone {
    var random = SeededGenerator(seed)
    return Tombstone(
      request: EventID(random.bytes(16))!, incarnation: 1,
      keys: (0...seed).map { _ in KeyID(random.bytes(16))! }, needles: Digest(random.bytes(32))!)
  }

  @Test("is read as it was written")
  func written() throws {
    let temporary = try TemporaryStore()
    let path = "\(temporary.folder)/tombstones"
    var journal = try TombstoneJournal(path: path)
    for seed in 0..<5 { try journal.append([tombstone(seed)]) }
    let read = try TombstoneJournal(path: path)
    #expect(read.lines == (0..<5).map(tombstone))
    #expect(read.keys.count == 15)
  }

  @Test("a line that a kill cut short was never written, and the next one takes its place")
  func cutShort() throws {
    let temporary = try TemporaryStore()
    let path = "\(temporary.folder)/tombstones"
    var journal = try TombstoneJournal(path: path)
    try journal.append([tombstone(0)])
    let whole = try SmallFile.bytes(path)
    try journal.append([tombstone(1)])
    let both = try SmallFile.bytes(path)
    for count in whole.count..<both.count {
      try both.prefix(count).write(to: URL(fileURLWithPath: path))
      var cut = try TombstoneJournal(path: path)
      #expect(cut.lines == [tombstone(0)])
      try cut.append([tombstone(1)])
      #expect(try SmallFile.bytes(path) == both)
    }
  }

  @Test("every other byte and every line that is moved, doubled or missing is found")
  func tampered() throws {
    let temporary = try TemporaryStore()
    let path = "\(temporary.folder)/tombstones"
    var journal = try TombstoneJournal(path: path)
    for seed in 0..<3 { try journal.append([tombstone(seed)]) }
    let bytes = try SmallFile.bytes(path)
    for index in bytes.indices where bytes[index] != 0x0a {
      var other = bytes
      other[index] ^= 1
      try other.write(to: URL(fileURLWithPath: path))
      #expect(throws: CustodyError.self, "byte \(index)") { try TombstoneJournal(path: path) }
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { "\($0)\n" }
    for order in [[1, 0, 2], [0, 0, 1], [1, 2], [0, 2], [2]] {
      let text = order.map { lines[$0] }.joined()
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: CustodyError.self, "\(order)") { try TombstoneJournal(path: path) }
    }
  }

  private enum SmallFile {
    static func bytes(_ path: String) throws -> Data {
      try Data(contentsOf: URL(fileURLWithPath: path))
    }
  }
}
