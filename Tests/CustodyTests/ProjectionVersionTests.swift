import Custody
import CustodyProjections
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A new version of a projection is built beside the old one, compared, then switched")
struct ProjectionVersionTests {
  private static let old = ProjectionKind(Words.self)
  private static let new = ProjectionKind(LouderWords.self)

  private static func engine(_ store: Store, _ kinds: [ProjectionKind]) -> ProjectionEngine {
    let isNew = kinds.contains { $0.declaration.version == 2 }
    return ProjectionEngine(
      folder: store.folder, projections: [EventIndex.kind] + kinds,
      migrations: isNew ? LouderWords.migrations : Words.migrations, batchSize: 3)
  }

  private static func say(_ words: [String], _ store: Store) async throws {
    try await store.append(
      words.map {
        NewEvent(stream: "s/\($0.count % 2)", type: "word.said", content: Array($0.utf8))
      }
    )
  }

  private static func roles(_ engine: ProjectionEngine) throws -> [String] {
    try engine.status().filter { $0.state.name == "words" }.map {
      "\($0.state.version) \($0.role.rawValue) at \($0.state.position)"
    }
  }

  private static func rows(_ temporary: TemporaryStore, _ table: String) throws -> Int {
    try RawDatabase(temporary.path + "/projections.sqlite").integer("SELECT count(*) FROM \(table)")
  }

  @Test("while the program has both, queries read the old one until it is rebuilt")
  func both() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await Self.say(["one", "two!", "three"], store)
    try Self.engine(store, [Self.old]).catchUp()
    let before = try store.head().size

    let engine = Self.engine(store, [Self.old, Self.new])
    #expect(try Self.roles(engine) == ["1 in use at \(before)", "2 new at 0"])
    try await Self.say(["four", "", "six!", ""], store)
    let size = try store.head().size
    #expect(try engine.inUse("words").declaration.version == 1)
    try engine.read(Self.old) { _ in }
    #expect(try Self.roles(engine) == ["1 in use at \(size)", "2 new at 0"])
    try engine.catchUp()
    #expect(try Self.roles(engine) == ["1 in use at \(size)", "2 new at \(size)"])

    let found = try #require(try engine.compareVersions(of: "words"))
    #expect(found.old == 1 && found.new == 2 && found.eventCount == size)
    // The first empty word; no row of the tables that differ says where it is from.
    #expect(found.firstPosition == Position(size - 3))
    #expect(
      found.differences.map { "\($0.table) \($0.missing) \($0.unexpected) \($0.note ?? "-")" } == [
        "words_2 0 0 only version 2 has is_loud", "words_2_total 1 1 -",
        "words_2_loudest 0 0 only version 2 has it",
      ])
    #expect(try engine.compare(["words"]).map(\.isEqual) == [true, true])
    #expect(try engine.compareVersions(of: "event-index") == nil)

    let rebuilt = try engine.rebuild(["words"])
    #expect(rebuilt.map(\.version) == [2] && rebuilt[0].replaced == [1])
    #expect(rebuilt[0].wasEqual == true)
    #expect(try Self.roles(engine) == ["2 in use at \(size)"])
    #expect(try engine.inUse("words").declaration.version == 2)
    #expect(try Self.rows(temporary, "words_1") == 0 && Self.rows(temporary, "words_2") == 7)
    // Nothing begins the old one anew.
    try await Self.say(["seven"], store)
    try engine.catchUp()
    #expect(try Self.roles(engine) == ["2 in use at \(size + 1)"])
  }

  @Test("what an older program left can be compared where it stands, until it is let go of")
  func left() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await Self.say(["one", "", "three"], store)
    try Self.engine(store, [Self.old]).catchUp()
    let stand = try store.head().size
    try await Self.say(["", "five"], store)

    let engine = Self.engine(store, [Self.new])
    #expect(try Self.roles(engine) == ["1 old at \(stand)", "2 in use at 0"])
    try engine.read(Self.new) { _ in }
    #expect(try Self.roles(engine) == ["1 old at \(stand)", "2 in use at \(stand + 2)"])
    #expect(try Self.rows(temporary, "words_1") == 3)
    let found = try #require(try engine.compareVersions(of: "words"))
    #expect(found.eventCount == stand)
    #expect(found.differences.first { $0.table == "words_2_total" }?.unexpected == 1)
    // Without the old program the first event is what rows say, and totals say nothing.
    #expect(found.firstPosition == nil)
    try RawDatabase(temporary.path + "/projections.sqlite").execute(
      "DELETE FROM words_1 WHERE position = \(stand - 1)")
    #expect(
      try engine.compareVersions(of: "words")?.firstPosition == Position(stand - 1))
    #expect(try engine.rebuild()[1].replaced == [1])
    #expect(try Self.roles(engine) == ["2 in use at \(stand + 2)"])
    #expect(try Self.rows(temporary, "words_1") == 0)
    #expect(try engine.compareVersions(of: "words") == nil)
  }

  @Test("a newest version that stands still does not take over")
  func halted() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await Self.say(["one", "two"], store)
    try Self.engine(store, [Self.old]).catchUp()
    let engine = Self.engine(store, [Self.old, Self.new])
    try await Self.say(["three", "whisper", "five"], store)
    let size = try store.head().size
    let found = try #require(try engine.compareVersions(of: "words"))
    #expect(found.haltReason == "that is too low" && found.firstPosition == Position(size - 2))
    let rebuilt = try engine.rebuild(["words"])
    #expect(rebuilt[0].haltReason != nil && rebuilt[0].replaced.isEmpty)
    #expect(
      try Self.roles(engine) == ["1 in use at \(size)", "2 new at \(size - 2)"])
    try engine.read(try engine.inUse("words")) { _ in }
  }

  @Test("rows of an older version that are of another ledger are not compared")
  func foreign() async throws {
    let (temporary, other) = (try TemporaryStore(), try TemporaryStore())
    let store = try await temporary.create()
    let second = try await other.create()
    for store in [store, second] { try await Self.say(["one", "two"], store) }
    try Self.engine(second, [Self.old]).catchUp()
    for suffix in ["", "-wal"] {
      try? FileManager.default.copyItem(
        atPath: other.path + "/projections.sqlite" + suffix,
        toPath: temporary.path + "/projections.sqlite" + suffix)
    }
    let engine = Self.engine(store, [Self.new])
    let error = #expect(throws: CustodyError.self) { try engine.compareVersions(of: "words") }
    #expect(error?.code == .needsRecovery)
    #expect(error?.message.contains("custody projection rebuild words") == true)
    _ = try engine.rebuild()
    #expect(try Self.roles(engine) == ["2 in use at \(store.head().size)"])
  }

  @Test("tables are named after their projection and its version")
  func names() {
    for kind in ProjectionCatalog.all {
      let declaration = kind.declaration
      let prefix = ProjectionDeclaration.tablePrefix(declaration.name, declaration.version)
      for table in declaration.tables {
        #expect(table.name == prefix || table.name.hasPrefix("\(prefix)_"), "\(table.name)")
      }
    }
    let versions = ProjectionCatalog.all.map { "\($0.declaration.name) \($0.declaration.version)" }
    #expect(Set(versions).count == versions.count)
  }
}
