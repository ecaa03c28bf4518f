import CustodyLedger
import Testing

@Suite("Objects")
struct ObjectTests {
  private func sealed(
    _ content: [UInt8], keyCount: Int = 1, isList: Bool = false, random: inout TestRandom
  ) -> (object: SealedObject, keys: [SecretBytes]) {
    let keyIDs = Set((0..<keyCount).map { _ in random.fixed(KeyID.self) }).sorted()
    let keys = keyIDs.map { _ in random.key() }
    let object = SealedObject(
      sealing: content, isList: isList, ledgerID: random.fixed(), keyIDs: keyIDs, keys: keys,
      nonce: random.fixed(), salt: random.fixed(), with: ContentSealer())
    return (object, keys)
  }

  private func opened(_ bytes: [UInt8], _ keys: [SecretBytes]) -> [UInt8]? {
    guard let object = try? SealedObject(parsing: bytes) else { return nil }
    return try? object.open(keys: keys, with: ContentSealer())
  }

  @Test(
    "a sealed object opens to its content", arguments: [0, 1, 31, 32, 4096, 100_000], [1, 2, 8])
  func roundTrip(size: Int, keyCount: Int) throws {
    var random = TestRandom(seed: UInt64(size))
    for content in [random.bytes(size), [UInt8](repeating: 0x20, count: size)] {
      let isList = Bool.random(using: &random)
      let (object, keys) = sealed(content, keyCount: keyCount, isList: isList, random: &random)
      let read = try SealedObject(parsing: object.bytes)
      #expect(read.address == object.address && read.address == SHA256.hash(object.bytes))
      #expect(read.flags == object.flags && read.flags.contains(.list) == isList)
      #expect(read.keyIDs == object.keyIDs && read.nonce == object.nonce)
      #expect(read.ledgerID == object.ledgerID && read.commitment == object.commitment)
      #expect(opened(object.bytes, keys) == content)
    }
  }

  @Test("any changed, missing or added byte of an object is refused")
  func changedBytes() {
    var random = TestRandom(seed: 1)
    let (object, keys) = sealed(random.bytes(40), keyCount: 2, random: &random)
    #expect(opened(object.bytes, keys) != nil)
    for at in object.bytes.indices {
      for bit in 0..<8 as Range<UInt8> {
        #expect(opened(object.bytes.flipping(at, by: 1 << bit), keys) == nil, "byte \(at)")
      }
      #expect(opened(Array(object.bytes[..<at]), keys) == nil, "\(at) bytes")
    }
    for count in 1...64 { #expect(opened(object.bytes + random.bytes(count), keys) == nil) }
    #expect(opened(object.bytes, keys.reversed()) == nil)
  }

  @Test("each refusal has its own cause")
  func refusals() throws {
    var random = TestRandom(seed: 2)
    let (object, keys) = sealed([1, 2, 3], keyCount: 2, random: &random)
    func fault(_ bytes: [UInt8]) -> SealedObjectError? {
      do {
        _ = try SealedObject(parsing: bytes)
        return nil
      } catch {
        return error
      }
    }
    let bytes = object.bytes
    #expect(fault([]) == .notAnObject)
    #expect(fault(bytes.flipping(3)) == .notAnObject)
    #expect(fault(bytes.flipping(4)) == .unknownVersion)
    #expect(fault(bytes.flipping(5, by: 4)) == .malformed)
    #expect(fault(bytes.flipping(22, by: 2)) == .malformed, "no key")
    #expect(fault(bytes.flipping(22, by: 2 ^ 9)) == .malformed, "nine keys")
    #expect(fault(Array(bytes[..<22])) == .truncated)
    #expect(fault(Array(bytes[..<110])) == .truncated)
    var swapped = bytes
    swapped.replaceSubrange(23..<55, with: Array(bytes[39..<55] + bytes[23..<39]))
    #expect(fault(swapped) == .malformed, "keys not ascending")
    #expect(throws: OpeningError.padding) {
      try SealedObject(parsing: Array(bytes[..<111])).open(keys: keys, with: ContentSealer())
    }
  }

  @Test("mutilated objects never open", arguments: 0..<200 as Range<UInt64>)
  func mutilated(seed: UInt64) {
    var random = TestRandom(seed: seed)
    let (object, keys) = sealed(random.bytes(10), random: &random)
    for _ in 0..<20 {
      var bytes = object.bytes
      let at = Int.random(in: bytes.indices, using: &random)
      if Bool.random(using: &random) {
        bytes.removeSubrange(at..<min(at + 5, bytes.count))
      } else {
        bytes.insert(contentsOf: random.bytes(5), at: at)
      }
      #expect(opened(bytes, keys) == nil)
    }
    #expect(opened(random.bytes(300), keys) == nil)
  }
}

@Suite("Contents of records")
struct RecordContentTests {
  @Test("a content is read and written back", arguments: 0..<50 as Range<UInt64>)
  func roundTrip(seed: UInt64) {
    var random = TestRandom(seed: seed)
    let key = random.bytes(Int.random(in: 0...300, using: &random))
    let whole = RecordContent(
      naturalKey: key, bytes: .whole(random.bytes(Int.random(in: 0...2000, using: &random))))
    #expect(RecordContent(parsing: whole.encoded, isList: false) == whole)
    let count = Int.random(in: 2...50, using: &random)
    let list = RecordContent(
      naturalKey: key,
      bytes: .pieces(
        totalCount: (count - 1) * RecordContent.pieceSize + 1 + Int(random.next() % 1_048_576),
        addresses: (0..<count).map { _ in random.fixed() }))
    #expect(RecordContent(parsing: list.encoded, isList: true) == list)
  }

  @Test("up to a mebibyte stands in the object itself, and only more than that is a list")
  func threshold() {
    let bytes = [UInt8](repeating: 1, count: 1 << 20)
    let key = [UInt8]("k".utf8)
    let whole = RecordContent(naturalKey: key, bytes: .whole(bytes))
    #expect(RecordContent(parsing: whole.encoded, isList: false) == whole)
    let longer = RecordContent(naturalKey: key, bytes: .whole(bytes + [1]))
    #expect(RecordContent(parsing: longer.encoded, isList: false) == nil)
    func isAccepted(_ total: Int, _ count: Int) -> Bool {
      let content = RecordContent(
        naturalKey: key,
        bytes: .pieces(totalCount: total, addresses: Array(repeating: Digest(), count: count)))
      return RecordContent(parsing: content.encoded, isList: true) == content
    }
    let piece = 1 << 20
    #expect(!isAccepted(0, 0) && !isAccepted(piece, 1))
    #expect(isAccepted(piece + 1, 2) && !isAccepted(piece + 1, 1) && !isAccepted(piece + 1, 3))
    #expect(isAccepted(2 * piece, 2) && !isAccepted(2 * piece, 3))
    #expect(isAccepted(2 * piece + 1, 3))
    // From 32,769 pieces on, each address stands for a list of up to 32,768 of them.
    #expect(isAccepted(32_768 * piece, 32_768))
    #expect(isAccepted(32_768 * piece + 1, 2) && !isAccepted(32_768 * piece + 1, 32_769))
    #expect(isAccepted(65_536 * piece, 2) && isAccepted(65_536 * piece + 1, 3))
  }

  @Test("a total that no record has is refused", arguments: [1 << 62, Int.max - 1, Int.max])
  func hugeTotals(total: Int) {
    var writer = ByteWriter()
    writer.write([0, 1] + Array("k".utf8))
    writer.write(UInt64(total))
    for count in 0...3 {
      #expect(RecordContent(parsing: writer.bytes, isList: true) == nil, "\(count) addresses")
      writer.write(Digest())
    }
    let beyond = [0, 0] + [UInt8](repeating: 0xff, count: 8)
    #expect(RecordContent(parsing: beyond, isList: true) == nil)
  }

  @Test("every beginning of a list is refused")
  func truncated() {
    var random = TestRandom(seed: 5)
    let content = RecordContent(
      naturalKey: random.bytes(5),
      bytes: .pieces(totalCount: 3 << 20, addresses: (0..<3).map { _ in random.fixed() })
    ).encoded
    for count in content.indices {
      #expect(RecordContent(parsing: Array(content[..<count]), isList: true) == nil)
    }
    #expect(RecordContent(parsing: content + [0], isList: true) == nil)
    for count in 0..<7 {
      #expect(RecordContent(parsing: Array(content[..<count]), isList: false) == nil)
    }
  }

  @Test("a version's root depends on every ordinal and address")
  func versionRoot() {
    var random = TestRandom(seed: 6)
    let entries: [(ordinal: UInt64, address: Digest)] = [
      (0, random.fixed()), (1, random.fixed()), (5, random.fixed()), (.max, random.fixed()),
    ]
    let root = VersionRootBuilder.root(entries)
    func leaf(_ entry: (ordinal: UInt64, address: Digest)) -> Digest {
      SHA256.hash(
        [0] + withUnsafeBytes(of: entry.ordinal.bigEndian) { Array($0) } + entry.address.bytes)
    }
    #expect(root == DefinedTree.root(entries.map(leaf)))
    #expect(VersionRootBuilder.root([]) == .emptyTree)
    for at in entries.indices {
      var changed = entries
      changed[at].address = changed[at].address.flipping(0)
      #expect(VersionRootBuilder.root(changed) != root)
      changed = entries
      changed[at].ordinal ^= 8
      #expect(VersionRootBuilder.root(changed) != root)
      changed = entries
      changed.remove(at: at)
      #expect(VersionRootBuilder.root(changed) != root)
    }
  }
}
