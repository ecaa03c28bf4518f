import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("The records of a version")
struct DatasetRecordTests {
  private static let first = "id,client\n3,p-0001\n1,p-0002\n22,p-0001\n"
  private static let second = "id,client\n22,p-0003\n3,p-0001\n4,p-0002\n"

  private static func records(
    _ datasets: Datasets, _ reference: String = "head", matching filter: Datasets.Filter? = nil
  ) throws -> [Datasets.Record] {
    var found: [Datasets.Record] = []
    try datasets.forEachRecord(of: "table", reference, matching: filter) { found.append($0) }
    return found
  }

  @Test("are listed in its order, with size, keys of people and the version that changed them")
  func listed() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first, Self.second)
    let records = try Self.records(place.datasets)
    #expect(records.map(\.key) == ["22", "3", "4"])
    #expect(records.map(\.ordinal) == [2, 0, 3])
    #expect(records.map(\.changedIn) == [2, 1, 2])
    #expect(records.map(\.size) == [9, 8, 8])
    let people = try ["p-0003", "p-0001", "p-0002"].map {
      [try #require(try place.store.subjects.id(of: $0))]
    }
    #expect(records.map(\.keyIDs) == people)
    #expect(try Self.records(place.datasets, "v1").map(\.key) == ["3", "1", "22"])
    try await place.datasets.create("none", kind: .csv, subject: "none")
    try await place.commit("none", "a\n1\n")
    try place.datasets.forEachRecord(of: "none") { #expect($0.keyIDs.isEmpty && $0.key == "1") }
  }

  @Test("are chosen by person and by pattern")
  func chosen() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first, Self.second)
    let id = try #require(try place.store.subjects.id(of: "p-0001"))
    for (filter, expected) in [
      (try Datasets.Filter(subjects: [.identifier("p-0001")]), ["3", "22"]),
      (try Datasets.Filter(subjects: [.key(id)]), ["3", "22"]),
      (try Datasets.Filter(keys: ["?"]), ["3", "1"]), (try Datasets.Filter(keys: ["2*"]), ["22"]),
      (try Datasets.Filter(keys: ["*2", "2?"]), ["22"]),
      (try Datasets.Filter(subjects: [.key(id)], keys: ["3"]), ["3"]),
      (try Datasets.Filter(subjects: [.identifier("p-0001"), .identifier("p-0002")]), []),
      (try Datasets.Filter(), ["3", "1", "22"]),
    ] as [(Datasets.Filter, [String])] {
      #expect(try Self.records(place.datasets, "v1", matching: filter).map(\.key) == expected)
    }
    // A key of another class is a key of hers too.
    try await place.store.subjects.register(["p-0001"], dataClass: "voiceprint")
    let keys = try #require(try place.store.subjects.entry(id)).keys
    #expect(keys.count == 2)
    for key in keys {
      let filter = try Datasets.Filter(subjects: [.key(key.id)])
      let expected = key.dataClass == "default" || key.id == id ? ["3", "22"] : []
      #expect(try Self.records(place.datasets, "v1", matching: filter).map(\.key) == expected)
    }
  }

  @Test("of people whom there is not, or by a pattern that means nothing, are refused")
  func refused() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first)
    let none = KeyID([UInt8](repeating: 7, count: 16))!
    for subject in [Subject.identifier("p-0099"), .key(none)] {
      let error = #expect(throws: CustodyError.self) {
        try Self.records(place.datasets, matching: .init(subjects: [subject]))
      }
      #expect(error?.code == .notFound)
      #expect(error?.message.contains("p-0099") == false)
    }
    for pattern in ["", "a\\"] {
      let error = #expect(throws: CustodyError.self) { try Datasets.Filter(keys: [pattern]) }
      #expect(error?.code == .usage)
    }
  }

  @Test("that are gone are listed without their names, or counted where a filter cannot tell")
  func gone() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first)
    let erased = try #require(try place.store.subjects.id(of: "p-0001"))
    let datasets = try await place.erasing("p-0001").datasets
    let all = try Self.records(datasets)
    #expect(all.map(\.key) == [nil, "1", nil])
    #expect(all.map(\.size) == [nil, 8, nil])
    #expect(all[0].keyIDs == [erased])
    #expect(try datasets.forEachRecord(of: "table", matching: .init(keys: ["*"])) { _ in } == 2)
    let other = try Datasets.Filter(subjects: [.identifier("p-0002")])
    #expect(try datasets.forEachRecord(of: "table", matching: other) { _ in } == 0)
    // Also when the objects are gone, the change sets say whose they were.
    try RawDatabase(place.temporary.path + "/objects.sqlite")
      .execute("DELETE FROM object WHERE instr(bytes, x'\(erased)') > 0")
    let later = try place.temporary.open().datasets
    #expect(try Self.records(later).map(\.keyIDs.count) == [1, 1, 1])
    #expect(try later.forEachRecord(of: "table", matching: other) { _ in } == 0)
    let hers = try Datasets.Filter(subjects: [.key(erased)])
    #expect(try Self.records(later, matching: hers).map(\.ordinal) == [0, 2])
  }

  @Test("are restored when a filter chooses them; with nothing chosen, nothing is written")
  func restored() async throws {
    let place = try await DatasetPlace()
    try await place.table(Self.first)
    let restored = try await place.datasets.restore(
      "table", matching: .init(subjects: [.identifier("p-0001")]), to: place.target("out"))
    #expect(restored.records == 2 && restored.missing == 0)
    #expect(try place.text("out") == "id,client\n3,p-0001\n22,p-0001\n")
    for (keys, filter, code) in [
      ([], try Datasets.Filter(keys: ["x*"]), .notFound),
      (["3"], try Datasets.Filter(keys: ["3"]), .usage),
    ] as [([String], Datasets.Filter, CustodyError.Code)] {
      let error = await #expect(throws: CustodyError.self) {
        try await place.datasets.restore(
          "table", keys: keys, matching: filter, to: place.target("none"))
      }
      #expect(error?.code == code)
      #expect(!FileManager.default.fileExists(atPath: place.target("none")))
    }
    let store = try await place.erasing("p-0002")
    let later = try await store.datasets.restore(
      "table", matching: .init(keys: ["?"]), to: place.target("later"))
    #expect(later.records == 1 && later.missing == 1)
    #expect(try place.text("later") == "id,client\n3,p-0001\n")
  }
}
