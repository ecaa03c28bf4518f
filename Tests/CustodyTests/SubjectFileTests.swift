import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("A file outside the dataset says whom its records are about")
struct SubjectFileTests {
  private static func place() async throws -> DatasetPlace {
    let place = try await DatasetPlace()
    try place.write("\(place.source)/a.wav", "one")
    try place.write("\(place.source)/b.wav", "two")
    try await place.datasets.create("files", kind: .files, subject: "file:secret-names.csv")
    return place
  }

  @Test("also several people of one record; the ledger does not keep which file it was")
  func people() async throws {
    let place = try await Self.place()
    let map = place.target("map.csv")
    try place.write(
      map, "note,subject,key\nx,p-0001,a.wav\n,p-0002,a.wav\n,p-0001,b.wav\n,p-0001,b.wav\n,p-9,c\n"
    )
    #expect(try place.datasets.entry("files").subject == "file:")
    let commit = try await place.datasets.commit("files", place.source, subjectFile: map)
    #expect(commit.records == 2 && commit.registered == 2)
    var keys: [String: Int] = [:]
    try place.datasets.forEachRecord(of: "files") { keys[$0.key ?? ""] = $0.keyIDs.count }
    #expect(keys == ["a.wav": 2, "b.wav": 1])
    #expect(
      try await place.datasets.differences("files", with: place.source, subjectFile: map) == [])
    // Somebody else's record is another record.
    try place.write(map, "key,subject\na.wav,p-0001\nb.wav,p-0001\n")
    #expect(
      try await place.datasets.differences("files", with: place.source, subjectFile: map)
        == ["changed a.wav"])
    #expect(
      try await place.datasets.commit("files", place.source, subjectFile: map).changed == 1)
    for case let name as String in FileManager.default.enumerator(atPath: place.temporary.path)! {
      let bytes = FileManager.default.contents(atPath: "\(place.temporary.path)/\(name)")
      #expect(bytes?.range(of: Data("secret-names".utf8)) == nil, "\(name)")
    }
    var named = false
    for try await event in place.store.events() {
      let content = try place.store.content(of: event) ?? []
      if String(decoding: content, as: UTF8.self).contains("secret-names") { named = true }
    }
    #expect(!named)
  }

  @Test("of a table, by the natural keys of its rows")
  func table() async throws {
    let place = try await DatasetPlace()
    try place.write(place.target("map.csv"), "key;subject\n1;p-0001\n\"2\";p-0002\n")
    try await place.datasets.create("table", kind: .csv, key: "id", subject: "file:")
    try place.write(place.source, "id,t\n1,a\n2,b\n")
    let map = place.target("map.csv")
    #expect(
      try await place.datasets.commit("table", place.source, subjectFile: map).registered == 2)
    try place.write(place.source, "id,t\n1,a\n3,b\n")
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.commit("table", place.source, subjectFile: map)
    }
    #expect(error?.code == .invalidInput)
    #expect(error?.location?.file?.hasSuffix("source") == true && error?.location?.line == 3)
  }

  @Test(
    "and is refused with the place of what is wrong",
    arguments: [
      ("", nil, "empty"), ("key\na.wav\n", 1, "a column subject"),
      ("key,subject,key\na,b,c\n", 1, "no column twice"),
      ("Key,Subject\na.wav,p\n", 1, "a column key"),
      ("key,subject\na.wav,p-0001\n,p-0001\n", 3, "no key"),
      ("key,subject\na.wav,\n", 2, "no subject"), ("key,subject\na.wav\n", 2, "1 field"),
      ("key,subject\na.wav,\"p\n", 2, "quote"),
      ("key,subject\na.wav,p-0001\n", nil, "does not say whom"),
      (
        "key,subject\n" + (0..<9).map { "a.wav,p-\($0)\n" }.joined() + "b.wav,p-1\n", nil,
        "at most 8"
      ),
    ] as [(String, Int?, String)])
  func refused(text: String, line: Int?, says: String) async throws {
    let place = try await Self.place()
    try place.write(place.target("map.csv"), text)
    let size = try place.store.head().size
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.commit(
        "files", place.source, subjectFile: place.target("map.csv"))
    }
    #expect(error?.code == .invalidInput)
    #expect(error?.description.contains(says) == true, "\(String(describing: error))")
    #expect(error?.location?.line == line)
    #expect(error?.description.contains("p-0001") == false)
    #expect(try place.store.head().size == size)
    #expect(try place.store.subjects.count() == 0)
  }

  @Test("only where a dataset was made so, and then always")
  func usage() async throws {
    let place = try await Self.place()
    try await place.table("id,client\n1,p-0001\n")
    let map = place.target("map.csv")
    try place.write(map, "key,subject\na.wav,p-0001\n")
    for (name, path, file, code) in [
      ("files", place.source, nil, .usage), ("table", place.target("table.source"), map, .usage),
      ("files", place.source, place.target("none.csv"), .notFound),
      ("files", place.source, place.temporary.folder, .usage),
    ] as [(String, String, String?, CustodyError.Code)] {
      let committing = await #expect(throws: CustodyError.self) {
        try await place.datasets.commit(name, path, subjectFile: file)
      }
      #expect(committing?.code == code, "\(committing as Any)")
      let comparing = await #expect(throws: CustodyError.self) {
        try await place.datasets.differences(name, with: path, subjectFile: file)
      }
      #expect(comparing?.code == code)
    }
  }
}
