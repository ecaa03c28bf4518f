import CustodyLedger
import Testing

@Suite("Raw DEFLATE")
struct DeflateTests {
  private func expand(_ bytes: [UInt8], limit: Int = 1 << 24) -> [UInt8]? {
    bytes.withUnsafeBytes { Deflate.expand($0, limit: limit) }
  }

  private func compress(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { Deflate.compress($0) }
  }

  /// Bytes that shrink, but not to nothing.
  private func text(_ count: Int, _ random: inout TestRandom) -> [UInt8] {
    (0..<count).map { _ in "etaoin shrdlu".utf8.randomElement(using: &random)! }
  }

  @Test(
    "what is compressed expands to itself",
    arguments: [0, 1, 100, 4096, 65_535, 65_536, 65_537, 300_000])
  func roundTrip(size: Int) {
    var random = TestRandom(seed: UInt64(size))
    for content in [random.bytes(size), text(size, &random), [UInt8](repeating: 0, count: size)] {
      #expect(expand(compress(content)) == content)
      #expect(expand(compress(content), limit: size) == content)
    }
  }

  // RFC 1951 §3.2: a stored block, one with the fixed codes, and one of a distance too far back.
  @Test("streams of other encoders are read")
  func others() {
    #expect(expand([0x01, 0x03, 0x00, 0xfc, 0xff, 0x61, 0x62, 0x63]) == Array("abc".utf8))
    #expect(expand([0x4b, 0x4c, 0x4a, 0x06, 0x00]) == Array("abc".utf8))
    #expect(expand([0x03, 0x00]) == [])
    // Empty stored blocks before the last one: many ways to write one content.
    #expect(
      expand([0x00, 0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff, 0x03, 0x00]) == [])
    #expect(
      expand([0x01, 0x03, 0x00, 0xfc, 0xfe, 0x61, 0x62, 0x63]) == nil, "length and complement")
    #expect(expand([0x07]) == nil, "a block type that is reserved")
    #expect(expand([0x78, 0x9c, 0x4b, 0x4c, 0x4a, 0x06, 0x00]) == nil, "a zlib header")
  }

  @Test("a bomb makes no more than the limit, to the byte")
  func bombs() {
    let size = 20 << 20
    let bomb = compress([UInt8](repeating: 0, count: size))
    #expect(bomb.count < 25_000)
    // Counts are compared, so that a failure does not print mebibytes.
    #expect(expand(bomb, limit: size)?.count == size)
    for limit in [0, 1, 65_535, 65_536, 65_537, 1 << 24, size - 1] {
      #expect(expand(bomb, limit: limit)?.count == nil, "limit \(limit)")
    }
    #expect(expand(compress([]), limit: 0) == [])
    #expect(expand(compress([1]), limit: 0) == nil)
  }

  @Test("bytes after the end are refused")
  func trailing() {
    var random = TestRandom(seed: 1)
    for content in [[], text(100, &random), text(100_000, &random)] {
      let compressed = compress(content)
      for count in [1, 2, 5, 100] { #expect(expand(compressed + random.bytes(count)) == nil) }
      #expect(expand(compressed + [0]) == nil)
      #expect(expand(compressed + compressed) == nil)
    }
  }

  @Test("every beginning of a stream is refused")
  func truncated() {
    var random = TestRandom(seed: 2)
    let compressed = compress(text(500, &random))
    for count in compressed.indices { #expect(expand(Array(compressed[..<count])) == nil) }
    let long = compress(text(200_000, &random))
    for count in stride(from: 0, to: long.count, by: 997) {
      #expect(expand(Array(long[..<count])) == nil)
    }
  }

  @Test("damaged streams end within the limit", arguments: 0..<100 as Range<UInt64>)
  func damaged(seed: UInt64) {
    var random = TestRandom(seed: seed)
    let compressed = compress(text(2000, &random))
    for _ in 0..<10 {
      let at = Int.random(in: compressed.indices, using: &random)
      let content = expand(
        compressed.flipping(at, by: UInt8.random(in: 1...255, using: &random)), limit: 10_000)
      #expect((content ?? []).count <= 10_000)
    }
  }

  @Test("contents are compressed from 4 KiB on, and only when they shrink")
  func worthwhile() throws {
    var random = TestRandom(seed: 3)
    func result(_ content: [UInt8]) -> [UInt8]? {
      content.withUnsafeBytes { Deflate.compressIfWorthwhile($0) }
    }
    #expect(result(text(4095, &random)) == nil)
    let content = text(4096, &random)
    #expect(expand(try #require(result(content))) == content)
    #expect(result(random.bytes(100_000)) == nil)
    // The sample from the middle decides.
    let zeros = [UInt8](repeating: 0, count: 50_000)
    #expect(result(zeros + random.bytes(10_000) + zeros) == nil)
    let mixed = random.bytes(2000) + zeros + random.bytes(2000)
    #expect(expand(try #require(result(mixed))) == mixed)
  }
}
