import Custody
import CustodyLedger
import CustodyStore
import CustodyTesting
import Foundation
import GRDB
import Testing

@Suite("A recovery signs no second history, and takes nothing from a store that is there")
struct RecoveryAttackTests {
  private static func size(_ place: RecoveryPlace) throws -> Int {
    try place.temporary.open(for: .reading).head().size
  }

  private static func note(_ place: RecoveryPlace) throws -> String {
    try #require(try place.temporary.open(for: .reading).head().checkpoint).note.encoded
  }

  // MARK: - Another store's guard and secrets

  @Test("trying a backup out beside the store needs a guard and secrets of its own")
  func trial() async throws {
    let place = try await RecoveryPlace()
    let keys = try await place.keyBackup()
    let trial = place.path("trial")
    _ = try place.temporary.open(for: .reading).backUp(to: trial)
    try await place.append(2, of: "patient-0042")
    func recovery(guardFolder: String? = nil, secrets: String? = nil) throws -> Recovery {
      var recovery = try Recovery(at: trial, guardFolder: guardFolder, secrets: secrets)
      try recovery.useKeys(from: keys, identity: Array(place.identity.secretText.utf8))
      return recovery
    }
    for (guardFolder, secrets) in [
      (nil, nil), (place.path("g"), nil), (nil, place.path("s")),
    ] {
      #expect(
        SmallStore.code { try recovery(guardFolder: guardFolder, secrets: secrets).plan() }
          == .usage)
    }
    let apart = try recovery(guardFolder: place.path("g"), secrets: place.path("s"))
    try await apart.run(try apart.plan()).close()
    #expect(try Store.open(at: trial, for: .reading).status().condition == .clean)
    // The store itself has lost nothing.
    #expect(try await place.isWhole())
    try await place.append(1, of: "patient-0042")
  }

  @Test("a store that moved takes its guard along")
  func movedStore() async throws {
    let place = try await RecoveryPlace()
    let moved = place.path("moved")
    try FileManager.default.moveItem(atPath: place.temporary.path, toPath: moved)
    try await Store.open(at: moved).close()
    let trial = place.path("trial")
    _ = try Store.open(at: moved, for: .reading).backUp(to: trial)
    // And the guard knows where to.
    #expect(SmallStore.code { try Recovery(at: trial).plan() } == .usage)
  }

  @Test("guard and secrets that were moved are found where they are said to be")
  func movedPlaces() async throws {
    let place = try await RecoveryPlace()
    for (from, to) in [("guard", "guard-2"), ("secrets", "secrets-2")] {
      try FileManager.default.moveItem(atPath: place.path(from), toPath: place.path(to))
    }
    #expect(throws: CustodyError.self) { try place.temporary.open() }
    let recovery = try Recovery(
      at: place.temporary.path, guardFolder: place.path("guard-2"), secrets: place.path("secrets-2")
    )
    let plan = try recovery.plan()
    #expect(plan.moves.count == 2 && plan.lives.isEmpty)
    try await recovery.run(plan).close()
    #expect(try await place.isWhole())
  }

  @Test("places in the store, and one for both, are refused")
  func badPlaces() async throws {
    let place = try await RecoveryPlace()
    let (store, one) = (place.temporary.path, place.path("one"))
    for (guardFolder, secrets) in [("\(store)/guard", nil), (store, nil), (one, one)] {
      #expect(
        SmallStore.code { try Recovery(at: store, guardFolder: guardFolder, secrets: secrets) }
          == .usage)
    }
  }

  // MARK: - The guard

  @Test("a new place for the guard does not make forgotten what the old one knows")
  func oldGuardCounts() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/ledger.sqlite", "secrets/signer.state"])
    try await place.append(3)
    try place.putBack(old)
    try await place.recover()
    let size = try await place.append(1)
    let published = try Self.note(place)
    try place.putBack(old)
    for name in try FileManager.default.contentsOfDirectory(
      atPath: place.path("store/anchors")) where !name.hasPrefix("1-")
    {
      try place.remove("store/anchors/\(name)")
    }
    let recovery = try Recovery(at: place.temporary.path, guardFolder: place.path("guard-2"))
    let plan = try recovery.plan()
    #expect(plan.lives.map(\.incarnation) == [3] && plan.lives[0].lost?.size == size)
    try await recovery.run(plan).close()
    let report = try await place.temporary.open(for: .reading).verify(
      anchors: [("published", published)])
    #expect(report.holds, "\(report.findings)")
    #expect(try await place.isWhole())
  }

  @Test("a healthy store only moves its guard")
  func moveOfHealthy() async throws {
    let place = try await RecoveryPlace()
    let recovery = try Recovery(at: place.temporary.path, guardFolder: place.path("guard-2"))
    let plan = try recovery.plan()
    #expect(plan.lives.isEmpty && plan.conditions.isEmpty && plan.isNeeded)
    try await recovery.run(plan).close()
    try place.remove("guard")
    #expect(try place.condition == .clean)
    #expect(try await place.isWhole())
  }

  @Test("an older guard is noticed, and decides nothing")
  func oldGuard() async throws {
    let place = try await RecoveryPlace()
    let guarded = try place.kept(["guard/signer.state", "guard/checkpoint"])
    try await place.append(2)
    let old = try place.kept(["store/ledger.sqlite", "store/anchors/newest.note"])
    try await place.append(3)
    let published = try Self.note(place)
    try place.putBack(guarded)
    #expect(try place.condition.name == "torn")
    #expect(SmallStore.code { try place.temporary.open() } == .needsRecovery)
    // With everything else put back as well it does not vouch for what it cannot know.
    try place.putBack(old)
    try place.remove("secrets/signer.state")
    let plan = try await place.recover(anchors: [published])
    #expect(plan.lives.map(\.incarnation) == [2])
    let report = try await place.temporary.open(for: .reading).verify(
      anchors: [("published", published)])
    #expect(report.holds, "\(report.findings)")
    #expect(try await place.isWhole())
  }

  @Test(
    "numbers that somebody made up in a state file are damage, and no crash",
    arguments: [
      (0, 5, 1), (Int.max, 5, 1), (1, Int.max, 1), (1, 5, Int.max),
    ])
  func madeUpState(incarnation: Int, size: Int, revision: Int) async throws {
    let place = try await RecoveryPlace()
    let root = String(repeating: "0", count: 64)
    let text = "\(incarnation) \(size) \(root) \(revision)"
    let check = SHA256.hash(Array(text.utf8)).hex.prefix(8)
    let slot = "\(text) \(check)".padding(toLength: 159, withPad: " ", startingAt: 0) + "\n"
    let empty = String(repeating: " ", count: 159) + "\n"
    for name in ["guard/signer.state", "secrets/signer.state"] {
      try Data((slot + empty).utf8).write(to: URL(fileURLWithPath: place.path(name)))
    }
    #expect(try place.condition.name == "torn")
    try await place.recover()
    #expect(try await place.isWhole())
  }

  @Test("what signer and guard of the first stores wrote down is read")
  func firstStates() async throws {
    let place = try await RecoveryPlace()
    for name in ["guard/signer.state", "secrets/signer.state"] {
      let newest = try #require(try SignerState.read(place.path(name)))
      let text = "\(newest.incarnation) \(newest.size) \(newest.root)"
      let check = SHA256.hash(Array(text.utf8)).hex.prefix(8)
      let slot = "\(text) \(check)".padding(toLength: 127, withPad: " ", startingAt: 0) + "\n"
      let empty = String(repeating: " ", count: 127) + "\n"
      try Data((empty + slot).utf8).write(to: URL(fileURLWithPath: place.path(name)))
    }
    #expect(try await place.isWhole())
  }

  @Test("what cannot be told to the guard is not begun")
  func guardIsNoFile() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/ledger.sqlite"])
    try await place.append(2)
    try place.putBack(old)
    try place.remove("guard/checkpoint")
    symlink(place.path("elsewhere"), place.path("guard/checkpoint"))
    for _ in 0..<2 {
      await #expect(throws: CustodyError.self) { try await place.recover() }
      #expect(try SmallStore.bytes(place.temporary.ledgerFile) == old[0].bytes)
    }
    try place.remove("guard/checkpoint")
    #expect(try await place.recover().lives.map(\.incarnation) == [2])
  }

  // MARK: - Events that nobody signed

  private static let forged: [(String, @Sendable (KeyID, Int) -> SystemEvent)] = [
    (
      "a purge",
      { _, _ in
        .purged(
          .init(
            reason: .erasure, request: nil, positions: [], leaves: .emptyTree, objects: .emptyTree))
      }
    ),
    ("an erasure", { key, _ in .keyDestroyed(.init(keys: [key], reason: .erasure, request: nil)) }),
    (
      "a rotation", { key, _ in .keyDestroyed(.init(keys: [key], reason: .rotation, request: nil)) }
    ),
    ("an epoch", { _, _ in .keyCreated(.init(purpose: .epoch, key: KeyID([UInt8](1...16))!)) }),
    ("a key", { _, _ in .keyCreated(.init(purpose: .group, key: KeyID([UInt8](1...16))!)) }),
    (
      "a loss",
      { _, size in
        .restored(.init(size: size, root: .emptyTree, incarnation: 2, lost: nil))
      }
    ),
  ]

  /// They need no key. The next checkpoint would make them true.
  @Test("one of Custody's own that somebody appended is not signed", arguments: forged.map(\.0))
  func forgedEvent(name: String) async throws {
    let place = try await RecoveryPlace()
    let store = try place.temporary.open()
    let subject = try #require(try store.subjects.id(of: RecoveryPlace.person))
    let key = try #require(try store.subjects.entry(subject)?.keys.first?.id)
    let (folder, ledger) = (store.folder, try store.folder.ledger())
    let size = try store.head().size
    let event = try #require(Self.forged.first { $0.0 == name }).1(key, size)
    try await ledger.locked {
      try ledger.appendUnderLock([
        PendingEvent.system(
          event, ledgerID: folder.ledgerID, actor: try Name("uid:9"), environment: .system)
      ])
    }
    // Whoever has the file takes the person's row out as well.
    if name == "an erasure" {
      try RawDatabase(place.temporary.keysFile).execute(
        "DELETE FROM data_key WHERE id = x'\(key)'; DELETE FROM subject_key; DELETE FROM subject")
    }
    let condition = try place.condition
    #expect(condition.name == "forked", "\(condition)")
    #expect(SmallStore.code { try place.temporary.open() } == .needsRecovery)
    #expect(try place.recovery().plan().refusal?.code == .needsRecovery)
  }

  @Test("a forged loss that hides a cut is not completed")
  func forgedLoss() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/ledger.sqlite"])
    let size = try Self.size(place)
    try await place.append(3)
    try place.putBack(old)
    let store = try place.temporary.open(for: .reading)
    let root = try #require(try store.head().checkpoint).checkpoint.root
    let origin = try #require(try store.head().checkpoint).checkpoint.origin
    let database = try Connection.writer(place.temporary.ledgerFile)
    try await database.writeWithoutTransaction { db in
      let writer = try LedgerWriter(db.sqliteConnection!, ledgerID: store.ledgerID)
      try db.inTransaction {
        try writer.refresh()
        let event = SystemEvent.restored(
          .init(
            size: size, root: root, incarnation: 2,
            lost: .init(origin: origin, size: 1_000_000, root: .emptyTree)))
        _ = try writer.append(
          .system(
            event, ledgerID: store.ledgerID, actor: try Name("uid:9"), environment: .system),
          at: .init(microseconds: 0)
        ) { _ in nil }
        try db.execute(
          sql: "UPDATE ledger SET incarnation = 2, origin = replace(origin, '/1', '/2')")
        return .commit
      }
    }
    let condition = try place.condition
    #expect(condition.name == "forked", "\(condition)")
    #expect(try place.recovery().plan().refusal?.code == .needsRecovery)
  }

  // MARK: - Settings and anchors

  @Test("another organization in the settings is foreign, and signs nothing")
  func organization() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/ledger.sqlite"])
    try await place.append(1)
    try place.putBack(old)
    let settings = try String(contentsOfFile: place.path("store/custody.yaml"), encoding: .utf8)
    try settings.replacing("organization: example.org", with: "organization: example.com").write(
      toFile: place.path("store/custody.yaml"), atomically: false, encoding: .utf8)
    #expect(try place.condition.name == "foreign")
    #expect(try place.recovery().plan().refusal != nil)
    try settings.write(
      toFile: place.path("store/custody.yaml"), atomically: false, encoding: .utf8)
    try await place.recover()
    #expect(try await place.isWhole())
  }

  @Test("an anchor of a loss that cannot be explained does not spoil what comes after")
  func unexplainedAnchor() async throws {
    let place = try await RecoveryPlace()
    // The first checkpoint past a power of two is kept as an anchor of its own.
    let next = 1 << (Int.bitWidth - (try Self.size(place)).leadingZeroBitCount)
    try await place.append(next - 1 - (try Self.size(place)))
    let old = try place.kept(["store/ledger.sqlite"])
    try await place.append(1)
    #expect(
      FileManager.default.fileExists(atPath: place.path("store/anchors/1-\(next).note")))
    for _ in 0..<2 {
      try place.putBack(old)
      try await place.recover()
    }
    let report = try await place.temporary.open(for: .reading).verify()
    #expect(report.holds, "\(report.findings)")
    #expect(try await place.isWhole())
  }

  @Test("a store that is written to is clean, whoever looks meanwhile")
  func looksWhileWritten() async throws {
    let place = try await RecoveryPlace()
    let store = try place.temporary.open()
    let reader = try place.temporary.open(for: .reading)
    let writing = Task {
      for number in 0..<60 {
        try await store.append(RecoveryPlace.event(number))
        _ = try await store.checkpoint()
      }
    }
    for _ in 0..<150 {
      let condition = try reader.status().condition
      #expect(condition == .clean, "\(condition)")
      await Task.yield()
    }
    try await writing.value
    try await store.close()
  }
}
