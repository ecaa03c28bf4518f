import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A store that lost something goes on, and says what it lost")
struct RecoveryTests {
  @Test("nothing is to be recovered in a clean store, and nothing is done")
  func clean() async throws {
    let place = try await RecoveryPlace()
    let before = try SmallStore.bytes(place.temporary.ledgerFile)
    let plan = try place.recovery().plan()
    #expect(!plan.isNeeded && plan.refusal == nil && plan.lives.isEmpty)
    #expect(try SmallStore.bytes(place.temporary.ledgerFile) == before)
  }

  // MARK: - An older copy

  @Test("an older ledger goes on under a higher incarnation, and keeps the notes of what is gone")
  func behind() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/ledger.sqlite"])
    let size = try place.temporary.open(for: .reading).head().size
    try await place.append(3)
    let lost = try #require(try place.temporary.open(for: .reading).head().checkpoint)
    try place.putBack(old)
    let condition = try place.condition
    guard case .behind(size, size + 3, _) = condition else {
      Issue.record("\(condition)")
      return
    }
    let plan = try await place.recover()
    #expect(plan.lostCount == 3 && plan.lives.map(\.incarnation) == [2])
    #expect(plan.lives[0].lost?.size == size + 3)

    let store = try place.temporary.open(for: .reading)
    let head = try store.head()
    #expect(head.size == size + 1)
    #expect(head.checkpoint?.checkpoint.origin.incarnation == 2)
    let event = try #require(try store.event(at: Position(size)))
    #expect(event.header.claim.type.text == "ledger.restored")
    #expect(event.header.claim.actor.text == "uid:1")
    // The checkpoint that was given away is evidence of the loss, and no mismatch.
    let note = lost.note.encoded
    let anchors = try FileManager.default.contentsOfDirectory(
      atPath: "\(place.temporary.path)/anchors")
    let kept = try #require(anchors.first { $0.hasPrefix("lost-1-\(size + 3)-") })
    #expect(
      try SmallStore.bytes("\(place.temporary.path)/anchors/\(kept)") == Data(note.utf8))
    #expect(try await store.verify(anchors: [("elsewhere", note)]).holds)
    #expect(try await place.isWhole())
    // What was lost is not made up for by appending as much again.
    #expect(try await store.verify(anchors: [("elsewhere", note)]).holds)
  }

  @Test("the same backup recovered twice is told from the first time, and knows of both losses")
  func twice() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/ledger.sqlite"])
    try await place.append(3)
    let first = try #require(try place.temporary.open(for: .reading).head().checkpoint).note.encoded
    try place.putBack(old)
    try await place.recover()
    let size = try await place.append(2)
    let second = try #require(try place.temporary.open(for: .reading).head().checkpoint).note
      .encoded
    try place.putBack(old)
    let plan = try await place.recover()
    #expect(plan.lives.map(\.incarnation) == [3, 4])
    // The one that had fewer events first: its checkpoints have to be above the event's position.
    #expect(plan.lives.compactMap(\.lost?.origin.incarnation) == [2, 1])
    #expect(plan.lives.first?.lost?.size == size && plan.unexplained.isEmpty)
    let report = try await place.temporary.open(for: .reading).verify(
      anchors: [("first", first), ("second", second)])
    #expect(report.holds, "\(report.findings)")
    #expect(try await place.isWhole())
  }

  /// One event explains one lost life, and only checkpoints above its own position.
  @Test("a loss that cannot be explained any more is said to be so, and spoils nothing")
  func unexplained() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/ledger.sqlite"])
    try await place.append(1)
    let first = try #require(try place.temporary.open(for: .reading).head().checkpoint).note.encoded
    try place.putBack(old)
    #expect(try await place.recover().unexplained.isEmpty)
    try place.putBack(old)
    // Both lives had one event more than this copy.
    let plan = try await place.recover()
    #expect(plan.lives.compactMap(\.lost?.origin.incarnation) == [2])
    #expect(plan.unexplained.map(\.origin.incarnation) == [1])
    let store = try place.temporary.open(for: .reading)
    #expect(try await store.verify().holds)
    let report = try await store.verify(anchors: [("first", first)])
    #expect(report.findings.map(\.rule) == [.checkpointMismatch], "\(report.findings)")
    let anchors = try FileManager.default.contentsOfDirectory(
      atPath: "\(place.temporary.path)/anchors")
    #expect(anchors.contains { $0.hasPrefix("lost-1-") && $0.hasSuffix(".unexplained") })
    #expect(try await place.isWhole())
  }

  @Test("two machines that recover one backup sign two histories, which show when they meet")
  func twoMachines() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/ledger.sqlite"])
    let other = try place.copy("other")
    try await place.append(3)
    try place.putBack(old)
    try await place.recover()
    try await place.append(1)
    // The other machine's guard died with it.
    try FileManager.default.removeItem(atPath: other.guardFolder)
    let recovery = try Recovery(at: other.path)
    let plan = try recovery.plan()
    #expect(plan.lives.map(\.incarnation) == [2] && plan.lives[0].lost == nil)
    let store = try recovery.run(plan)
    try await store.append(RecoveryPlace.event(99))
    try await store.close()

    let note = try #require(try store.head().checkpoint).note.encoded
    let report = try await place.temporary.open(for: .reading).verify(anchors: [("met", note)])
    #expect(report.findings.map(\.rule) == [.checkpointMismatch], "\(report.findings)")
    try place.putBack([
      ("store/ledger.sqlite", try SmallStore.bytes("\(other.path)/ledger.sqlite"))
    ])
    try await expectForked(place)
  }

  @Test("notes kept elsewhere count when the guard is gone with the machine")
  func anchorsFromElsewhere() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/ledger.sqlite", "store/anchors/newest.note"])
    let size = try place.temporary.open(for: .reading).head().size
    try await place.append(2)
    let note = try #require(try place.temporary.open(for: .reading).head().checkpoint).note.encoded
    try place.putBack(old)
    try place.remove("guard", "secrets/signer.state")
    #expect(try place.recovery().plan().lostCount == 0)
    let plan = try await place.recover(anchors: [note])
    #expect(plan.lostCount == 2 && plan.lives.first?.lost?.size == size + 2)
    #expect(try await place.isWhole())
    #expect(throws: CustodyError.self) { try place.recovery(anchors: ["no note"]).plan() }
  }

  // MARK: - What cannot be recovered

  @Test("a history that was forked is refused: nobody can tell which one is true")
  func forked() async throws {
    let place = try await RecoveryPlace()
    let other = try place.copy("other")
    try await place.append(1)
    let second = try Store.open(at: other.path)
    try await second.append([RecoveryPlace.event(7), RecoveryPlace.event(8)])
    try await second.close()
    try place.putBack([
      ("store/ledger.sqlite", try SmallStore.bytes("\(other.path)/ledger.sqlite"))
    ])
    try await expectForked(place)
  }

  private func expectForked(_ place: RecoveryPlace) async throws {
    let condition = try place.condition
    #expect(condition.name == "forked", "\(condition)")
    let before = try SmallStore.bytes(place.temporary.ledgerFile)
    let error = await #expect(throws: CustodyError.self) { try await place.recover() }
    #expect(error?.code == .needsRecovery)
    #expect(error?.message.contains("Custody cannot tell which") == true)
    #expect(SmallStore.code { try place.temporary.open() } == .needsRecovery)
    #expect(try SmallStore.bytes(place.temporary.ledgerFile) == before)
  }

  @Test("a ledger that does not verify is not built on")
  func tampered() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/ledger.sqlite"])
    try await place.append(3)
    try place.putBack(old)
    try RawDatabase(place.temporary.ledgerFile).execute(
      "UPDATE event SET body = x'00' WHERE position = 5")
    let error = await #expect(throws: CustodyError.self) { try await place.recover() }
    #expect(error?.code == .needsRecovery)
    #expect(error?.message.contains("bodyMismatch") == true, "\(String(describing: error))")
    #expect(try place.temporary.open(for: .reading).status().origin.incarnation == 1)
  }

  // MARK: - Missing, torn and foreign files

  @Test(
    "what guard, signer and anchors kept is made again",
    arguments: [
      ["guard"], ["guard/signer.state"], ["secrets/signer.state"], ["store/anchors"],
      ["guard", "secrets/signer.state", "store/anchors"],
    ])
  func missing(names: [String]) async throws {
    let place = try await RecoveryPlace()
    for name in names { try place.remove(name) }
    let condition = try place.condition
    #expect(condition.name == "missing", "\(condition)")
    #expect(SmallStore.code { try place.temporary.open() } == .needsRecovery)
    let plan = try await place.recover()
    // As long as the guard agrees, nothing can have been signed that the ledger lacks.
    #expect(plan.lives.isEmpty == !names.contains { $0.hasPrefix("guard") }, "\(plan.lives)")
    #expect(try await place.isWhole())
  }

  @Test(
    "a state that was cut in the middle is named, and made again",
    arguments: [
      "guard/signer.state", "secrets/signer.state",
    ])
  func tornState(name: String) async throws {
    let place = try await RecoveryPlace()
    let bytes = try SmallStore.bytes(place.path(name))
    for damage in [Data(), Data(bytes.prefix(100)), Data(repeating: 0x31, count: bytes.count)] {
      try damage.write(to: URL(fileURLWithPath: place.path(name)))
      let condition = try place.condition
      #expect(condition.name == "torn", "\(condition)")
      try await place.recover()
      #expect(try place.condition == .clean)
    }
    #expect(try await place.isWhole())
  }

  @Test(
    "a database that was cut short is named, and nothing is made of it",
    arguments: [
      "ledger.sqlite", "keys.sqlite", "objects.sqlite",
    ])
  func tornDatabase(name: String) async throws {
    let place = try await RecoveryPlace()
    let file = try place.kept(["store/\(name)"])
    for length in [0, 50, file[0].bytes.count / 2, file[0].bytes.count - 1] {
      try place.putBack([(file[0].name, file[0].bytes.prefix(length))])
      #expect(SmallStore.code { try place.temporary.open() } == .needsRecovery, "\(length)")
      let error = await #expect(throws: CustodyError.self) { try await place.recover() }
      #expect(error?.code == .needsRecovery && error?.message.contains(name) == true, "\(length)")
      #expect(try SmallStore.bytes(place.path(file[0].name)).count == length)
    }
    try place.putBack(file)
    #expect(try await place.isWhole())
  }

  @Test("a first page that counts pages which are still in the log is none that was cut short")
  func copyingLog() async throws {
    let place = try await RecoveryPlace()
    let store = try place.temporary.open()
    func bytes(_ seed: Int) -> [UInt8] {
      var random = SeededGenerator(seed)
      return random.bytes(5000)
    }
    for number in 0..<40 {
      try await store.append(
        NewEvent(
          stream: "s", type: "a.b", subjects: [.identifier(RecoveryPlace.person)],
          content: bytes(number)))
    }
    let size = try store.head().size
    // As a kill leaves it: nothing was closed, and of the log the first page was copied.
    let copy = try place.temporary.copied()
    let log = try SmallStore.bytes("\(copy.ledgerFile)-wal")
    let pageSize = log[8..<12].reduce(0) { $0 << 8 | Int($1) }
    let frames = Array(stride(from: 32, to: log.count, by: 24 + pageSize))
    let first = try #require(frames.last { log[$0..<$0 + 4].elementsEqual([0, 0, 0, 1]) })
    let page = log[first + 24..<first + 24 + pageSize]
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: copy.ledgerFile))
    try file.write(contentsOf: page)
    try file.close()
    #expect(try copy.open(for: .reading).status().condition == .clean)
    let opened = try copy.open()
    #expect(try opened.head().size == size)
    #expect(try await opened.verify(level: .contents).holds)
    try await opened.close()

    let without = try place.temporary.copied()
    let cut = try FileHandle(forUpdating: URL(fileURLWithPath: without.ledgerFile))
    try cut.write(contentsOf: page)
    try cut.close()
    for suffix in ["-wal", "-shm"] { unlink(without.ledgerFile + suffix) }
    #expect(SmallStore.code { try without.open() } == .needsRecovery)
  }

  @Test(
    "a file of another store is named, and refused",
    arguments: [
      "store/ledger.sqlite", "store/keys.sqlite", "store/objects.sqlite",
      "store/anchors/newest.note",
      "guard/checkpoint", "store/custody.yaml",
    ])
  func foreign(name: String) async throws {
    let place = try await RecoveryPlace()
    let other = try await RecoveryPlace()
    try await other.append(5)
    if name == "store/custody.yaml" {
      // The settings of this store, with the other's verifier key.
      let mine = try String(contentsOfFile: place.path(name), encoding: .utf8)
      let key = try place.temporary.open(for: .reading).verifierKey
      let otherKey = VerifierKey(
        name: key.name, algorithm: .ed25519,
        publicKey: try other.temporary.open(for: .reading).verifierKey.publicKey)
      try mine.replacing("\(key)", with: "\(otherKey)").write(
        toFile: place.path(name), atomically: false, encoding: .utf8)
    } else {
      try place.putBack([(name, try SmallStore.bytes(other.path(name)))])
    }
    #expect(SmallStore.code { try place.temporary.open() } == .needsRecovery)
    // Of a ledger of another store there is no more to say than that.
    let condition = try? place.condition
    #expect(condition?.name == (name == "store/ledger.sqlite" ? nil : "foreign"))
    let error = await #expect(throws: CustodyError.self) { try await place.recover() }
    #expect([.needsRecovery, .damaged].contains(error?.code))
  }

  @Test("objects that are lost for good can be gone on without, when that is said")
  func withoutObjects() async throws {
    let place = try await RecoveryPlace()
    try place.remove("store/objects.sqlite")
    var recovery = try place.recovery()
    #expect(try recovery.plan().refusal?.message.contains("--without-objects") == true)
    recovery.goesOnWithoutObjects = true
    let plan = try recovery.plan()
    #expect(plan.makesObjects && plan.lives.isEmpty)
    try await recovery.run(plan).close()
    #expect(try place.condition == .clean)
    let report = try await place.temporary.open(for: .contents).verify(level: .contents)
    let rules = Set(report.findings.map(\.rule))
    #expect(rules == [.objectMissing, .versionRootMismatch], "\(report.findings)")
    try await place.append()
  }
}
