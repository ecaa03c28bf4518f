import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Erasing many times")
struct ErasureRemnantTests {
  /// Removing rows moves others, and moved rows leave copies in the pages they came from: whoever is
  /// erased later would still be there.
  @Test("leaves nothing of anybody whose rows were moved by earlier erasures")
  func moved() async throws {
    var random = SeededGenerator(1)
    let place = try await DatasetPlace()
    let people = (0..<6).map { "person-\($0)" }
    try await place.datasets.create("table", kind: .csv, key: "id", subject: "person")
    var text = "id,person,words\n"
    for row in 0..<1200 {
      let person = people.randomElement(using: &random)!
      let words = random.bytes(Int.random(in: 0..<400, using: &random)).map { "\($0 % 10)" }
      text += "\(row),\(person),\(words.joined())\n"
    }
    try await place.commit("table", text)
    var pieces: [Data] = []
    let objects = "\(place.temporary.path)/objects.sqlite"
    for person in people.shuffled(using: &random) {
      let id = try #require(try place.store.subjects.id(of: person))
      let own = try RawDatabase(objects).rows("SELECT bytes FROM object").map(\.[0].bytes).filter {
        KeyID($0[23..<39]) == id
      }
      pieces += own.map { Data($0.suffix(16)) }
      let result = try await place.store.erasures.run(
        try place.store.erasures.plan([.identifier(person)], reason: .request))
      #expect(result.remnants.isEmpty)
      let bytes = try SmallStore.bytes(objects)
      let sample = pieces.shuffled(using: &random).prefix(100)
      #expect(!sample.contains { bytes.range(of: $0) != nil }, "\(person)")
    }
    try await place.store.close()
    let bytes = try SmallStore.bytes(objects)
    #expect(!pieces.contains { bytes.range(of: $0) != nil })
  }

  @Test("finds the copy that a moved row left in the gap of a page, and writes the database anew")
  func gap() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let plan = try place.open(.contents).erasures.plan(
      [.identifier(ErasurePlace.person)], reason: .request)
    let objects = "\(place.temporary.path)/objects.sqlite"
    let rows = try RawDatabase(objects).rows("SELECT bytes FROM object").map(\.[0].bytes)
    let hers = try #require(rows.first { KeyID($0[23..<39]) == plan.keys[0].id })
    let piece = Data(hers.suffix(16))
    var bytes = try SmallStore.bytes(objects)
    let gap = try #require(Self.gap(in: bytes, of: 64))
    bytes.replaceSubrange(gap..<gap + piece.count, with: piece)
    try bytes.write(to: URL(fileURLWithPath: objects))
    chmod(objects, 0o600)

    let store = try place.open()
    let result = try await store.erasures.run(plan)
    #expect(result.remnants.isEmpty && result.completedPosition != nil)
    try await store.close()
    #expect(try place.left([piece]) == [])
    #expect(try await place.faults([piece]) == [])
  }

  /// Where a leaf of a table has so many bytes that belong to no row.
  /// https://www.sqlite.org/fileformat.html, section 1.6
  private static func gap(in bytes: Data, of count: Int) -> Int? {
    for page in stride(from: 8192, to: bytes.count, by: 8192) where bytes[page] == 0x0d {
      func number(_ offset: Int) -> Int {
        Int(bytes[page + offset]) << 8 | Int(bytes[page + offset + 1])
      }
      let (start, end) = (8 + 2 * number(3), number(5))
      if end - start > 2 * count { return page + start + count / 2 }
    }
    return nil
  }
}
