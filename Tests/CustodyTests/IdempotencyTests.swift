import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("An event id makes appending twice harmless")
struct IdempotencyTests {
  static let id = EventID(uuid: "01890000-0000-7000-8000-000000000001")!

  /// An event with every field that a caller can give.
  static let event = NewEvent(
    id: id, stream: "conversation/1", type: "emotion.scored", typeVersion: 3,
    subjects: [.identifier("patient-0017"), .identifier("patient-0042")],
    correlationID: EventID(uuid: "01890000-0000-7000-8000-00000000000a"),
    causationID: EventID(uuid: "01890000-0000-7000-8000-00000000000b"), actor: "pipeline:7",
    content: Array(#"{"joy":812345}"#.utf8))

  private static func store() async throws -> (TemporaryStore, Store) {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.subjects.register(["patient-0017", "patient-0042"])
    try await store.subjects.register(["patient-0017", "patient-0042"], dataClass: "voiceprint")
    return (temporary, store)
  }

  private static func changed(_ change: (inout NewEvent) -> Void) -> NewEvent {
    var event = Self.event
    change(&event)
    return event
  }

  @Test("the same event again gets the same receipt and adds nothing")
  func repeated() async throws {
    let (temporary, store) = try await Self.store()
    let first = try await store.append(Self.event)
    #expect(!first.isRepeat)
    let size = try store.head().size

    var again = try await store.append(Self.event)
    #expect(again.isRepeat && !again.isUnverifiedRepeat)
    #expect(again.position == first.position && again.leaf == first.leaf)
    #expect(again.revision == first.revision && again.eventID == Self.id)
    // The order in which people are named, and naming them by key, is the same claim.
    again = try await store.append(Self.changed { $0.subjects.reverse() })
    #expect(again.isRepeat && again.leaf == first.leaf)
    let key = try #require(try store.subjects.id(of: "patient-0017"))
    again = try await store.append(Self.changed { $0.subjects[0] = .key(key) })
    #expect(again.isRepeat && again.leaf == first.leaf)
    // A revision that was right then is not asked for again.
    again = try await store.append(Self.changed { $0.expectedRevision = .none })
    #expect(again.isRepeat && again.leaf == first.leaf)

    try await store.close()
    again = try await temporary.open().append(Self.event)
    #expect(again.isRepeat && again.leaf == first.leaf)
    #expect(try store.head().size == size)
    #expect(try await store.verify(level: .contents).holds)
  }

  /// One field given otherwise; each is another event.
  static let others: [(String, @Sendable (inout NewEvent) -> Void)] = [
    ("stream", { $0.stream = "conversation/2" }),
    ("type", { $0.type = "emotion.rescored" }),
    ("type version", { $0.typeVersion = 4 }),
    ("occurredAt", { $0.occurredAt = Timestamp(microseconds: 5) }),
    ("subjects", { $0.subjects.removeLast() }),
    ("no subjects", { $0.subjects = [] }),
    ("class", { $0.dataClass = "voiceprint" }),
    ("correlation", { $0.correlationID = nil }),
    ("causation", { $0.causationID = IdempotencyTests.id }),
    ("actor", { $0.actor = nil }),
    ("content", { $0.content[9] ^= 1 }),
    ("content's length", { $0.content.append(0x20) }),
    ("no content", { $0.content = [] }),
  ]

  @Test("the same id with anything else is refused", arguments: others.indices)
  func reused(index: Int) async throws {
    let (temporary, store) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    try await store.append(Self.event)
    let size = try store.head().size
    let other = Self.changed(Self.others[index].1)
    let error = await #expect(throws: CustodyError.self, "\(Self.others[index].0)") {
      try await store.append(other)
    }
    #expect(error?.code == .idReused)
    #expect(try store.head().size == size)
    // In a batch, nothing of the batch stays.
    await #expect(throws: CustodyError.self) {
      try await store.append([NewEvent(stream: "a", type: "b.c", content: []), other])
    }
    #expect(try store.head().size == size)
    // The event itself is as good as before.
    #expect(try await store.append(Self.event).isRepeat)
  }

  @Test("a time that the caller gave is compared, one that Custody filled in is not")
  func times() async throws {
    let (temporary, store) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    let time = Timestamp(microseconds: 1_700_000_000_000_000)
    try await store.append(Self.changed { $0.occurredAt = time })
    #expect(try await store.append(Self.changed { $0.occurredAt = time }).isRepeat)
    // Not given this time: not compared.
    #expect(try await store.append(Self.event).isRepeat)
    let later = Timestamp(microseconds: time.microseconds + 1)
    let error = await #expect(throws: CustodyError.self) {
      try await store.append(Self.changed { $0.occurredAt = later })
    }
    #expect(error?.code == .idReused)
  }

  @Test("compressed contents are compared as they were given")
  func compressed() async throws {
    let (temporary, store) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    let long = Array(String(repeating: "again and again. ", count: 1000).utf8)
    let first = try await store.append(Self.changed { $0.content = long })
    #expect(try await store.append(Self.changed { $0.content = long }).leaf == first.leaf)
    let error = await #expect(throws: CustodyError.self) {
      try await store.append(Self.changed { $0.content = long.dropLast() + [0] })
    }
    #expect(error?.code == .idReused)
  }

  @Test("an id twice in one batch gets one event and two receipts")
  func twiceInABatch() async throws {
    let (temporary, store) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    let receipts = try await store.append([Self.event, Self.event])
    #expect(receipts[0].leaf == receipts[1].leaf)
    #expect(!receipts[0].isRepeat && receipts[1].isRepeat)
    let other = EventID(uuid: "01890000-0000-7000-8000-000000000002")
    let error = await #expect(throws: CustodyError.self) {
      try await store.append([
        Self.changed { $0.id = other },
        Self.changed {
          $0.id = other
          $0.content = []
        },
      ])
    }
    #expect(error?.code == .idReused)
    #expect(try store.event(id: other!) == nil)
  }

  @Test("a zero id is refused as input, and a zero correlation is none")
  func zero() async throws {
    let (temporary, store) = try await Self.store()
    defer { withExtendedLifetime(temporary) {} }
    let error = await #expect(throws: CustodyError.self) {
      try await store.append(Self.changed { $0.id = EventID() })
    }
    #expect(error?.code == .invalidInput)
    let event = Self.changed {
      $0.correlationID = EventID()
      $0.causationID = EventID()
    }
    let first = try await store.append(event)
    #expect(try await store.append(event).leaf == first.leaf)
    #expect(try store.event(at: first.position)?.header.claim.correlationID == nil)
  }

  @Test("when the body is purged an equal claim suffices, and the receipt says so")
  func purged() async throws {
    let (temporary, store) = try await Self.store()
    let first = try await store.append(Self.event)
    try await store.close()
    try RawDatabase(temporary.ledgerFile).execute(
      "UPDATE event SET body = NULL WHERE position = \(first.position)")
    let reopened = try temporary.open()
    let again = try await reopened.append(Self.event)
    #expect(again.isRepeat && again.isUnverifiedRepeat && again.leaf == first.leaf)
    // Nothing is left to compare the content with.
    let other = try await reopened.append(Self.changed { $0.content = [] })
    #expect(other.isRepeat && other.isUnverifiedRepeat)
    // The claim is.
    let error = await #expect(throws: CustodyError.self) {
      try await reopened.append(Self.changed { $0.typeVersion = 4 })
    }
    #expect(error?.code == .idReused)
  }

  @Test("when a key is gone the repeat is refused like any write under it")
  func keyGone() async throws {
    let (temporary, store) = try await Self.store()
    let first = try await store.append(Self.event)
    try await store.close()
    let key = try #require(try store.event(at: first.position)?.header.claim.keyIDs.first)
    try RawDatabase(temporary.keysFile).execute("DELETE FROM data_key WHERE id = x'\(key)'")
    let reopened = try temporary.open()
    let error = await #expect(throws: CustodyError.self) {
      try await reopened.append(Self.event)
    }
    #expect(error?.code == .keyDestroyed)
    #expect(try reopened.head().size == first.position.value + 1)
  }
}
