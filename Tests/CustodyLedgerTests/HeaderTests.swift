import CustodyLedger
import Testing

@Suite("Headers")
struct HeaderTests {
  private func fault(_ bytes: [UInt8]) -> HeaderError? {
    do {
      _ = try Header(parsing: bytes)
      return nil
    } catch {
      return error
    }
  }

  /// Parsing never accepts two spellings of one header.
  private func failsOrReencodes(_ bytes: [UInt8], _ comment: Comment) {
    guard let header = try? Header(parsing: bytes) else { return }
    #expect(header.bytes == bytes, comment)
  }

  @Test("what is written is read back", arguments: 0..<200 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var random = TestRandom(seed: seed)
    let header = random.header(keyCount: Int(seed % 9))
    #expect(try Header(parsing: header.bytes) == header)
    #expect(header.bytes.starts(with: header.claim.bytes))
    #expect(header.leaf == SHA256.hash([0] + header.bytes))
    #expect(header.bytes.count == header.claim.bytes.count + 72 + 56)
  }

  @Test("no beginning of a header is a header", arguments: 0...8)
  func truncated(keyCount: Int) {
    var random = TestRandom(seed: UInt64(keyCount))
    let bytes = random.header(keyCount: keyCount).bytes
    for count in bytes.indices {
      #expect(fault(Array(bytes[..<count])) == .truncated, "\(count) bytes")
    }
  }

  @Test("nothing follows a header", arguments: 0...8)
  func extended(keyCount: Int) {
    var random = TestRandom(seed: UInt64(keyCount))
    let bytes = random.header(keyCount: keyCount).bytes
    for count in 1...70 { #expect(fault(bytes + random.bytes(count)) == .trailingBytes) }
  }

  @Test("any flipped bit fails or is another header", arguments: [0, 1, 2, 8])
  func flippedBits(keyCount: Int) throws {
    var random = TestRandom(seed: UInt64(keyCount))
    let header = random.header(keyCount: keyCount)
    let bytes = header.bytes
    for at in bytes.indices {
      for bit in 0..<8 as Range<UInt8> {
        let changed = bytes.flipping(at, by: 1 << bit)
        failsOrReencodes(changed, "byte \(at), bit \(bit)")
        if let other = try? Header(parsing: changed) {
          #expect(other != header && other.leaf != header.leaf, "byte \(at), bit \(bit)")
        }
      }
    }
  }

  @Test("any mutilated header fails or is another header", arguments: 0..<400 as Range<UInt64>)
  func mutilated(seed: UInt64) {
    var random = TestRandom(seed: seed)
    let original = random.header(keyCount: Int.random(in: 0...8, using: &random)).bytes
    for _ in 0..<25 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let at = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0...3, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
        default: bytes.removeSubrange(at..<min(at + 16, bytes.count))
        }
      }
      failsOrReencodes(bytes, "seed \(seed)")
    }
  }

  @Test("bytes at random are no header", arguments: 0..<200 as Range<UInt64>)
  func noise(seed: UInt64) {
    var random = TestRandom(seed: seed)
    let noise = random.bytes(Int.random(in: 4...2000, using: &random))
    #expect(fault(noise) == .notAnEvent)
    failsOrReencodes(Array("CUST".utf8) + [1, 0] + noise, "seed \(seed)")
  }

  // MARK: Each refusal, by its own cause

  /// A header with the string `stream` and no key: where things stand is easy to say.
  private func header(stream: [UInt8] = Array("s".utf8)) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(Array("CUST".utf8) + [1, 0])
    writer.write([UInt8](repeating: 1, count: 64))
    writer.write(Int64(5))
    for string in [stream, Array("t".utf8)] {
      writer.write(UInt16(string.count))
      writer.write(string)
    }
    writer.write(UInt16(1))
    writer.write([0, 1] + Array("a".utf8))
    writer.write(UInt8(0))
    writer.write(Nonce())
    writer.write([UInt8](repeating: 0, count: 72 + 56))
    return writer.bytes
  }

  @Test("magic, version and flags")
  func beginnings() {
    #expect(fault(header()) == nil)
    for at in 0..<4 { #expect(fault(header().flipping(at)) == .notAnEvent) }
    for version in 0...255 as ClosedRange<UInt8> where version != 1 {
      #expect(fault(header().flipping(4, by: 1 ^ version)) == .unknownVersion)
    }
    // Without keys no flag may be set; bit 0 least of all.
    for flags in 1...255 as ClosedRange<UInt8> {
      #expect(fault(header().flipping(5, by: flags)) == .claim(.reservedFlag))
    }
  }

  @Test("with a key, bit 0 of the flags alone may be set")
  func flags() {
    var random = TestRandom(seed: 1)
    let bytes = random.header(keyCount: 1).bytes
    for flags in 1...255 as ClosedRange<UInt8> {
      #expect(
        fault(bytes.flipping(5, by: flags)) == (flags == 1 ? nil : .claim(.reservedFlag)))
    }
  }

  @Test("strings")
  func strings() {
    #expect(fault(header(stream: [])) == .name(.empty))
    #expect(fault(header(stream: [UInt8](repeating: 0x73, count: 512))) == nil)
    #expect(
      fault(header(stream: [UInt8](repeating: 0x73, count: 513)))
        == .name(.tooLong(byteCount: 513)))
    #expect(fault(header(stream: Array("a\tb".utf8))) == .name(.controlCharacter))
    #expect(fault(header(stream: [0xc2, 0x85])) == .name(.controlCharacter))
    for bytes in [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]
      as [[UInt8]]
    {
      #expect(fault(header(stream: bytes)) == .name(.notUTF8))
    }
    // Longer than the header itself.
    var bytes = header()
    (bytes[78], bytes[79]) = (0xff, 0xff)
    #expect(fault(bytes) == .truncated)
  }

  @Test("ids, keys and nonce")
  func identifiers() throws {
    var bytes = header()
    bytes.replaceSubrange(22..<38, with: [UInt8](repeating: 0, count: 16))
    #expect(fault(bytes) == .claim(.zeroEventID))
    bytes = header()
    bytes.replaceSubrange(38..<70, with: [UInt8](repeating: 0, count: 32))
    let alone = try Header(parsing: bytes)
    #expect(alone.claim.correlationID == nil && alone.claim.causationID == nil)

    let keyCountAt = 70 + 8 + 3 + 3 + 2 + 3
    let (one, two) = ([UInt8](repeating: 1, count: 16), [UInt8](repeating: 2, count: 16))
    func keyed(keys: [[UInt8]], nonce: UInt8) -> [UInt8] {
      var bytes = header()
      bytes.replaceSubrange(
        keyCountAt..<keyCountAt + 25,
        with: [UInt8(keys.count)] + keys.joined() + [UInt8](repeating: nonce, count: 24))
      return bytes
    }
    #expect(fault(keyed(keys: [], nonce: 0)) == nil)
    #expect(fault(keyed(keys: [], nonce: 1)) == .claim(.nonceAndKeysDisagree))
    #expect(fault(keyed(keys: [one], nonce: 0)) == .claim(.nonceAndKeysDisagree))
    #expect(fault(keyed(keys: [one, two], nonce: 1)) == nil)
    #expect(fault(keyed(keys: [two, one], nonce: 1)) == .claim(.keysNotAscending))
    #expect(fault(keyed(keys: [one, one], nonce: 1)) == .claim(.keysNotAscending))
    let many = (1...9).map { [UInt8](repeating: UInt8($0), count: 16) }
    #expect(fault(keyed(keys: Array(many.prefix(8)), nonce: 1)) == nil)
    #expect(fault(keyed(keys: many, nonce: 1)) == .claim(.tooManyKeys(9)))
  }

  @Test("numbers of 64 bits are below 2⁶³", arguments: [0, 72, 72 + 48])
  func numbers(offset: Int) {
    var bytes = header()
    let at = bytes.count - 128 + offset
    bytes.replaceSubrange(at..<at + 8, with: [0x7f] + [UInt8](repeating: 0xff, count: 7))
    #expect(fault(bytes) == nil)
    bytes.replaceSubrange(at..<at + 8, with: [0x80] + [UInt8](repeating: 0, count: 7))
    #expect(fault(bytes) == .numberTooLarge)
  }
}
