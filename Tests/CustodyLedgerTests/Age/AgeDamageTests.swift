import CustodyLedger
import Testing

@Suite("Damaged age files")
struct AgeDamageTests {
  @Test("any single flipped bit of a file is found, in header and payload")
  func flippedBit() throws {
    let (identity, other) = (try AgeIdentity.test(seed: 1), try AgeIdentity.test(seed: 2))
    let file = try AgeFile.seal(
      Array("custody".utf8), to: [identity.recipient, other.recipient],
      random: AgeTestRandom.source(seed: 3))
    for offset in file.indices {
      for bit in 0..<8 {
        var damaged = file
        damaged[offset] ^= 1 << bit
        #expect(throws: AgeError.self, "bit \(bit) of byte \(offset)") {
          try AgeFile.open(damaged, with: identity)
        }
      }
    }
  }

  @Test(
    "a flipped byte of a long payload is found in its chunk", arguments: 0..<40 as Range<UInt64>)
  func flippedByte(seed: UInt64) throws {
    let (identity, file, start) = try Self.longFile()
    var random = AgeTestRandom(seed: seed)
    let offset = Int.random(in: start + AgePayload.nonceByteCount..<file.count, using: &random)
    var damaged = file
    damaged[offset] ^= UInt8.random(in: 1...255, using: &random)
    let chunk = (offset - start - AgePayload.nonceByteCount) / AgePayload.sealedChunkByteCount
    #expect(throws: AgeError.damagedChunk(chunk)) { try AgeFile.open(damaged, with: identity) }
  }

  @Test("a file that ends early is refused, wherever it ends")
  func everyPrefix() throws {
    let identity = try AgeIdentity.test(seed: 1)
    let file = try AgeFile.seal(
      Array("custody".utf8), to: [identity.recipient], random: AgeTestRandom.source(seed: 3))
    for count in file.indices {
      #expect(throws: AgeError.self, "the first \(count) bytes") {
        try AgeFile.open(Array(file[..<count]), with: identity)
      }
    }
  }

  @Test("a file that ends with a whole chunk before the last one is refused", arguments: 0...3)
  func chunkBoundary(chunkCount: Int) throws {
    let (identity, file, start) = try Self.longFile()
    let count =
      start + AgePayload.nonceByteCount + chunkCount * AgePayload.sealedChunkByteCount
    let reason = chunkCount == 0 ? AgeError.truncated : .damagedChunk(chunkCount - 1)
    #expect(throws: reason) { try AgeFile.open(Array(file[..<count]), with: identity) }
  }

  @Test("a last chunk too short for its tag is refused as truncated", arguments: [1, 15])
  func shortTag(byteCount: Int) throws {
    let (identity, file, start) = try Self.longFile()
    let count =
      start + AgePayload.nonceByteCount + AgePayload.sealedChunkByteCount + byteCount
    #expect(throws: AgeError.self) { try AgeFile.open(Array(file[..<count]), with: identity) }
    let short = Array(file[..<(start + AgePayload.nonceByteCount + byteCount)])
    #expect(throws: AgeError.truncated) { try AgeFile.open(short, with: identity) }
  }

  @Test("bytes after the last chunk are refused", arguments: [1, 16, 100, 65_552])
  func appended(byteCount: Int) throws {
    let (identity, file, _) = try Self.longFile()
    let longer = file + [UInt8](repeating: 0, count: byteCount)
    #expect(throws: AgeError.self) { try AgeFile.open(longer, with: identity) }
  }

  @Test("chunks that change places are refused")
  func swappedChunks() throws {
    let (identity, file, start) = try Self.longFile()
    let first = start + AgePayload.nonceByteCount
    let second = first + AgePayload.sealedChunkByteCount
    let third = second + AgePayload.sealedChunkByteCount
    let swapped =
      Array(file[..<first] + file[second..<third]) + file[first..<second] + file[third...]
    #expect(throws: AgeError.damagedChunk(0)) { try AgeFile.open(swapped, with: identity) }
  }

  /// A file of three whole chunks and a short one, and where its payload begins.
  private static func longFile() throws -> (AgeIdentity, [UInt8], start: Int) {
    let identity = try AgeIdentity.test(seed: 1)
    var random = AgeTestRandom(seed: 2)
    let file = try AgeFile.seal(
      random.bytes(200_000), to: [identity.recipient], random: AgeTestRandom.source(seed: 3))
    return (identity, file, try AgeHeader(parsing: file).byteCount)
  }
}
