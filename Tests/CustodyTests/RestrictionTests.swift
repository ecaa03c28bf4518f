import Custody
import CustodyLedger
import CustodyModel
import CustodyTesting
import Foundation
import Testing

@Suite("What is restricted is kept, and not read")
struct RestrictionTests {
  private typealias Place = HoldPlace

  private func expect(_ code: CustodyError.Code, _ body: () async throws -> Void) async {
    await #expect { try await body() } throws: { ($0 as? CustodyError)?.code == code }
  }

  @Test("by restores, unless they state a ground, which the ledger keeps")
  func restores() async throws {
    let place = try await Place()
    let store = try place.open()
    try await store.restrictions.place([Place.one], reason: .accuracyContested)
    #expect(try await place.records(store, "v1") == "b")
    let target = "\(place.temporary.folder)/all.jsonl"
    let whole = try await store.datasets.restore("calls", to: target, on: .legalClaim)
    #expect(whole.records == 3 && whole.restricted == 0)
    let part = try await store.datasets.restore("calls", to: target, replacing: true)
    #expect(part.records == 1 && part.restricted == 2 && part.missing == 0)
    var said: [String] = []
    for try await event in store.events(EventFilter(type: "dataset.restored")) {
      said.append(String(decoding: try #require(try store.content(of: event)), as: UTF8.self))
    }
    #expect(said[1].contains(#""restricted":0,"ground":"legal-claim""#))
    #expect(said[2].contains(#""restricted":2,"ground":null"#))
    try await store.restrictions.lift([Place.one])
    #expect(try await place.records(store, "v1") == "abc")
  }

  @Test("by reading one record, and by disclosing an event")
  func single() async throws {
    let place = try await Place()
    let store = try place.open()
    try await store.restrictions.place([Place.one], reason: .objectionPending)
    for key in ["a", "c"] {
      await expect(.restricted) { try store.datasets.content(of: "calls", key: key) { _ in } }
      try store.datasets.content(of: "calls", key: key, on: .consent) { _ in }
    }
    try store.datasets.content(of: "calls", key: "b") { _ in }
    var about: [Position] = []
    for try await event in store.events(EventFilter(stream: "notes")) {
      about.append(event.position)
    }
    await expect(.restricted) { _ = try await store.evidence.disclose(about[0], to: []) }
    _ = try await store.evidence.disclose(about[1], to: [])
    await expect(.restricted) { _ = try await store.evidence.disclose(about[2], to: []) }
    _ = try await store.evidence.disclose(about[2], to: [], on: .publicInterest)
  }

  @Test("by runs, which say how many they left out, or on which ground they did not")
  func runs() async throws {
    let place = try await Place()
    let store = try place.open()
    try await store.restrictions.place([Place.other], reason: .unlawfulProcessing)
    func count(_ ground: RestrictionGround?) async throws -> String {
      let file = "\(place.temporary.folder)/count-\(UUID().uuidString)"
      var step = RunStep(job: "count", command: ["sh", "-c", "wc -l < {in:calls} > \(file)"])
      (step.inputs, step.ground) = ([.init("calls")], ground)
      _ = try await store.runs.run(step, appendEvents: { _, _ in 0 })
      return try String(contentsOfFile: file, encoding: .utf8)
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
    #expect(try await count(nil) == "1")
    #expect(try await count(.rightsOfOthers) == "3")
    var said: [String] = []
    for try await event in store.events(EventFilter(type: "run.started")) {
      said.append(String(decoding: try #require(try store.content(of: event)), as: UTF8.self))
    }
    #expect(said[1].contains(#""restricted":2"#) && said[1].contains(#""ground":null"#))
    #expect(
      said[2].contains(#""ground":"rights-of-others""#) && said[2].contains(#""restricted":0"#))
  }

  @Test("by what makes tokens of values")
  func tokens() async throws {
    let place = try await Place()
    let store = try place.open()
    try await store.restrictions.place([Place.other], reason: .unlawfulProcessing)
    await expect(.restricted) {
      _ = try await store.datasets.pseudonymize("calls", columns: ["said"], to: "released")
    }
    try await store.restrictions.lift([Place.other])
    _ = try await store.datasets.pseudonymize("calls", columns: ["said"], to: "released")
  }

  @Test("of one class of data, as it was at a moment, once")
  func classes() async throws {
    let place = try await Place()
    let store = try place.open()
    try await store.subjects.register(["patient-0017"], dataClass: "voiceprint")
    try await store.restrictions.place(
      [Place.one], classes: ["voiceprint"], reason: .neededForClaim)
    let head = try store.head().position
    #expect(try await place.records(store, "v1") == "abc")
    await expect(.alreadyExists) {
      try await store.restrictions.place(
        [Place.other, Place.one], classes: ["voiceprint"], reason: .neededForClaim)
    }
    #expect(try store.restrictions.list().count == 1)
    try await store.restrictions.place([Place.one], reason: .accuracyContested)
    #expect(try await place.records(store, "v1") == "b")
    try await store.restrictions.lift([Place.one])
    #expect(try store.restrictions.list().allSatisfy { $0.liftedAt != nil })
    let then = try store.restrictions.list(at: .position(head))
    #expect(then.count == 1 && then[0].liftedAt == nil && then[0].classes == ["voiceprint"])
    await expect(.notFound) { try await store.restrictions.lift([Place.one]) }
    await expect(.notFound) {
      try await store.restrictions.place([.identifier("nobody")], reason: .accuracyContested)
    }
  }

  @Test("until they are lifted, for one class of data after the other if it must be")
  func lifting() async throws {
    let place = try await Place()
    let store = try place.open()
    let restrictions = store.restrictions
    try await store.subjects.register(["patient-0017"], dataClass: "voiceprint")
    try await restrictions.place([Place.one], reason: .accuracyContested)
    let before = try store.head().position
    try await restrictions.lift([Place.one], classes: ["default"])
    #expect(try await place.records(store, "v1") == "abc")
    let part = try #require(try restrictions.list().first)
    #expect(part.liftedAt == nil && part.liftedClasses == ["default"])
    // What is not named stays restricted, also what is still to come.
    #expect(["default", "voiceprint", "later"].map(part.restricts) == [false, true, true])
    #expect(try restrictions.list(at: .position(before))[0].liftedClasses.isEmpty)

    await expect(.notFound) { try await restrictions.lift([Place.one], classes: ["default"]) }
    await expect(.alreadyExists) {
      try await restrictions.place(
        [Place.one], classes: ["voiceprint"], reason: .objectionPending)
    }
    try await restrictions.place([Place.one], classes: ["default"], reason: .objectionPending)
    #expect(try await place.records(store, "v1") == "b")
    let size = try store.head().size
    await expect(.notFound) {
      try await restrictions.lift([Place.one, Place.other], classes: ["default"])
    }
    #expect(try store.head().size == size)
    try await restrictions.lift([Place.one], classes: ["voiceprint", "default"])
    let both = try restrictions.list()
    // The one of all classes lasts for others.
    #expect(both.map { $0.liftedAt == nil } == [true, false])
    #expect(both.map(\.liftedClasses) == [["default", "voiceprint"], ["default"]])
    try await restrictions.lift([Place.one])
    #expect(try restrictions.list().allSatisfy { $0.liftedAt != nil })
    #expect(try await place.records(store, "v1") == "abc")
  }

  /// Appends what another version of the program says of the restrictions of a person.
  private func say(
    _ type: String, _ version: UInt16, _ content: [UInt8], of id: KeyID, _ store: Store
  ) async throws -> Position {
    let event = NewEvent(
      stream: "\(RestrictionPlaced.streamPrefix)\(id)", type: type, typeVersion: version,
      content: content)
    return try await store.folder.ledger().append(
      try store.sealing.seal([event], isOwn: true))[0].position
  }

  @Test("all the same where an older program lifted everything")
  func former() async throws {
    let place = try await Place()
    let store = try place.open()
    let id = try await store.restrictions.place([Place.one], reason: .accuracyContested)[0]
    let old = RestrictionLifted1(RestrictionLifted(subject: id.hex, classes: []))
    _ = try await say(RestrictionLifted.type, 1, old.content, of: id, store)
    #expect(try await place.records(store, "v1") == "abc")
  }

  @Test(
    "where a newer program said what is not understood: nothing is read, and its position named",
    arguments: ["reason", "placed", "lifted"])
  func newer(what: String) async throws {
    let place = try await Place()
    let store = try place.open()
    let id = try await store.restrictions.place([Place.other], reason: .accuracyContested)[0]
    let placed = RestrictionPlaced(subject: id.hex, classes: [], reason: "reason-of-tomorrow")
    let lifted = RestrictionLifted(subject: id.hex, classes: [])
    let position =
      switch what {
      case "reason": try await say(RestrictionPlaced.type, 1, placed.content, of: id, store)
      case "placed": try await say(RestrictionPlaced.type, 99, placed.content, of: id, store)
      default: try await say(RestrictionLifted.type, 99, lifted.content, of: id, store)
      }
    let target = "\(place.temporary.folder)/all.jsonl"
    func expectClosed(_ body: () async throws -> Void) async {
      await #expect {
        try await body()
      } throws: { error in
        let error = error as? CustodyError
        return error?.code == .damaged
          && error?.message.contains("position \(position) says") == true
      }
    }
    await expectClosed { _ = try store.restrictions.list() }
    await expectClosed { _ = try store.contents() }
    await expectClosed { try await store.datasets.restore("calls", to: target) }
    await expectClosed { try store.datasets.content(of: "calls", key: "a") { _ in } }
    await expectClosed { try await store.restrictions.lift([Place.other]) }
    #expect(!FileManager.default.fileExists(atPath: target))
    try await store.datasets.restore("calls", to: target, on: .consent)
  }

  @Test("once, however many place it at the same time")
  func atOnce() async throws {
    let place = try await Place()
    let stores = try (0..<4).map { _ in try place.open() }
    let count = await withTaskGroup(of: Bool.self) { group in
      for store in stores + stores {
        group.addTask {
          (try? await store.restrictions.place([Place.one], reason: .accuracyContested)) != nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(count == 1)
    #expect(try stores[0].restrictions.list().count == 1)
  }

  @Test("where an erasure waits for a matter, without being asked for, also of what she shares")
  func waiting() async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.one, Place.other])
    _ = try await place.erase(store, [Place.one])
    #expect(try store.restrictions.list().map(\.cause) == [.erasureWaits])
    #expect(try await place.records(store, "v1") == "b")
    try await store.holds.release("M-1", reason: .resolved, approver: "counsel")
    #expect(try store.restrictions.list().isEmpty)

    let shared = try await Place()
    let other = try shared.open()
    try await shared.hold(other, [Place.other])
    _ = try await shared.erase(other, [Place.one])
    #expect(try await shared.records(other, "v1") == "b")
    let target = "\(shared.temporary.folder)/all.jsonl"
    let whole = try await other.datasets.restore("calls", to: target, on: .legalClaim)
    #expect(whole.records == 2 && whole.missing == 1)
    await expect(.restricted) { try other.datasets.content(of: "calls", key: "c") { _ in } }
  }
}
