import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Erasing many times")
struct ErasureRemnantTests {
  /// Removing rows moves others, and moved rows leave copies in the pages they came from: whoever is
  /// erased later would still be there.
  @Test("leaves nothing of anybody whose rows were moved by earlier erasures", arguments: 0..<2)
  func moved(seed: Int) async throws {
    var random = SeededGenerator(seed)
    let place = try await DatasetPlace()
    let people = (0..<12).map { "person-\($0)" }
    try await place.datasets.create("table", kind: .csv, key: "id", subject: "person")
    var text = "id,person,words\n"
    for row in 0..<3000 {
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
      // Each of 3,000 in a file of a megabyte: a set of all runs of 16 bytes would be larger.
      let bytes = try SmallStore.bytes(objects)
      let sample = pieces.shuffled(using: &random).prefix(200)
      #expect(!sample.contains { bytes.range(of: $0) != nil }, "\(person)")
    }
    try await place.store.close()
    let bytes = try SmallStore.bytes(objects)
    #expect(!pieces.contains { bytes.range(of: $0) != nil })
  }
}
