import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("The library, as a program uses it")
struct LibraryTests {
  @Test("the example of Store's documentation")
  func example() async throws {
    let folder = try TemporaryStore()
    // Outside the example: where it may write.
    let (path, guardFolder) = (folder.path, folder.guardFolder)

    let store = try await Store.create(
      at: path, organization: "example.org", guardFolder: guardFolder)
    try await store.subjects.register(["patient-0017"])
    let receipt = try await store.append(
      NewEvent(
        stream: "conversation/1", type: "emotion.scored", subjects: [.identifier("patient-0017")],
        content: Array(#"{"joy":812345}"#.utf8)))
    let report = try await store.verify()
    try await store.close()

    #expect(report.holds && report.eventCount == 6)
    #expect(receipt.position == Position(5))
    #expect(receipt.revision == Revision(0))
    let reopened = try Store.open(at: path)
    let event = try #require(try reopened.event(at: receipt.position))
    #expect(try reopened.content(of: event) == Array(#"{"joy":812345}"#.utf8))
  }

  @Test("a sequence of any length is appended in batches, receipts in order")
  func sequence() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let events = AsyncStream<NewEvent> { continuation in
      for index in 0..<1003 {
        continuation.yield(
          NewEvent(
            stream: "count/\(index % 2)", type: "number.seen", content: Array("\(index)".utf8)))
      }
      continuation.finish()
    }
    var batches: [Int] = []
    var positions: [Int] = []
    let count = try await store.append(contentsOf: events, batchSize: 100) { receipts in
      batches.append(receipts.count)
      positions += receipts.map(\.position.value)
      // What is handed out is durable: another connection sees it.
      let stored = try store.event(at: receipts.last!.position)
      #expect(stored != nil)
    }
    #expect(count == 1003)
    #expect(batches == Array(repeating: 100, count: 10) + [3])
    #expect(positions == Array(4..<1007))
    let empty = AsyncStream<NewEvent> { $0.finish() }
    #expect(try await store.append(contentsOf: empty) == 0)
    #expect(try await store.append([]).isEmpty)
  }

  @Test("a refused batch ends a sequence; the batches before it stay, and ids make a repeat safe")
  func refusedSequence() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    func events(isBad: Bool) -> AsyncStream<NewEvent> {
      AsyncStream { continuation in
        for index in 0..<50 {
          let hex = String(index, radix: 16)
          let digits = String(repeating: "0", count: 32 - hex.count - 1) + hex
          continuation.yield(
            NewEvent(
              id: EventID(hex: "f" + digits), stream: "s", type: "a.b",
              expectedRevision: isBad && index == 33 ? .none : .any, content: [UInt8(index)]))
        }
        continuation.finish()
      }
    }
    let error = await #expect(throws: CustodyError.self) {
      try await store.append(contentsOf: events(isBad: true), batchSize: 10)
    }
    #expect(error?.code == .revisionConflict)
    #expect(try store.head().size == 4 + 30)
    var repeats = 0
    try await store.append(contentsOf: events(isBad: false), batchSize: 10) {
      repeats += $0.count { $0.isRepeat }
    }
    #expect(repeats == 30)
    #expect(try store.head().size == 4 + 50)
  }

  @Test("an error of the caller's own sequence comes through, what came before it stays")
  func failingSequence() async throws {
    struct Broken: Error {}
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let events = AsyncThrowingStream<NewEvent, any Error> { continuation in
      for index in 0..<25 {
        continuation.yield(NewEvent(stream: "s", type: "a.b", content: [UInt8(index)]))
      }
      continuation.finish(throwing: Broken())
    }
    await #expect(throws: Broken.self) {
      try await store.append(contentsOf: events, batchSize: 10)
    }
    try await store.close()
    let size = try store.head().size
    #expect([4 + 10, 4 + 20].contains(size), "whole batches only, \(size) events")
    #expect(try await store.verify().holds)
  }

  @Test("reading goes in both directions, over any number of pages")
  func directions() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let count = 600  // more than two pages
    try await store.append(
      (0..<count).map { NewEvent(stream: "s/\($0 % 2)", type: "a.b", content: [UInt8($0 % 251)]) })
    func positions(_ filter: EventFilter) async throws -> [Int] {
      var positions: [Int] = []
      for try await event in store.events(filter) { positions.append(event.position.value) }
      return positions
    }
    let all = Array(0..<count + 4)
    #expect(try await positions(EventFilter()) == all)
    #expect(try await positions(EventFilter(isReversed: true)) == all.reversed())
    let odd = all.dropFirst(4).filter { !$0.isMultiple(of: 2) }
    #expect(try await positions(EventFilter(stream: "s/1")) == odd)
    #expect(try await positions(EventFilter(stream: "s/1", isReversed: true)) == odd.reversed())
    let range = EventFilter(from: Position(100), to: Position(500), isReversed: true)
    #expect(try await positions(range) == (100..<500).reversed())
    #expect(try await positions(EventFilter(from: Position(9), to: Position(9))) == [])
    #expect(try await positions(EventFilter(type: "no.such")) == [])
    // The ends of what can be asked for.
    let ends = EventFilter(
      from: Position(0), to: Position(.max), since: Timestamp(microseconds: .min),
      until: Timestamp(microseconds: .max))
    #expect(try await positions(ends) == all)
    #expect(try await positions(EventFilter(from: Position(.max))) == [])
    #expect(try store.event(at: Position(.max)) == nil)
    #expect(try await positions(EventFilter(until: Timestamp(microseconds: .min))) == [])
  }

  @Test("verification tells how far it is")
  func progress() async throws {
    final class Steps: @unchecked Sendable {
      let lock = NSLock()
      var all: [(Int, Int)] = []
    }
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.append(
      (0..<5000).map { NewEvent(stream: "s", type: "a.b", content: [UInt8($0 % 251)]) })
    let steps = Steps()
    let report = try await store.verify { done, total in
      steps.lock.withLock { steps.all.append((done, total)) }
    }
    #expect(report.holds && report.eventCount == 5004)
    #expect(steps.all.allSatisfy { $0.1 == 5004 && $0.0 <= $0.1 })
    #expect(steps.all.map(\.0).max() == 5004)
    #expect(steps.all.count >= 2, "two segments")
    // 5,004 events are past 1,024: a checkpoint was due, and signed, without asking.
    #expect(try store.head().checkpoint?.checkpoint.size == 5004)
  }

  @Test("people are registered, looked up and named by key")
  func subjects() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let ids = try await store.subjects.register(["b", "a", "b"])
    #expect(ids[0] == ids[2] && ids[0] != ids[1])
    #expect(try store.head().size == 4 + 2, "one event for each of the two")
    #expect(try store.subjects.count() == 2)
    #expect(try store.subjects.all().map(\.id) == [ids[0], ids[1]].sorted())
    #expect(try store.subjects.id(of: "a") == ids[1])
    #expect(try store.subjects.id(of: "c") == nil)
    #expect(try store.subjects.entry(KeyID()) == nil)
    #expect(try await store.subjects.identifier(of: ids[0]) == "b")
    #expect(try await store.subjects.identifier(of: KeyID()) == nil)
    // In another life, too.
    try await store.close()
    let reader = try temporary.open(for: .contents)
    #expect(try await reader.subjects.identifier(of: ids[1]) == "a")

    let nine = (0..<9).map { "person \($0)" }
    let reopened = try temporary.open()
    try await reopened.subjects.register(nine)
    func append(_ people: some Sequence<String>) async throws {
      try await reopened.append(
        NewEvent(
          stream: "s", type: "a.b", subjects: people.map { .identifier($0) }, content: [1]))
    }
    try await append(nine.prefix(8))
    try await append(nine.prefix(8) + nine.prefix(8))
    let error = await #expect(throws: CustodyError.self) { try await append(nine) }
    #expect(error?.code == .invalidInput)
  }

  @Test("a store opened for less refuses more")
  func access() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let receipt = try await store.append(NewEvent(stream: "s", type: "a.b", content: [1]))
    try await store.close()
    let reader = try temporary.open(for: .reading)
    let contents = try temporary.open(for: .contents)
    let event = try #require(try reader.event(at: receipt.position))
    func usage(_ body: () async throws -> Void) async {
      let error = await #expect(throws: CustodyError.self) { try await body() }
      #expect(error?.code == .usage, "\(error as Any)")
    }
    await usage { _ = try reader.content(of: event) }
    await usage { _ = try reader.subjects.count() }
    await usage { _ = try await reader.verify(level: .contents) }
    await usage { try await reader.append(NewEvent(stream: "s", type: "a.b", content: [])) }
    await usage { try await contents.append(NewEvent(stream: "s", type: "a.b", content: [])) }
    await usage { try await contents.checkpoint() }
    await usage { _ = try await contents.keys.rotate() }
    await usage { try await contents.subjects.register(["x"]) }
    #expect(try contents.content(of: event) == [1])
    try await contents.close()
  }

  @Test("sizes at their limits")
  func limits() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    func event(_ count: Int) -> NewEvent {
      NewEvent(stream: "s", type: "a.b", content: [UInt8](repeating: 7, count: count))
    }
    let receipt = try await store.append(event(Limits.contentSizeMax))
    let stored = try #require(try store.event(at: receipt.position))
    #expect(try store.content(of: stored)?.count == Limits.contentSizeMax)
    var error = await #expect(throws: CustodyError.self) {
      try await store.append(event(Limits.contentSizeMax + 1))
    }
    #expect(error?.code == .contentTooLarge)
    error = await #expect(throws: CustodyError.self) {
      try await store.append(Array(repeating: event(0), count: Limits.batchCountMax + 1))
    }
    #expect(error?.code == .usage)
    #expect(try store.head().size == 5)
  }

  @Test("no error text holds an identifier, a content or a passphrase")
  func errorTexts() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create(passphrase: Passphrase("swordfish-swordfish"))
    let secrets = ["patient-0017", "Okonkwo", "swordfish", "whispered"]
    try await store.subjects.register(["patient-0017"])
    let id = EventID(uuid: "01890000-0000-7000-8000-000000000001")!
    let content = Array("whispered".utf8)
    try await store.append(
      NewEvent(
        id: id, stream: "s", type: "a.b", subjects: [.identifier("patient-0017")],
        content: content))
    let bad: [(CustodyError.Code, NewEvent)] = [
      (
        .unknownSubject,
        NewEvent(stream: "s", type: "a.b", subjects: [.identifier("Okonkwo")], content: content)
      ),
      (.nameHoldsIdentifier, NewEvent(stream: "s/patient-0017", type: "a.b", content: content)),
      (.nameHoldsIdentifier, NewEvent(stream: "s", type: "patient-0017", content: content)),
      (.nameHoldsIdentifier, NewEvent(stream: "s", type: "a", actor: "patient-0017", content: [])),
      (.idReused, NewEvent(id: id, stream: "s", type: "a.b", content: content)),
      (
        .revisionConflict,
        NewEvent(stream: "s", type: "a.b", expectedRevision: .none, content: content)
      ),
      (.invalidInput, NewEvent(stream: "Okonkwo\u{7}", type: "a.b", content: content)),
      (.invalidInput, NewEvent(stream: "ledger", type: "a.b", content: content)),
    ]
    func expectSilence(_ error: (any Error)?, _ code: CustodyError.Code) {
      guard let error = error as? CustodyError else {
        Issue.record("\(error as Any) is no CustodyError")
        return
      }
      #expect(error.code == code)
      let text = "\(error) \(error.message) \(error.cause.map { "\($0)" } ?? "")"
      for secret in secrets { #expect(!text.contains(secret), "\(text)") }
      #expect(error.message.hasSuffix(".") || error.message.contains(". Run: "), "\(text)")
    }
    for (code, event) in bad {
      do {
        try await store.append(event)
        Issue.record("\(code) was expected")
      } catch {
        expectSilence(error, code)
      }
    }
    do {
      try await store.subjects.register(["Okonkwo\u{0}"])
    } catch {
      expectSilence(error, .invalidInput)
    }
    do {
      _ = try Store.open(at: temporary.path) { Passphrase("swordfish") }
    } catch {
      expectSilence(error, .wrongPassphrase)
    }
  }

  @Test("an event with a zero id is an error of Custody's own kind")
  func zeroID() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let error = await #expect(throws: CustodyError.self) {
      try await store.append(NewEvent(id: EventID(), stream: "s", type: "a.b", content: []))
    }
    #expect(error?.code == .invalidInput)
  }

  @Test("the checkpoint handed out is what anybody can verify")
  func checkpoint() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.append(NewEvent(stream: "s", type: "a.b", content: []))
    #expect(try store.head().unsealedCount == 1)
    let signed = try await store.checkpoint()
    #expect(try store.head().unsealedCount == 0)
    #expect(signed.checkpoint.root == (try store.head().root))
    #expect(try await store.checkpoint() == signed, "nothing new, nothing signed")
    let again = try SignedCheckpoint(
      verifying: signed.note.encoded, keys: [VerifierKey(store.verifierKey.description)])
    #expect(again == signed)
    let other = try TemporaryStore()
    let stranger = try await other.create().verifierKey
    #expect(throws: SignedCheckpointError.self) {
      try SignedCheckpoint(verifying: signed.note.encoded, keys: [stranger])
    }
  }
}
