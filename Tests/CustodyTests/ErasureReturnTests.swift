import Custody
import CustodyModel
import CustodyTesting
import Foundation
import Testing

@Suite("Somebody who comes back after her erasure")
struct ErasureReturnTests {
  private static let person = Subject.identifier(ErasurePlace.person)

  private static func sources(_ plan: ErasurePlan, in place: ErasurePlace) -> [String] {
    plan.sources.map { source in
      let path = source.path?.replacing(place.temporary.folder, with: "")
      return "\(source.dataset) \(source.versions) \(path ?? "?")"
    }
  }

  @Test("is a new person: the old one stays erased, in every version that she was in")
  func again() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    let old = try #require(try store.subjects.id(of: ErasurePlace.person))
    let plan = try store.erasures.plan([Self.person], reason: .request)
    // What a run wrote is not committed again by hand.
    #expect(
      Self.sources(plan, in: place) == ["recordings [1] /files", "table [1, 2] /table.csv"])
    let result = try await store.erasures.run(plan)
    #expect(result.plan?.sources == plan.sources)

    let commit = try await store.datasets.commit("table", place.path("table.csv"))
    #expect(commit.version == 3 && commit.registered == 1 && commit.added == 2)
    let new = try #require(try store.subjects.id(of: ErasurePlace.person))
    #expect(new != old)
    #expect(try store.subjects.entry(old) == nil)
    #expect(try store.erasures.erasure(of: old)?.request == result.request)
    #expect(try store.erasures.erasure(of: new) == nil)
    for number in [1, 2] {
      let (text, missing) = try await place.restored(store, "v\(number)")
      #expect(missing == 2 && !text.contains(ErasurePlace.person))
    }
    let (text, missing) = try await place.restored(store, "v3")
    #expect(missing == 0)
    #expect(try text == String(contentsOfFile: place.path("table.csv"), encoding: .utf8))
    // Nothing of hers from before is about her who came.
    let later = try store.erasures.plan([Self.person], reason: .request)
    #expect(Self.sources(later, in: place) == ["table [3] /table.csv"])
    #expect(later.records.map { "\($0.dataset) \($0.versions)" } == ["table [3]"])
    #expect(try await store.verify(level: .contents).holds)
    #expect(try await store.projections.compare().allSatisfy(\.isEqual))
    #expect(try await store.erasures.run(later).remnants.isEmpty)
    #expect(try await place.restored(store, "v3").missing == 2)
  }

  @Test("a path that names a person is not kept, not even of one whom it brings itself")
  func namingPath() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    var paths: [String] = []
    for name in [ErasurePlace.person, "newcomer-77", "others"] {
      paths.append(place.path("\(name).csv"))
      try Data("id,person,words\na,newcomer-77,\(name)\n".utf8).write(
        to: URL(fileURLWithPath: paths.last!))
    }
    for path in paths { try await store.datasets.commit("table", path) }
    let versions = try store.datasets.versions(of: "table").suffix(3)
    #expect(
      try versions.map { try store.datasets.source(of: $0) } == [
        .unrecorded, .unrecorded, .path(paths[2]),
      ])
    for version in versions.prefix(2) {
      let event = try #require(try store.event(at: version.position))
      let content = String(decoding: try #require(try store.content(of: event)), as: UTF8.self)
      #expect(content.contains("\"source\":null"))
    }
    let plan = try store.erasures.plan([.identifier("newcomer-77")], reason: .request)
    #expect(Self.sources(plan, in: place) == ["table [3, 4] ?", "table [5] /others.csv"])
  }

  @Test("a version says whether it came from a path, an older version or a run")
  func sources() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    try await store.datasets.restoreAsNewVersion("table", "v1", message: "as it was")
    #expect(
      try store.datasets.versions(of: "table").map { try store.datasets.source(of: $0) } == [
        .path(place.path("table.csv")), .path(place.path("table.csv")), .version(1),
      ])
    let written = try store.datasets.version("cleaned")
    #expect(try store.datasets.source(of: written) == .run(try #require(written.run)))
    // An older version that is new again brings nobody back.
    let plan = try store.erasures.plan([Self.person], reason: .request)
    #expect(plan.records.map(\.versions) == [[1], [1], [1, 2, 3]])
    #expect(
      Self.sources(plan, in: place) == ["recordings [1] /files", "table [1, 2] /table.csv"])
  }

  @Test("of versions in the second form nobody knows where they came from")
  func secondForm() throws {
    let old = DatasetVersionCommitted2.example
    let read = try #require(DatasetVersionCommitted(content: old.content, version: 2))
    #expect(read.source == nil && read.restored == nil && read.parent != nil)
  }
}
