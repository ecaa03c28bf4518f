import Custody
import CustodyModel
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Facts about people")
struct SubjectFactTests {
  private static let person = Subject.identifier("patient-0017")

  private static func store() async throws -> (TemporaryStore, Store, KeyID) {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    return (temporary, store, try await store.subjects.register(["patient-0017"])[0])
  }

  private static func date(_ text: String) throws -> CalendarDate {
    try #require(CalendarDate(text))
  }

  private static func kind(_ name: String) throws -> SubjectEventKind {
    try #require(SubjectEventKind(name))
  }

  private static func say(
    _ store: Store, _ jurisdiction: String?, _ birthDate: String? = nil,
    dataClass: String = "default"
  ) async throws {
    try await store.subjects.register(
      ["patient-0017"], dataClass: dataClass,
      jurisdiction: jurisdiction.flatMap { Jurisdiction($0) },
      birthDate: birthDate.flatMap { CalendarDate($0) })
  }

  @Test("what was said last counts, each by itself, and the same again appends nothing")
  func latest() async throws {
    let (temporary, store, id) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    let size = try store.head().size
    #expect(try store.subjects.facts(of: id).jurisdiction == nil)
    for (jurisdiction, birthDate, events, says) in [
      ("US-IL", nil, 1, ("US-IL", nil)), (nil, "1990-01-31", 2, ("US-IL", "1990-01-31")),
      ("US-IL", "1990-01-31", 2, ("US-IL", "1990-01-31")), (nil, nil, 2, ("US-IL", "1990-01-31")),
      ("DE", nil, 3, ("DE", "1990-01-31")), ("US-IL", nil, 4, ("US-IL", "1990-01-31")),
    ] as [(String?, String?, Int, (String?, String?))] {
      try await Self.say(store, jurisdiction, birthDate)
      let facts = try store.subjects.facts(of: id)
      #expect(facts.jurisdiction?.code == says.0 && facts.birthDate?.description == says.1)
      #expect(try store.head().size == size + events)
    }
    #expect(try store.subjects.count() == 1)
    #expect(try await store.subjects.identifier(of: id) == "patient-0017")
  }

  @Test("a fact is sealed under the key of its class, and gone with that")
  func classes() async throws {
    let (temporary, store, id) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    try await Self.say(store, "US-IL", "1990-01-31")
    try await Self.say(store, "DE", dataClass: "voiceprint")
    // She is known to be there; under this key nobody said so yet.
    let size = try store.head().size
    try await Self.say(store, nil, "1990-01-31", dataClass: "voiceprint")
    #expect(try store.head().size == size + 1)
    let moved = try Self.kind("moved-away")
    try await store.subjects.observe(moved, about: [Self.person], dataClass: "voiceprint")
    try await store.subjects.observe(.caseClosed, about: [Self.person])
    #expect(try store.subjects.facts(of: id).jurisdiction?.code == "DE")
    #expect(try store.subjects.facts(of: id).events.map(\.kind) == [moved, .caseClosed])
    _ = try await store.erasures.run(
      try store.erasures.plan([Self.person], classes: ["voiceprint"], reason: .request))
    let facts = try store.subjects.facts(of: id)
    #expect(facts.jurisdiction?.code == "US-IL" && facts.birthDate?.description == "1990-01-31")
    #expect(facts.events.map(\.kind) == [.caseClosed])
    _ = try await store.erasures.run(try store.erasures.plan([Self.person], reason: .request))
    let none = try store.subjects.facts(of: id)
    #expect(none.jurisdiction == nil && none.birthDate == nil && none.events.isEmpty)
    #expect(try await store.subjects.identifier(of: id) == nil)
  }

  @Test("the identifier is found as long as a key is there that sealed it")
  func identifierOfAnotherClass() async throws {
    let (temporary, store, id) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    try await store.subjects.register(["patient-0017"], dataClass: "voiceprint")
    _ = try await store.erasures.run(
      try store.erasures.plan([Self.person], classes: ["default"], reason: .request))
    #expect(try await store.subjects.identifier(of: id) == "patient-0017")
  }

  @Test("no file of the store holds a fact, and no header what happened when")
  func sealed() async throws {
    let (temporary, store, id) = try await Self.store()
    try await Self.say(store, "ZW-QX", "1971-08-23")
    let before = try #require(DateOrTime("1983-04-09"))
    try await store.subjects.observe(try Self.kind("zebra-moved"), on: before, about: [Self.person])
    let position = try #require(try store.subjects.facts(of: id).events.first).position
    let header = try #require(try store.event(at: position)).header
    #expect(header.claim.keyIDs == [id] && header.claim.type.text == "subject.observed")
    #expect(header.claim.occurredAt > Timestamp("2020-01-01")!)
    try await store.close()
    let words = ["ZW-QX", "1971-08-23", "1983-04-09", "zebra-moved"].map { Data($0.utf8) }
    for folder in [temporary.path, temporary.guardFolder] {
      for name in try #require(FileManager.default.subpaths(atPath: folder)) {
        guard !FileIO.isFolder("\(folder)/\(name)") else { continue }
        let bytes = try SmallStore.bytes("\(folder)/\(name)")
        for word in words { #expect(bytes.range(of: word) == nil, "\(name)") }
      }
    }
  }

  @Test("events are kept in their order, and the last of its kind is not recorded twice")
  func events() async throws {
    let (temporary, store, id) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    let observe = { (kind: SubjectEventKind, on: String) in
      let on = try #require(DateOrTime(on))
      return try await store.subjects.observe(kind, on: on, about: [.key(id), Self.person]).newCount
    }
    #expect(try await observe(.contractEnd, "2026-01-31") == 1)
    #expect(try await observe(.contractEnd, "2026-01-31") == 0)
    #expect(try await observe(.contractEnd, "2099-06-30") == 1)
    #expect(try await observe(.death, "2025-01-31") == 1)
    #expect(try await observe(.contractEnd, "2026-01-31") == 1, "the first was right")
    #expect(try await observe(.contractEnd, "2026-01-31T00:00:00Z") == 1, "a time is no day")
    #expect(
      try store.subjects.facts(of: id).events.map { "\($0.kind) \($0.on)" } == [
        "contract-end 2026-01-31", "contract-end 2099-06-30", "death 2025-01-31",
        "contract-end 2026-01-31", "contract-end 2026-01-31T00:00:00Z",
      ])
    let now = try await store.subjects.observe(.lastInteraction, about: [Self.person])
    let last = try #require(try store.subjects.facts(of: id).events.last)
    #expect(last.on == now.on && last.kind == .lastInteraction)
    guard case .time(let time) = last.on else { throw CustodyError(.internal, "no time") }
    #expect(time <= last.recordedAt)
  }

  @Test("what cannot be is refused, and nothing is recorded")
  func refusals() async throws {
    let (temporary, store, id) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    let size = try store.head().size
    let ahead = try #require(DateOrTime("9999-12-31"))
    func refused(_ code: CustodyError.Code, _ body: () async throws -> Void) async {
      let error = await #expect(throws: CustodyError.self) { try await body() }
      #expect(error?.code == code, "\(error?.message ?? "")")
    }
    for kind in [SubjectEventKind.death, .lastInteraction] {
      await refused(.usage) {
        _ = try await store.subjects.observe(kind, on: ahead, about: [Self.person])
      }
    }
    await refused(.nameHoldsIdentifier) {
      let kind = try Self.kind("seen-patient-0017")
      _ = try await store.subjects.observe(kind, about: [Self.person])
    }
    await refused(.unknownSubject) {
      _ = try await store.subjects.observe(.death, about: [Self.person], dataClass: "voiceprint")
    }
    await refused(.notFound) {
      _ = try await store.subjects.observe(.death, about: [Self.person, .identifier("nobody")])
    }
    await refused(.usage) { try await Self.say(store, nil, "9999-12-31") }
    await refused(.usage) {
      try await store.subjects.register(
        ["patient-0017", "patient-0018"], birthDate: try Self.date("1990-01-31"))
    }
    #expect(try store.head().size == size && store.subjects.count() == 1)
    try await store.subjects.observe(.contractEnd, on: ahead, about: [Self.person])
    #expect(try store.subjects.facts(of: id).events.count == 1, "a contract may end one day")
  }

  @Test("of somebody who was erased nothing is said any more")
  func erased() async throws {
    let (temporary, store, id) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    let result = try await store.erasures.run(
      try store.erasures.plan([Self.person], reason: .request))
    let size = try store.head().size
    let error = await #expect(throws: CustodyError.self) {
      try await store.subjects.observe(.death, about: [.key(id)])
    }
    #expect(error?.code == .keyDestroyed && error?.message.contains("\(result.request)") == true)
    #expect(try store.head().size == size)
  }

  @Test("at a moment the ledger knew less")
  func moments() async throws {
    let (temporary, store, id) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    let first = try store.head().position
    try await Self.say(store, "DE")
    try await store.subjects.observe(.caseClosed, about: [Self.person])
    let second = try store.head().position
    try await Self.say(store, "US-IL", dataClass: "voiceprint")
    let (was, became) = (
      try store.subjects.known(at: .position(first)),
      try store.subjects.known(at: .position(second))
    )
    #expect(try was.facts(of: id).jurisdiction == nil && was.facts(of: id).events.isEmpty)
    #expect(try became.facts(of: id).jurisdiction?.code == "DE")
    #expect(try became.facts(of: id).events.count == 1)
    #expect(try became.entry(id)?.keys.map(\.dataClass) == ["default"])
    #expect(try store.subjects.entry(id)?.keys.map(\.dataClass) == ["default", "voiceprint"])
    #expect(try store.subjects.known(at: .position(Position(0))).entry(id) == nil)
    #expect(try store.subjects.known(at: .position(Position(0))).all().isEmpty)
    for body in [
      { try await was.register(["patient-0018"]) },
      { try await was.observe(.death, about: [Self.person]).subjects },
    ] {
      let error = await #expect(throws: CustodyError.self) { try await body() }
      #expect(error?.code == .usage)
    }
  }

  @Test("an event of the first form is read, and what it did not say is said by the next")
  func firstForm() async throws {
    let (temporary, store, id) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    try await Self.say(store, "DE")
    let old = NewEvent(
      stream: "subject/\(id)", type: SubjectRegistered1.type,
      typeVersion: SubjectRegistered1.version, subjects: [.key(id)],
      content: SubjectRegistered1.example.content)
    _ = try await store.folder.ledger().append(try store.sealing.seal([old], isOwn: true))
    #expect(try store.subjects.facts(of: id).jurisdiction?.code == "DE")
    #expect(try await store.subjects.identifier(of: id) == "patient-0017")
    let size = try store.head().size
    try await Self.say(store, "DE")
    #expect(try store.head().size == size)
  }

  @Test("nobody but Custody writes on the stream of a person")
  func reserved() async throws {
    let (temporary, store, id) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    for type in ["subject.registered", "subject.observed", "note.made"] {
      let error = await #expect(throws: CustodyError.self) {
        try await store.append(
          NewEvent(stream: "subject/\(id)", type: type, subjects: [.key(id)], content: [1]))
      }
      #expect(error?.code == .invalidInput)
    }
  }
}
