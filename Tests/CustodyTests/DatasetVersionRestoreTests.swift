import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("An old version becomes the newest again")
struct DatasetVersionRestoreTests {
  private static let first = "id,client\n1,p-0001\n2,p-0002\n3,p-0001\n"
  private static let second = "id,client\n3,p-0001\n2,p-0001\n4,p-0002\n"

  @Test("with its rows, order and header, as a version like others", arguments: 0..<8)
  func whole(seed: Int) async throws {
    let place = try await DatasetPlace()
    var random = SeededGenerator(seed)
    try await place.datasets.create("table", kind: .csv, key: "id", subject: "client")
    var versions: [String] = []
    for _ in 0..<4 {
      let ids = (0..<9).shuffled(using: &random).prefix(Int.random(in: 0...9, using: &random))
      let end = ["\n", "\r\n"].randomElement(using: &random)!
      let header = ["id,client,t", "t,client,id", "\u{feff}id,client,t"]
        .randomElement(using: &random)!
      let rows = ids.map { id -> String in
        let client = "p\(Int.random(in: 0..<3, using: &random))"
        let text = ["a", "b"].randomElement(using: &random)!
        return header.hasPrefix("t") ? "\(text),\(client),\(id)" : "\(id),\(client),\(text)"
      }
      versions.append(([header] + rows).joined(separator: end))
      if try await !place.commit("table", versions.last!).isNew { versions.removeLast() }
    }
    for number in (1...versions.count).shuffled(using: &random) {
      let newest = versions.count
      let same = versions[number - 1] == versions[newest - 1]
      let restored = try await place.datasets.restoreAsNewVersion("table", "v\(number)")
      #expect(restored.source == number && restored.missing == 0)
      #expect(restored.commit.isNew != same)
      if restored.commit.isNew { versions.append(versions[number - 1]) }
      #expect(restored.commit.version == versions.count)
      let changes = try place.datasets.differences("table", "v\(newest)", "head")
      #expect(changes.count { $0.hasPrefix("added") } == restored.commit.added)
      #expect(changes.count { $0.hasPrefix("changed") } == restored.commit.changed)
      #expect(changes.count { $0.hasPrefix("removed") } == restored.commit.removed)
    }
    _ = try await place.store.projections.rebuild()
    for (index, text) in versions.enumerated() {
      try await place.datasets.restore("table", "v\(index + 1)", to: place.target("v\(index + 1)"))
      #expect(try place.text("v\(index + 1)") == text, "v\(index + 1)")
      let version = try place.datasets.version("table", "v\(index + 1)")
      var (count, bytes) = (0, 0)
      try place.datasets.forEachRecord(of: "table", "v\(index + 1)") {
        count += 1
        bytes += $0.size ?? 0
      }
      #expect(version.records == count && version.bytes == bytes)
    }
    // The same file is the same version.
    #expect(try await !place.commit("table", versions.last!).isNew)
    #expect(try await place.store.verify(level: .projections).holds)
  }

  @Test("with files, whose large ones are not stored again")
  func files() async throws {
    let place = try await DatasetPlace()
    var random = SeededGenerator(1)
    try await place.datasets.create("files", kind: .files, subject: "none")
    try place.write("\(place.source)/large", random.bytes(2_100_000))
    try place.write("\(place.source)/b", "1")
    try await place.datasets.commit("files", place.source)
    try FileManager.default.removeItem(atPath: "\(place.source)/large")
    try place.write("\(place.source)/a", "2")
    try await place.datasets.commit("files", place.source)
    let objects = try RawDatabase(place.temporary.path + "/objects.sqlite")
    let count = try objects.integer("SELECT count(*) FROM object")
    let restored = try await place.datasets.restoreAsNewVersion("files", "v1")
    #expect(restored.commit.counts == [1, 0, 1])
    #expect(try objects.integer("SELECT count(*) FROM object") == count + 1, "the change set")
    try await place.datasets.restore("files", "v1", to: place.target("one"))
    try await place.datasets.restore("files", "v3", to: place.target("three"))
    #expect(try await place.datasets.differences("files", with: place.target("three")) == [])
    #expect(
      FileManager.default.contentsEqual(
        atPath: place.target("one"), andPath: place.target("three")))
    #expect(try await !place.datasets.commit("files", place.target("one")).isNew)
  }

  @Test("says who did it and which version it was, or what one says of it")
  func account() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first, Self.second)
    try await place.datasets.restoreAsNewVersion("table", "v1")
    try await place.datasets.restoreAsNewVersion("table", "v2", message: "after all")
    try await place.datasets.restoreAsNewVersion("table", "v1", keys: ["1"])
    let messages = try place.datasets.versions(of: "table")
    #expect(
      messages.map(\.message)
        == [nil, nil, "restored from v1", "after all", "restored records from v1"])
    #expect(messages.last?.actor == "uid:1")
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.restoreAsNewVersion("table", "v1", message: "for p-0001")
    }
    #expect(error?.code == .nameHoldsIdentifier)
  }

  @Test("record by record, all others stay as they are")
  func records() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first, Self.second)
    // 2 becomes what it was; 1 comes back after what stood before it, which is nothing.
    var restored = try await place.datasets.restoreAsNewVersion("table", "v1", keys: ["1", "2"])
    #expect(restored.commit.counts == [1, 1, 0])
    try await place.datasets.restore("table", to: place.target("a"))
    #expect(try place.text("a") == "id,client\n1,p-0001\n3,p-0001\n2,p-0002\n4,p-0002\n")
    #expect(try await !place.commit("table", try place.text("a")).isNew)
    restored = try await place.datasets.restoreAsNewVersion(
      "table", "v2", matching: .init(subjects: [.identifier("p-0002")]))
    #expect(!restored.commit.isNew, "4 is as it was")
    // After the record that stood before it.
    try await place.commit("table", "id,client\n4,p-0002\n1,p-0001\n")
    try await place.datasets.restoreAsNewVersion("table", "v2", keys: ["2"])
    try await place.datasets.restore("table", to: place.target("b"))
    #expect(try place.text("b") == "id,client\n2,p-0001\n4,p-0002\n1,p-0001\n")
    #expect(try await place.store.verify(level: .projections).holds)
  }

  @Test("but not row by row under another header")
  func otherColumns() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first, "client,id\np-0001,1\n")
    let size = try place.store.head().size
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.restoreAsNewVersion("table", "v1", keys: ["2"])
    }
    #expect(error?.code == .invalidInput)
    #expect(try place.store.head().size == size)
    try await place.datasets.restoreAsNewVersion("table", "v1")
    try await place.datasets.restore("table", to: place.target("a"))
    #expect(try place.text("a") == Self.first)
  }

  @Test("without people who were erased since, who are counted")
  func erased() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first, Self.second)
    let store = try await place.erasing("p-0001")
    let restored = try await store.datasets.restoreAsNewVersion("table", "v1")
    #expect(restored.missing == 2)
    #expect(restored.commit.counts == [0, 1, 2])
    try await store.datasets.restore("table", to: place.target("a"))
    #expect(try place.text("a") == "id,client\n2,p-0002\n")
    #expect(try store.datasets.version("table").bytes == 8)
    // The same again: what is gone from both makes no difference.
    let again = try await store.datasets.restoreAsNewVersion("table", "v1")
    #expect(!again.commit.isNew && again.missing == 2)
    let newest = try await store.datasets.restoreAsNewVersion("table", "v2")
    #expect(newest.commit.isNew && newest.missing == 2)
    #expect(try await store.verify(level: .bodies).holds)
    // Alone, a record that is gone changes nothing.
    let key = try await store.datasets.restoreAsNewVersion(
      "table", "v1", matching: .init(keys: ["*"]))
    #expect(key.missing == 2)
  }

  @Test("with an erased person in both, nothing is appended")
  func sameGone() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first)
    let store = try await place.erasing("p-0001")
    let size = try store.head().size
    let restored = try await store.datasets.restoreAsNewVersion("table", "head")
    #expect(!restored.commit.isNew && restored.missing == 2)
    #expect(try store.head().size == size)
  }

  @Test("only from what there is")
  func refused() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first, Self.second)
    let size = try place.store.head().size
    for (reference, keys) in [("v3", []), ("x", []), ("v1", ["4"]), ("v1", ["1", ""])] {
      let error = await #expect(throws: CustodyError.self) {
        try await place.datasets.restoreAsNewVersion("table", reference, keys: keys)
      }
      #expect(error?.code == .notFound)
    }
    #expect(try place.store.head().size == size)
  }
}
