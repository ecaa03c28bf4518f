import Custody
import CustodyProjections
import CustodyStore
import CustodyTesting
import Testing

@Suite("Sealed columns")
struct SealedColumnTests {
  private static func key(_ byte: UInt8) -> SecretBytes {
    var bytes = [UInt8](repeating: byte, count: 32)
    return SecretBytes(wiping: &bytes)
  }

  private static let ids = (1...8).map { KeyID([UInt8](repeating: $0, count: 16))! }

  private static func columns(without missing: Set<KeyID> = []) -> SealedColumns {
    let keys = Dictionary(
      uniqueKeysWithValues: ids.map { ($0, key($0.bytes[0])) })
    return SealedColumns { missing.contains($0) ? nil : keys[$0] }
  }

  private static func open(
    _ value: [UInt8], _ columns: SealedColumns = columns(), _ column: String = "a.b",
    _ row: [Int64] = [1]
  ) throws -> [UInt8]? {
    try value.withUnsafeBytes { try columns.open($0, in: column, row) }
  }

  @Test("open what they sealed, to the same bytes each time, and hide lengths", arguments: 0..<100)
  func laws(seed: Int) throws {
    var random = SeededGenerator(seed)
    let text = random.bytes(seed)
    let keys = Array(Self.ids.shuffled(using: &random).prefix(seed % 8 + 1)).sorted()
    let value = try #require(try Self.columns().seal(text, under: keys, in: "a.b", [1]))
    #expect(try Self.columns().seal(text, under: keys, in: "a.b", [1]) == value)
    #expect(try Self.open(value) == text)
    #expect((value.count - 1 - 16 * keys.count - 24 - 16).isMultiple(of: 32))
    #expect(
      try Self.columns(without: [keys.randomElement(using: &random)!])
        .seal(text, under: keys, in: "a.b", [1]) == nil)
    for key in keys { #expect(try Self.open(value, Self.columns(without: [key])) == nil) }
  }

  @Test("give other bytes for another row, column, key or text, and open in their place alone")
  func places() throws {
    let columns = Self.columns()
    var values: [[UInt8]] = []
    for text in ["x", "y"] {
      for (column, row) in [("a.b", [1]), ("a.b", [2]), ("a.b", [1, 1]), ("a.c", [1])]
        as [(String, [Int64])]
      {
        for key in Self.ids.prefix(2) {
          values.append(
            try #require(try columns.seal(Array(text.utf8), under: [key], in: column, row)))
        }
      }
    }
    #expect(Set(values).count == values.count)
    for value in values[1..<8] where value != values[1] {
      #expect(throws: CustodyError.self) { try Self.open(value) }
    }
  }

  @Test("refuse every changed byte, and what is no value")
  func damaged() throws {
    let value = try #require(
      try Self.columns().seal(Array("text".utf8), under: [Self.ids[0]], in: "a.b", [1]))
    for index in value.indices {
      var changed = value
      changed[index] ^= 1
      // Another key's id leads to another key, or to none.
      let opened = Result { try Self.open(changed) }
      if case .success(let text) = opened { #expect(text == nil && (1...16).contains(index)) }
      #expect(throws: CustodyError.self) { try Self.open(Array(value[..<index])) }
    }
    #expect(throws: CustodyError.self) { try Self.open(value + [0]) }
  }
}
