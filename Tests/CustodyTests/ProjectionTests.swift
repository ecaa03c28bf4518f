import Custody
import CustodyMigrations
import CustodyProjections
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Projections follow the ledger and can be computed again")
struct ProjectionTests {
  private static let kinds = [EventIndex.kind, ProjectionKind(Words.self)]

  private static func engine(_ store: Store) -> ProjectionEngine {
    ProjectionEngine(folder: store.folder, projections: kinds, migrations: Words.migrations)
  }

  private static func states(_ engine: ProjectionEngine) throws -> [String: Digest] {
    Dictionary(uniqueKeysWithValues: try engine.status().map { ($0.state.name, $0.digest) })
  }

  /// Some events about people and nobody, in a few streams.
  private static func events(_ random: inout SeededGenerator) -> [NewEvent] {
    (0..<Int.random(in: 1...40, using: &random)).map { _ in
      let isAboutSomebody = Bool.random(using: &random)
      return NewEvent(
        stream: "s/\(Int.random(in: 0..<3, using: &random))",
        type: Bool.random(using: &random) ? "word.said" : "thing.done",
        subjects: isAboutSomebody
          ? [.identifier("patient-00\(Int.random(in: 10..<14, using: &random))")] : [],
        content: random.bytes(Int.random(in: 0..<30, using: &random)))
    }
  }

  private static func store() async throws -> (TemporaryStore, Store) {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.subjects.register((10..<14).map { "patient-00\($0)" })
    return (temporary, store)
  }

  @Test(
    "following along, computing anew and going on after a crash end in the same rows",
    arguments: 0..<12)
  func laws(seed: UInt64) async throws {
    let (temporary, store) = try await Self.store()
    var random = SeededGenerator(seed)
    func engine(_ store: Store) -> ProjectionEngine {
      ProjectionEngine(
        folder: store.folder,
        projections: [EventIndex.kind, Quotes.kind, ProjectionKind(Crasher.self)],
        migrations: Quotes.migrations, batchSize: Int(seed % 4) * 3 + 1)
    }
    var following = engine(store)
    for _ in 0..<12 {
      try await store.append(Self.events(&random))
      switch Int.random(in: 0..<5, using: &random) {
      case 0: break
      case 1: try following.catchUp()
      case 3:
        let name = "patient-00\(Int.random(in: 10..<14, using: &random))"
        try await store.destroyKeys(of: name, in: temporary)
        try await store.subjects.register([name])
      case 2:
        // A fault at any event: its batch is gone, the rows of those before stay.
        let low = try following.status()[0].state.position
        let position = Int.random(in: low..<(try store.head().size), using: &random)
        Crasher.arm(store.ledgerID, at: position)
        #expect(throws: Crasher.Crash.self) { try following.catchUp() }
        let reached = try following.status()[0].state.position
        #expect(reached <= position && reached > position - 80)
      default: following = engine(try temporary.open(for: .contents))
      }
    }
    try following.catchUp()
    let followed = try Self.states(following)
    #expect(followed["quotes"]?.isZero == false && followed["event-index"]?.isZero == false)

    let rebuilt = try following.rebuild()
    #expect(rebuilt.allSatisfy { $0.wasEqual == true }, "\(rebuilt)")
    #expect(try Self.states(following) == followed)
    #expect(try following.compare().allSatisfy(\.isEqual))

    unlink(temporary.path + "/projections.sqlite")
    let anew = engine(try temporary.open(for: .contents))
    try anew.catchUp()
    #expect(try Self.states(anew) == followed)
    #expect(
      try RawDatabase(temporary.path + "/projections.sqlite").integer(
        "SELECT count(*) FROM event_index_1_by_type") == store.head().size)
  }

  @Test("an event that cannot be applied halts one projection; others go on")
  func halting() async throws {
    let (temporary, store) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    let engine = Self.engine(store)
    func say(_ words: [String]) async throws {
      try await store.append(
        words.map { NewEvent(stream: "s", type: "word.said", content: Array($0.utf8)) })
    }
    try await say(["one", "two", "unspeakable", "four"])
    let bad = try store.head().size - 2
    for _ in 0..<2 {
      try engine.catchUp()
      let status = try engine.status()
      #expect(status[0].state.haltReason == nil && status[0].state.position == bad + 2)
      #expect(status[1].state.haltReason == "that cannot be said")
      #expect(status[1].state.position == bad)
    }
    let file = RawDatabase.self
    let path = temporary.path + "/projections.sqlite"
    #expect(try file.init(path).integer("SELECT count(*) FROM words_1") == 2, "those before stay")
    let error = #expect(throws: CustodyError.self) {
      try engine.read(ProjectionKind(Words.self)) { _ in }
    }
    #expect(error?.code == .needsRecovery)
    #expect(error?.message.contains("position \(bad)") == true)
    try await say(["five"])
    try engine.catchUp()
    #expect(try engine.status()[0].state.position == bad + 3)
    #expect(try engine.compare().map(\.isEqual) == [true, false])
    let rebuilt = try engine.rebuild(["words"])
    #expect(rebuilt[0].haltReason != nil && rebuilt[0].eventCount == bad)
  }

  @Test(
    "a row that was changed is found, named and mended",
    arguments: [
      "UPDATE event_index_1_by_key SET position = position + 1000 WHERE position = 9",
      "DELETE FROM event_index_1_by_type WHERE position = 9",
      "INSERT INTO event_index_1_by_type VALUES (1, 9)",
      "UPDATE event_index_1_type SET text = 'a.b' WHERE id = 1",
      "UPDATE projection SET digest = zeroblob(32) WHERE name = 'event-index'",
    ])
  func tampered(sql: String) async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    _ = try await SampleLedger.fill(store)
    try await store.projections.catchUp()
    #expect(try await store.verify(level: .projections).holds)
    try RawDatabase(temporary.path + "/projections.sqlite").execute(sql)

    let found = try await store.projections.compare(["event-index"])
    #expect(found.map(\.isEqual) == [false])
    if sql.contains("9") { #expect(found[0].firstPosition == Position(9), "\(found)") }
    let report = try await store.verify(level: .projections)
    #expect(report.findings.map(\.rule) == [.projectionMismatch])
    #expect(try await store.verify(level: .contents).holds)
    let rebuilt = try await store.projections.rebuild()
    #expect(rebuilt.count == ProjectionCatalog.all.count)
    for rebuilt in rebuilt { #expect(rebuilt.wasEqual == (rebuilt.name != "event-index")) }
    #expect(try await store.verify(level: .projections).holds)
  }

  @Test("another ledger's rows, another schema's or garbage are computed anew")
  func foreign() async throws {
    let (temporary, store) = try await Self.store()
    let (other, second) = try await Self.store()
    try await store.append(NewEvent(stream: "a", type: "b.c", content: [1]))
    for name in ["a", "b", "c"] {
      try await second.append(NewEvent(stream: name, type: "b.c", content: [1]))
    }
    try await second.projections.catchUp()
    let path = temporary.path + "/projections.sqlite"
    var random = SeededGenerator(1)
    for bytes in [
      try Data(contentsOf: URL(fileURLWithPath: other.path + "/projections.sqlite")),
      Data(random.bytes(20_000)), Data(),
    ] {
      for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
      try bytes.write(to: URL(fileURLWithPath: path))
      let fresh = try temporary.open(for: .contents)
      #expect(try await fresh.projections.compare().allSatisfy(\.isEqual))
      #expect(try fresh.projections.status()[0].eventCount == store.head().size)
    }
    // With another key, the same rows have another digest.
    try await store.projections.catchUp()
    let digests = try [store, second].map { store in
      try store.engine.status().filter { $0.state.name == "event-index" }.map(\.digest)
    }
    #expect(digests[0].allSatisfy { !$0.isZero } && digests[0] != digests[1])
  }

  @Test("a file with a trigger or a table too many is computed anew, and the trigger never runs")
  func trigger() async throws {
    let (temporary, store) = try await Self.store()
    try await store.projections.catchUp()
    let path = temporary.path + "/projections.sqlite"
    try RawDatabase(path).execute(
      """
      CREATE TABLE seen (position INTEGER);
      CREATE TRIGGER t AFTER INSERT ON event_index_1_by_type
        BEGIN INSERT INTO seen VALUES (new.position); END;
      """)
    try await store.append(NewEvent(stream: "a", type: "b.c", content: [1]))
    let fresh = try temporary.open(for: .contents)
    #expect(try await fresh.projections.compare().allSatisfy(\.isEqual))
    #expect(
      try RawDatabase(path).integer(
        "SELECT count(*) FROM sqlite_master WHERE name IN ('t', 'seen')")
        == 0)
  }

  @Test("what a newer program made is left alone, and what needs none of it goes on")
  func newer() async throws {
    let (temporary, store) = try await Self.store()
    try await store.append(NewEvent(stream: "a", type: "b.c", content: [1]))
    try await store.projections.catchUp()
    let path = temporary.path + "/projections.sqlite"
    try RawDatabase(path).execute(
      "INSERT INTO migration VALUES (99, 'from_the_future', zeroblob(32))")
    let inode = FileAttributes.inode(path)
    let fresh = try temporary.open()
    for body in [
      { _ = try fresh.projections.status() }, { try await fresh.projections.catchUp() },
      { _ = try fresh.datasets.all() }, { _ = try await fresh.projections.rebuild() },
    ] as [() async throws -> Void] {
      let error = await #expect(throws: CustodyError.self) { try await body() }
      #expect(error?.code == .newerStore)
      #expect(error?.message.contains("remove the file") == true)
    }
    try await fresh.append(NewEvent(stream: "a", type: "b.c", content: [1]))
    var found = 0
    for try await _ in fresh.events(EventFilter(type: "b.c")) { found += 1 }
    #expect(found == 2)
    #expect(FileAttributes.inode(path) == inode)
  }

  @Test("a content that does not open halts what reads it; others go on")
  func damaged() async throws {
    let (temporary, store) = try await Self.store()
    try await store.append(
      ["one", "two", "three"].map {
        NewEvent(stream: "s", type: "word.said", content: Array($0.utf8))
      })
    let size = try store.head().size
    try RawDatabase(temporary.ledgerFile).execute(
      "UPDATE event SET body = randomblob(length(body)) WHERE position = \(size - 2)")
    let engine = Self.engine(store)
    try engine.catchUp()
    let status = try engine.status()
    #expect(status.map(\.state.position) == [size, size - 2])
    #expect(status[1].state.haltReason?.contains("position \(size - 2)") == true)
  }

  @Test("a content whose key is gone is told as gone, in rows followed and computed anew")
  func erased() async throws {
    let (temporary, store) = try await Self.store()
    for name in ["patient-0010", "patient-0011"] {
      try await store.append(
        NewEvent(
          stream: "s", type: "word.said", subjects: [.identifier(name)],
          content: Array("hello".utf8)))
    }
    let key = try #require(
      try store.event(at: Position(try store.head().size - 1))?.header.claim.keyIDs.first)
    try RawDatabase(temporary.keysFile).execute("DELETE FROM data_key WHERE id = x'\(key)'")
    let engine = Self.engine(try temporary.open(for: .contents))
    try engine.catchUp()
    let rows = try RawDatabase(temporary.path + "/projections.sqlite").rows(
      "SELECT length FROM words_1 ORDER BY position")
    #expect(rows == [[.integer(5)], [.null]])
  }

  @Test("two processes that follow while a third appends end in the same rows")
  func concurrent() async throws {
    let (temporary, store) = try await Self.store()
    let engines = [
      Self.engine(store), Self.engine(try temporary.open(for: .contents)),
    ]
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        var random = SeededGenerator(7)
        for _ in 0..<60 { try await store.append(Self.events(&random)) }
      }
      for engine in engines {
        group.addTask {
          for _ in 0..<40 {
            try engine.catchUp()
            await Task.yield()
          }
        }
      }
      try await group.waitForAll()
    }
    for engine in engines { try engine.catchUp() }
    #expect(try Self.states(engines[0]) == Self.states(engines[1]))
    #expect(try engines[0].compare().allSatisfy(\.isEqual))
  }

  @Test("a program that follows sees what is appended, until it is canceled")
  func follow() async throws {
    let (temporary, store) = try await Self.store()
    let reader = try temporary.open(for: .contents)
    let following = Task { try await reader.projections.follow(every: .milliseconds(5)) }
    for index in 0..<5 {
      try await store.append(NewEvent(stream: "a", type: "b.c", content: [UInt8(index)]))
    }
    let size = try store.head().size
    for _ in 0..<400 where try reader.projections.status()[0].eventCount < size {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(try reader.projections.status()[0].eventCount == size)
    following.cancel()
    try await following.value
  }

  @Test("events by type and by key are those that a pass over the ledger finds", arguments: 0..<8)
  func index(seed: Int) async throws {
    let (temporary, store) = try await Self.store()
    var random = SeededGenerator(seed)
    for _ in 0..<12 { try await store.append(Self.events(&random)) }
    let scanning = try temporary.open(for: .reading)
    let size = try store.head().size
    let keys = try store.keys.all().map(\.id)
    for _ in 0..<30 {
      var filter = EventFilter(
        type: Bool.random(using: &random)
          ? ["word.said", "no.such"].randomElement(using: &random)
          : nil,
        keys: Bool.random(using: &random)
          ? (0..<Int.random(in: 0...3, using: &random)).map { _ in
            keys.randomElement(using: &random)!
          } : nil,
        isReversed: Bool.random(using: &random))
      if Bool.random(using: &random) {
        filter.from = Position(Int.random(in: 0...size, using: &random))
      }
      if Bool.random(using: &random) {
        filter.to = Position(Int.random(in: 0...size, using: &random))
      }
      var found: [[Position]] = []
      for store in [store, scanning] {
        var positions: [Position] = []
        for try await event in store.events(filter) { positions.append(event.position) }
        found.append(positions)
      }
      #expect(found[0] == found[1], "\(filter)")
    }
  }
}
