import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

/// What a ledger is, without disks, keys and hashes: a list.
private struct LedgerModel {
  struct Event {
    var position: Int
    var stream: String
    var type: String
    var revision: Int
    /// What the caller gave, nil for events of the library's own.
    var given: NewEvent?
  }

  var events: [Event] = []
  /// People and classes with a key.
  var registered: Set<String> = []

  func revision(of stream: String) -> Int { events.count { $0.stream == stream } }

  mutating func add(_ stream: String, _ type: String, _ given: NewEvent? = nil) {
    events.append(
      Event(
        position: events.count, stream: stream, type: type, revision: revision(of: stream),
        given: given))
  }

  /// What appending has to answer: the positions of the events, or why not.
  mutating func append(_ batch: [NewEvent]) -> Result<[Int], Refusal> {
    for event in batch {
      for case .identifier(let name) in event.subjects
      where !registered.contains("\(event.dataClass)/\(name)") {
        return .failure(Refusal(code: .unknownSubject))
      }
    }
    var changed = self
    var positions: [Int] = []
    for event in batch {
      switch changed.append(event) {
      case .success(let position): positions.append(position)
      case .failure(let refusal): return .failure(refusal)
      }
    }
    self = changed
    return .success(positions)
  }

  struct Refusal: Error { let code: CustodyError.Code }

  private mutating func append(_ event: NewEvent) -> Result<Int, Refusal> {
    if let id = event.id, let known = events.first(where: { $0.given?.id == id }) {
      let isSame = known.given.map { Self.isSame($0, event) } ?? false
      return isSame ? .success(known.position) : .failure(Refusal(code: .idReused))
    }
    let revision = revision(of: event.stream)
    let isExpected =
      switch event.expectedRevision {
      case .any: true
      case .none: revision == 0
      case .exactly(let expected): revision == expected.value + 1
      }
    guard isExpected else { return .failure(Refusal(code: .revisionConflict)) }
    add(event.stream, event.type, event)
    return .success(events.count - 1)
  }

  /// The same but for what the caller left to Custody, and what was asked of the stream.
  private static func isSame(_ one: NewEvent, _ other: NewEvent) -> Bool {
    one.stream == other.stream && one.type == other.type && one.content == other.content
      && one.typeVersion == other.typeVersion && Set(one.subjects) == Set(other.subjects)
      && (one.dataClass == other.dataClass || one.subjects.isEmpty)
      && one.correlationID == other.correlationID && one.actor == other.actor
  }
}

/// One history: a store, its model, and the dice.
private final class History {
  static let streams = ["conversation/1", "conversation/2", "pipeline:α", "note"]
  static let types = ["emotion.scored", "segment.transcribed", "tier.assigned"]
  static let people = ["patient-0017", "patient-0042", "patient-1984", "Жанна Д’Арк"]
  static let classes = ["default", "voiceprint"]

  let temporary: TemporaryStore
  var store: Store
  var model = LedgerModel()
  var random: SeededGenerator
  var ids: [EventID] = []
  var log: [String] = []

  init(seed: Int) async throws {
    temporary = try TemporaryStore()
    store = try await temporary.create()
    random = SeededGenerator(seed)
    model.add("ledger", "ledger.created")
    for _ in 0..<3 { model.add("ledger", "key.created") }
  }

  func step() async throws {
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<10: try await append()
    case 10, 11: try await register()
    case 12: try await reopen()
    case 13: try await rotate()
    case 14:
      log.append("checkpoint")
      let signed = try await store.checkpoint()
      #expect(signed.checkpoint.size == model.events.count)
    case 15..<18: try await read()
    case 18: try await verify(.bodies)
    default: try await readContents()
    }
  }

  // MARK: - Writing

  private func event() -> NewEvent {
    let isRepeat = Int.random(in: 0..<6, using: &random) == 0
    if isRepeat,
      let old = model.events.filter({ $0.given?.id != nil }).randomElement(using: &random)
    {
      var event = old.given!
      if Int.random(in: 0..<3, using: &random) == 0 { event.content.append(0) }
      if Int.random(in: 0..<4, using: &random) == 0 { event.expectedRevision = .none }
      return event
    }
    let stream = Self.streams.randomElement(using: &random)!
    let next = model.revision(of: stream)
    let expected: [ExpectedRevision] = [
      .any, .any, .any, .any, next == 0 ? .none : .exactly(Revision(next - 1)),
      Int.random(in: 0..<4, using: &random) == 0 ? .exactly(Revision(next)) : .any,
      Int.random(in: 0..<4, using: &random) == 0 ? .none : .any,
    ]
    let count = [0, 1, 1, 1, 2, 3].randomElement(using: &random)!
    let length = [0, 1, 30, 31, 100, 700, 5000].randomElement(using: &random)!
    let content =
      Bool.random(using: &random)
      ? random.bytes(length) : [UInt8](repeating: 0x61, count: length)
    return NewEvent(
      id: Bool.random(using: &random) ? EventID(random.bytes(16)) : nil, stream: stream,
      type: Self.types.randomElement(using: &random)!,
      typeVersion: UInt16.random(in: 0...3, using: &random),
      subjects: Self.people.shuffled(using: &random).prefix(count).map { .identifier($0) },
      dataClass: Int.random(in: 0..<5, using: &random) == 0 ? "voiceprint" : "default",
      correlationID: Bool.random(using: &random) ? EventID(random.bytes(16)) : nil,
      expectedRevision: expected.randomElement(using: &random)!,
      actor: Bool.random(using: &random) ? "pipeline:7" : nil, content: content)
  }

  private func append() async throws {
    let batch = (0..<Int.random(in: 1...5, using: &random)).map { _ in event() }
    let before = model
    let expected = model.append(batch)
    log.append("append \(batch.map { ($0.stream, $0.expectedRevision) }) -> \(expected)")
    do {
      let receipts = try await store.append(batch)
      let positions = try? expected.get()
      try #require(receipts.map(\.position.value) == positions, "\(log.suffix(3))")
      for (receipt, event) in zip(receipts, batch) {
        #expect(receipt.ledgerID == store.ledgerID)
        if let id = event.id { #expect(receipt.eventID == id) }
        let known = model.events[receipt.position.value]
        #expect(receipt.revision.value == known.revision)
        #expect(receipt.isUnverifiedRepeat == false)
        #expect(try store.event(id: receipt.eventID)?.leaf == receipt.leaf)
        // Only what was not there before this batch, and not twice in it, is new.
        if receipt.position.value < before.events.count { #expect(receipt.isRepeat) }
      }
    } catch let error as CustodyError {
      guard case .failure(let refusal) = expected else {
        Issue.record("\(error.code) \(error) for \(log.suffix(3))")
        return
      }
      #expect(error.code == refusal.code, "\(log.suffix(3))")
    }
    #expect(try store.head().size == model.events.count, "\(log.suffix(3))")
  }

  private func register() async throws {
    let names = Array(Self.people.shuffled(using: &random).prefix(2))
    let dataClass = Self.classes.randomElement(using: &random)!
    log.append("register \(names) for \(dataClass)")
    let ids = try await store.subjects.register(names, dataClass: dataClass)
    for (name, id) in zip(names, ids) {
      if model.registered.insert("\(dataClass)/\(name)").inserted {
        model.add("subject/\(id)", "subject.registered")
      }
      #expect(try store.subjects.id(of: name) == id)
      #expect(try await store.subjects.identifier(of: id) == name)
    }
  }

  private func rotate() async throws {
    log.append("rotate")
    _ = try await store.keys.rotate()
    model.add("ledger", "key.created")
    model.add("ledger", "key.destroyed")
  }

  private func reopen() async throws {
    let closes = Bool.random(using: &random)
    log.append(closes ? "close and reopen" : "let go and reopen")
    if closes { try await store.close() }
    store = try temporary.open()
  }

  // MARK: - Reading

  private func read() async throws {
    var filter = EventFilter()
    var expected = model.events[...]
    if Bool.random(using: &random) {
      let stream = (Self.streams + ["ledger", "none"]).randomElement(using: &random)!
      filter.stream = stream
      expected = expected.filter { $0.stream == stream }[...]
    }
    if Bool.random(using: &random) {
      let type = (Self.types + ["key.created", "none"]).randomElement(using: &random)!
      filter.type = type
      expected = expected.filter { $0.type == type }[...]
    }
    let end = model.events.count + 2
    if Bool.random(using: &random) {
      let from = Int.random(in: 0...end, using: &random)
      filter.from = Position(from)
      expected = expected.filter { $0.position >= from }[...]
    }
    if Bool.random(using: &random) {
      let to = Int.random(in: 0...end, using: &random)
      filter.to = Position(to)
      expected = expected.filter { $0.position < to }[...]
    }
    if Int.random(in: 0..<3, using: &random) == 0 {
      // Times are Custody's own: they are taken from the ledger, as somebody reading it would.
      let position = Int.random(in: 0..<model.events.count, using: &random)
      let time = try store.event(at: Position(position))!.header.place.recordedAt
      let all = try await allTimes()
      if Bool.random(using: &random) {
        filter.since = time
        expected = expected.filter { all[$0.position] >= time }[...]
      } else {
        filter.until = time
        expected = expected.filter { all[$0.position] <= time }[...]
      }
    }
    filter.isReversed = Bool.random(using: &random)
    log.append("read \(filter)")
    var found: [StoredEvent] = []
    for try await event in store.events(filter) { found.append(event) }
    let positions = filter.isReversed ? expected.reversed() : Array(expected)
    #expect(found.map(\.position.value) == positions.map(\.position), "\(filter)")
    for (event, known) in zip(found, positions) {
      #expect(event.header.claim.stream.text == known.stream)
      #expect(event.header.claim.type.text == known.type)
      #expect(event.header.place.revision.value == known.revision)
      #expect(event.header.leaf == event.leaf)
    }
  }

  private func allTimes() async throws -> [Timestamp] {
    var times: [Timestamp] = []
    for try await event in store.events() { times.append(event.header.place.recordedAt) }
    #expect(times == times.sorted(), "times never go back")
    return times
  }

  private func readContents() async throws {
    log.append("read contents")
    for known in model.events {
      guard let given = known.given else { continue }
      let event = try #require(try store.event(at: Position(known.position)))
      #expect(try store.content(of: event) == given.content)
      let claim = event.header.claim
      #expect(claim.typeVersion == given.typeVersion)
      #expect(claim.correlationID == given.correlationID)
      #expect(claim.actor.text == given.actor ?? "uid:1")
      #expect(claim.keyIDs.count == max(1, given.subjects.count))
      if let id = given.id { #expect(claim.eventID == id) }
    }
  }

  func verify(_ level: VerificationLevel) async throws {
    log.append("verify \(level)")
    let report = try await store.verify(level: level)
    #expect(report.holds, "\(report.findings) after \(log.suffix(10))")
    #expect(report.eventCount == model.events.count)
    let sealed = report.newestCheckpoint?.size ?? 0
    #expect(report.unsealedCount == model.events.count - sealed)
    var leaves: [Digest] = []
    for try await event in store.events() { leaves.append(event.leaf) }
    #expect(report.root == TreeFrontier.root(over: leaves))
    #expect(try store.head().root == report.root)
  }

  func finish() async throws {
    try await verify(.contents)
    try await readContents()
    try await store.close()
    let report = try await temporary.open(for: .reading).verify()
    #expect(report.holds && report.unsealedCount == 0, "\(report.findings)")
  }
}

@Suite("A store behaves like a list of events")
struct ModelTests {
  @Test(
    "whatever is appended, registered, rotated, reopened, read and verified, in whatever order",
    arguments: 0..<30)
  func history(seed: Int) async throws {
    let history = try await History(seed: seed)
    for _ in 0..<70 { try await history.step() }
    try await history.finish()
  }
}
