import CustodyLedger
import CustodyModel
import CustodyTesting
import Testing

@Suite("Change sets")
struct ChangeSetTests {
  private static func changes(_ random: inout SeededGenerator) -> [RecordChange] {
    (0..<Int.random(in: 0...40, using: &random)).map { ordinal in
      guard Int.random(in: 0..<4, using: &random) > 0 else {
        return RecordChange(ordinal: ordinal, put: nil)
      }
      let keys = Set(
        (0..<Int.random(in: 1...8, using: &random)).map { _ in KeyID(random.bytes(16))! })
      let isFile = Bool.random(using: &random)
      return RecordChange(
        ordinal: ordinal,
        put: .init(
          address: Digest(random.bytes(32))!, keyIDs: keys.sorted(),
          name: EventID(random.bytes(16))!,
          file: isFile
            ? .init(seconds: -7, nanoseconds: 999_999_999, mode: 0o100_644) : nil))
    }
  }

  private static func packed(_ changes: [RecordChange]) -> [[UInt8]] {
    var packer = RecordChange.Packer()
    let full = changes.compactMap { packer.add($0) }
    return full + [packer.finish()].compactMap { $0 }
  }

  @Test("are read as they were written", arguments: 0..<50)
  func roundTrip(seed: Int) {
    var random = SeededGenerator(seed)
    let changes = Self.changes(&random)
    let packed = Self.packed(changes)
    #expect(packed.flatMap { RecordChange.parse($0) ?? [] } == changes)
    #expect(packed.allSatisfy { $0.first == 2 })
  }

  @Test("fill objects up to their limits")
  func limits() {
    let change = RecordChange(
      ordinal: 1,
      put: .init(address: Digest(), keyIDs: [KeyID()], name: EventID(), file: nil))
    let packed = Self.packed(Array(repeating: change, count: 40_000))
    #expect(packed.count > 1 && packed.allSatisfy { $0.count <= RecordChange.sizeMax })
    #expect(packed.reduce(0) { $0 + (RecordChange.parse($1)?.count ?? 0) } == 40_000)
    let removals = (0..<70_000).map { RecordChange(ordinal: $0, put: nil) }
    #expect(
      Self.packed(removals).map { RecordChange.parse($0)?.count } == [65_536, 70_000 - 65_536])
  }

  @Test("of version 1 are read, without names")
  func firstVersion() {
    var bytes: [UInt8] = [1]
    bytes += [0] + [0, 0, 0, 0, 0, 0, 0, 9]
    let record = [0, 0, 0, 0, 0, 0, 0, 3] + [UInt8](repeating: 5, count: 32) + [1]
    bytes += [1] + record + [UInt8](repeating: 6, count: 16)
    bytes += [2] + record + [UInt8](repeating: 7, count: 16)
    bytes += [0, 0, 0, 0, 0, 0, 1, 0] + [0, 0, 0, 2] + [0, 0, 0x81, 0xa4]
    let address = Digest([UInt8](repeating: 5, count: 32))!
    func key(_ byte: UInt8) -> KeyID { KeyID([UInt8](repeating: byte, count: 16))! }
    #expect(
      RecordChange.parse(bytes) == [
        RecordChange(ordinal: 9, put: nil),
        RecordChange(
          ordinal: 3, put: .init(address: address, keyIDs: [key(6)], name: nil, file: nil)),
        RecordChange(
          ordinal: 3,
          put: .init(
            address: address, keyIDs: [key(7)], name: nil,
            file: .init(seconds: 256, nanoseconds: 2, mode: 0o100_644))),
      ])
  }

  @Test("refuse what is not exactly a list of entries", arguments: 0..<20)
  func refusals(seed: Int) {
    var random = SeededGenerator(seed)
    let changes = [
      RecordChange(
        ordinal: 0,
        put: .init(
          address: Digest(random.bytes(32))!, keyIDs: [KeyID(random.bytes(16))!],
          name: EventID(random.bytes(16))!, file: nil))
    ]
    let whole = Self.packed(changes)[0]
    for end in 0..<whole.count where end != 1 {
      #expect(RecordChange.parse(Array(whole[..<end])) == nil, "\(end)")
    }
    #expect(RecordChange.parse(whole + [3]) == nil)
    for version: UInt8 in [0, 3, 255] {
      #expect(RecordChange.parse([version] + whole.dropFirst()) == nil)
    }
    // Keys that do not ascend, none, too many; an ordinal beyond all; nanoseconds beyond a second.
    let start = [UInt8](whole[..<42])
    let key = [UInt8](repeating: 9, count: 16)
    for rest in [[2] + key + key + key, [0] + key, [9] + key] {
      #expect(RecordChange.parse(start + rest) == nil)
    }
    #expect(RecordChange.parse([2, 0, 255, 0, 0, 0, 0, 0, 0, 0]) == nil)
    var file: [UInt8] = start + [1] + key + key + [UInt8](repeating: 255, count: 16)
    file[1] = 2
    #expect(RecordChange.parse(file) == nil)
    // Anything at all is read or refused.
    var noise = random.bytes(200)
    noise[0] = UInt8(seed % 2 + 1)
    _ = RecordChange.parse(noise)
  }
}
