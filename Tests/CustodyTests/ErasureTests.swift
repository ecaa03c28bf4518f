import Custody
import CustodyProjections
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Erasing a person")
struct ErasureTests {
  private static let person = Subject.identifier(ErasurePlace.person)

  @Test("takes her from every version, and leaves every hash and everybody else")
  func everywhere() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    let id = try #require(try store.subjects.id(of: ErasurePlace.person))
    let keys = try #require(try store.subjects.entry(id)).keys.map(\.id)
    let roots = try place.roots(store)
    let note = try #require(try store.head().checkpoint).note.encoded
    let plan = try store.erasures.plan([Self.person], reason: .consentWithdrawn)
    #expect(plan.keys.map(\.id) == keys && plan.keptKeys.isEmpty)
    #expect(plan.runs.count == 1)
    #expect(
      plan.records.map { "\($0.dataset) \($0.versions) \($0.count)" } == [
        "cleaned [1] 2", "recordings [1] 1", "table [1, 2] 2",
      ])
    let pieces = try place.sealedPieces(under: keys + plan.runKeys)
    #expect(pieces.count > 80)
    #expect(try !place.left(pieces).isEmpty)

    let result = try await store.erasures.run(plan)
    #expect(result.remnants.isEmpty && result.needleCount > 500)
    try await store.close()
    #expect(try place.left(pieces) == [])

    let opened = try place.open(.contents)
    #expect(try opened.subjects.entry(id) == nil)
    #expect(try opened.subjects.id(of: ErasurePlace.person) == nil)
    let report = try await opened.verify(level: .contents, anchors: [("before", note)])
    #expect(report.holds, "\(report.findings)")
    #expect(try place.roots(opened) == roots)
    for number in [1, 2] {
      let (text, missing) = try await place.restored(try place.open(), "v\(number)")
      #expect(missing == 2)
      #expect(!text.contains(ErasurePlace.person) && !text.contains("canary-key"))
      #expect(text.contains("\(ErasurePlace.other),\(place.identical)\n"))
      #expect(text.contains(number == 1 ? "patient-0019,before" : "patient-0019,after"))
    }
  }

  @Test("changes nothing in projections that computing them anew would not")
  func projections() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    _ = try await store.erasures.run(try store.erasures.plan([Self.person], reason: .request))
    #expect(try await store.projections.compare().allSatisfy(\.isEqual))
    let before = try store.engine.status().map(\.digest)
    _ = try await store.projections.rebuild()
    #expect(try store.engine.status().map(\.digest) == before)
  }

  @Test("nothing of her is readable in a file of the store, before or after")
  func canaries() async throws {
    let place = try await ErasurePlace()
    let words = ErasurePlace.canaries.map { Data($0.utf8) }
    #expect(try place.left(words) == [])
    let store = try place.open()
    _ = try await store.erasures.run(try store.erasures.plan([Self.person], reason: .request))
    #expect(try place.left(words) == [])
  }

  @Test("of one class keeps the others")
  func classes() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    try await store.subjects.register([ErasurePlace.person], dataClass: "voiceprint")
    let kept = try await store.append(
      NewEvent(stream: "notes", type: "note.made", subjects: [Self.person], content: [1]))
    let gone = try await store.append(
      NewEvent(
        stream: "notes", type: "note.made", subjects: [Self.person], dataClass: "voiceprint",
        content: [2]))
    let plan = try store.erasures.plan([Self.person], classes: ["voiceprint"], reason: .objection)
    #expect(plan.keys.map(\.dataClass) == ["voiceprint"])
    #expect(plan.keptKeys.map(\.dataClass) == ["default"])
    #expect(plan.records.isEmpty && plan.runs.isEmpty)
    #expect(try await store.erasures.run(plan).remnants.isEmpty)
    #expect(try store.content(of: try #require(try store.event(at: kept.position))) == [1])
    #expect(try store.content(of: try #require(try store.event(at: gone.position))) == nil)
    let id = try #require(try store.subjects.id(of: ErasurePlace.person))
    #expect(try store.subjects.entry(id)?.keys.map(\.dataClass) == ["default"])
    #expect(throws: CustodyError.self) {
      try store.erasures.plan([Self.person], classes: ["voiceprint"], reason: .request)
    }
    #expect(try await store.verify(level: .contents).holds)
  }

  @Test("what several people share goes with any of them, and nothing else of the others")
  func shared() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    let both = try await store.append(
      NewEvent(
        stream: "notes", type: "note.made",
        subjects: [Self.person, .identifier(ErasurePlace.other)], content: [3]))
    let others = try await store.append(
      NewEvent(
        stream: "notes", type: "note.made", subjects: [.identifier(ErasurePlace.other)],
        content: [4]))
    _ = try await store.erasures.run(try store.erasures.plan([Self.person], reason: .request))
    #expect(try #require(try store.event(at: both.position)).body == nil)
    #expect(try store.content(of: try #require(try store.event(at: others.position))) == [4])
  }

  @Test("many people in one request")
  func many() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    let people = (0..<40).map { "somebody-\($0)" }
    try await store.subjects.register(people)
    for person in people {
      try await store.append(
        NewEvent(stream: "n", type: "a.b", subjects: [.identifier(person)], content: [1]))
    }
    let plan = try store.erasures.plan(people.map { .identifier($0) }, reason: .noLongerNecessary)
    #expect(plan.keys.count == 40 && plan.eventCount == 80)
    #expect(try await store.erasures.run(plan).remnants.isEmpty)
    #expect(try store.subjects.count() == 3)
    #expect(try await store.verify(level: .contents).holds)
    #expect(try store.folder.journal().lines.count == 1)
  }

  @Test("says what it does not reach")
  func notReached() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    _ = try await place.restored(store, "v1")
    try await store.importing([
      #"{"eventType":"START","eventTime":"2026-01-01T00:00:00Z","run":{"runId":"01a204a7-ba70-7fdc-b314-7b88f7b52729"},"job":{"namespace":"a","name":"b"},"inputs":[],"outputs":[],"producer":"https://example.org/p","schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json"}"#
    ])
    var step = RunStep(job: "idle", command: ["true"])
    step.parameters = [("a", "b")]
    _ = try await store.runs.run(step, appendEvents: { _, _ in 0 })
    let plan = try store.erasures.plan([Self.person], reason: .request)
    #expect(plan.copies.map(\.what) == ["table@v1"])
    #expect(plan.copies.first?.path?.contains("restored-") == true)
    #expect(plan.unsearchedImportCount == 1)
    #expect(plan.unsearchedRunCount == 1)
    #expect(plan.backupsExpire == nil)
  }

  @Test("is refused for who is unknown, and says of who was erased when that was")
  func refused() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    let id = try #require(try store.subjects.id(of: ErasurePlace.person))
    let result = try await store.erasures.run(
      try store.erasures.plan([.key(id)], reason: .request))
    func message(_ subject: Subject) -> (CustodyError.Code, String)? {
      do {
        _ = try store.erasures.plan([subject], reason: .request)
        return nil
      } catch let error as CustodyError {
        return (error.code, error.message)
      } catch { return nil }
    }
    let known = try #require(message(.key(id)))
    #expect(known.0 == .keyDestroyed && known.1.contains("\(result.request)"))
    #expect(message(Self.person)?.0 == .notFound)
    #expect(message(.identifier("nobody"))?.0 == .notFound)
    #expect(message(.key(KeyID([UInt8](repeating: 7, count: 16))!))?.0 == .notFound)
    await #expect(throws: CustodyError.self) {
      try await store.append(
        NewEvent(stream: "n", type: "a.b", subjects: [.key(id)], content: [1]))
    }
  }

  @Test("nothing is written under a destroyed key, nor by a run that read an erased version")
  func running() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    let go = place.path("go")
    var step = RunStep(
      job: "slow",
      command: [
        "sh", "-c",
        "cp {in:table} {out:late}; touch \(go)-on; while [ ! -e \(go) ]; do sleep 0.02; done",
      ])
    (step.inputs, step.outputs, step.key) = ([.init("table")], [.init("late")], "id")
    let slow = step
    let run = Task { try await store.runs.run(slow, appendEvents: { _, _ in 0 }) }
    while !FileIO.exists("\(go)-on") { try await Task.sleep(for: .milliseconds(10)) }
    _ = try await store.erasures.run(try store.erasures.plan([Self.person], reason: .request))
    try Data().write(to: URL(fileURLWithPath: go))
    await #expect(throws: CustodyError.self) { try await run.value }
    #expect(try store.datasets.all().first { $0.name == "late" }?.newest == nil)
    #expect(try await store.verify(level: .contents).holds)
  }

  @Test("a person who comes back is another one")
  func comingBack() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    let before = try #require(try store.subjects.id(of: ErasurePlace.person))
    _ = try await store.erasures.run(try store.erasures.plan([Self.person], reason: .request))
    let after = try await store.subjects.register([ErasurePlace.person])[0]
    #expect(after != before)
    #expect(try store.erasures.plan([Self.person], reason: .request).eventCount == 1)
  }

  @Test("waits for who reads an older state, and claims nothing before")
  func readers() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    // The log has something that only a reader of the older state needs.
    try await store.append(NewEvent(stream: "n", type: "a.b", content: [1]))
    var reader: RawDatabase? = try RawDatabase(place.temporary.ledgerFile)
    try reader?.execute("BEGIN; SELECT count(*) FROM event")
    let plan = try store.erasures.plan([Self.person], reason: .request)
    let erasing = Task { try await store.erasures.run(plan) }
    while try store.folder.journal().lines.isEmpty {
      try await Task.sleep(for: .milliseconds(20))
    }
    try await Task.sleep(for: .milliseconds(700))
    #expect(try !store.isErasureCompleted)
    try reader?.execute("COMMIT")
    reader = nil
    #expect(try await erasing.value.completedPosition != nil)
    #expect(try store.isErasureCompleted)
  }

  @Test("is not done while a copy of what was removed lies in the store, and says where")
  func copyInTheStore() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    let copy = "\(place.temporary.path)/copies/ours.sqlite"
    try FileManager.default.createDirectory(
      atPath: "\(place.temporary.path)/copies", withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: "\(place.temporary.path)/objects.sqlite", toPath: copy)
    let result = try await store.erasures.run(
      try store.erasures.plan([Self.person], reason: .request))
    #expect(
      result.completedPosition == nil && result.remnants.keys.sorted() == ["copies/ours.sqlite"])
    #expect(try !store.isErasureCompleted)
    try await store.close()
    #expect(try place.open().finishedErasures.first?.completedPosition == nil)
    unlink(copy)
    #expect(try place.open().finishedErasures.first?.completedPosition != nil)
    #expect(try place.open().finishedErasures.isEmpty)
  }

  @Test("callers cannot say that somebody was erased, or is to be")
  func reserved() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open()
    let stream = "erasure/\(UUID().uuidString.lowercased())"
    for type in ["erasure.requested", "erasure.completed", "note.made"] {
      await #expect(throws: CustodyError.self) {
        try await store.append(NewEvent(stream: stream, type: type, content: [1]))
      }
    }
  }

  @Test("is refused while a recovery's leftovers lie in the store")
  func setAside() async throws {
    let place = try await ErasurePlace()
    let store = try place.open()
    let plan = try store.erasures.plan([Self.person], reason: .request)
    let aside = "\(place.temporary.path)/keys.sqlite.before-recovery"
    try Data([1]).write(to: URL(fileURLWithPath: aside))
    await #expect(throws: CustodyError.self) { try await store.erasures.run(plan) }
    #expect(try store.folder.journal().lines.isEmpty)
    unlink(aside)
    #expect(try await store.erasures.run(plan).remnants.isEmpty)
  }
}

extension Store {
  var isErasureCompleted: Bool {
    get throws {
      try folder.read {
        try !$0.events(
          EventFilter(type: "erasure.completed"), ledgerID: ledgerID, limit: 1
        ).isEmpty
      }
    }
  }
}
