import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A copy from before an erasure brings nobody back")
struct ErasureCopyTests {
  private static let person = Subject.identifier(ErasurePlace.person)

  /// A store with copies of its parts from before she was erased.
  private struct Place {
    let place: ErasurePlace
    let before: TemporaryStore
    let pieces: [Data]
    let note: Position
    let request: EventID

    init() async throws {
      place = try await ErasurePlace(fileSize: 5000)
      before = try place.temporary.copied()
      let store = try place.open()
      let plan = try store.erasures.plan([ErasureCopyTests.person], reason: .request)
      pieces = try place.sealedPieces(under: plan.keys.map(\.id) + plan.runKeys)
      note = try #require(
        try store.folder.read { reader in
          try reader.events(EventFilter(stream: "notes"), ledgerID: store.ledgerID, limit: 1)
        }.first
      ).position
      request = try await store.erasures.run(plan).request
      try await store.close()
    }

    /// Puts files from before in the place of what is there now, settings apart.
    func putBack(_ names: [String]) throws {
      for name in names {
        for suffix in ["", "-wal", "-shm"] { unlink(place.path(name) + suffix) }
        try? FileManager.default.removeItem(atPath: place.path(name))
        guard FileIO.exists("\(before.folder)/\(name)") else { continue }
        try FileManager.default.copyItem(
          atPath: "\(before.folder)/\(name)", toPath: place.path(name))
      }
    }

    var condition: StoreCondition {
      get throws { try place.open(.reading).status().condition }
    }

    /// Whether a content about her opens, however the store may be opened.
    var isReadable: Bool {
      get throws {
        guard let store = try? place.open(.contents), let event = try store.event(at: note) else {
          return false
        }
        return ((try? store.content(of: event)) ?? nil) != nil
      }
    }

    func recover() async throws {
      let recovery = try Recovery(at: place.temporary.path, actor: "uid:1") {
        throw Passphrase.missing
      }
      try await recovery.run(try recovery.plan()).close()
    }
  }

  private static let databases = [
    "store/ledger.sqlite", "store/objects.sqlite", "store/projections.sqlite",
  ]

  @Test("of the ledger and the objects, which a recovery brings forward without her")
  func ledger() async throws {
    let place = try await Place()
    try place.putBack(Self.databases)
    #expect(try place.condition.name == "behind")
    #expect(throws: CustodyError.self) { try place.place.open() }
    #expect(try !place.isReadable)
    try await place.recover()
    let opened = try place.place.open()
    #expect(try !place.isReadable)
    try await opened.close()
    #expect(try await place.place.faults(place.pieces) == [])
  }

  @Test("of the whole store with its secrets, while the guard stays")
  func whole() async throws {
    let place = try await Place()
    try place.putBack(
      Self.databases + ["store/keys.sqlite", "store/tombstones", "store/anchors", "secrets"])
    #expect(try place.condition.name != "clean")
    #expect(throws: CustodyError.self) { try place.place.open() }
    #expect(try !place.isReadable)
    try await place.recover()
    try await place.place.open().close()
    #expect(try !place.isReadable)
    #expect(try await place.place.faults(place.pieces) == [])
  }

  @Test("of keys.sqlite, which opens nothing any more")
  func keys() async throws {
    let place = try await Place()
    try place.putBack(["store/keys.sqlite"])
    #expect(try place.condition.name == "stale key")
    #expect(throws: CustodyError.self) { try place.place.open() }
    #expect(try !place.isReadable)
  }

  @Test("of the journal, which the guard knows better")
  func journal() async throws {
    let place = try await Place()
    try place.putBack(["store/tombstones"])
    #expect(try place.condition == .torn(.tombstones, try place.condition.finding))
    #expect(throws: CustodyError.self) { try place.place.open() }
    try await place.recover()
    try await place.place.open().close()
    #expect(try await place.place.faults(place.pieces) == [])
  }

  @Test("of the guard, which loses its journal: it is written again from the store's")
  func lostGuardJournal() async throws {
    let place = try await Place()
    unlink("\(place.place.temporary.guardFolder)/tombstones")
    #expect(try place.condition.name == "torn" && place.condition.part == .guard)
    try await place.recover()
    let store = try place.place.open()
    #expect(try store.folder.guardFolder.journal().lines.map(\.request) == [place.request])
    try await store.close()
    #expect(try await place.place.faults(place.pieces) == [])
  }

  @Test("of a journal with a byte that was changed: nobody is opened until it is mended")
  func damagedJournal() async throws {
    for folder in ["guard", "store"] {
      let place = try await Place()
      try place.putBack(Self.databases + ["store/keys.sqlite", "secrets"])
      let path = place.place.path("\(folder)/tombstones")
      var bytes = try SmallStore.bytes(path)
      bytes[10] ^= 1
      try bytes.write(to: URL(fileURLWithPath: path))
      #expect(try place.condition.name != "clean")
      #expect(throws: CustodyError.self) { try place.place.open(.contents) }
      #expect(try !place.isReadable)
      try await place.recover()
      try await place.place.open().close()
      #expect(try await place.place.faults(place.pieces) == [], "\(folder)")
    }
  }

  @Test("of the whole store, recovered with a guard elsewhere while the former one is there")
  func otherGuard() async throws {
    let place = try await Place()
    try place.putBack(
      Self.databases + ["store/keys.sqlite", "store/tombstones", "store/anchors", "secrets"])
    let guardFolder = place.place.path("other-guard")
    let recovery = try Recovery(
      at: place.place.temporary.path, guardFolder: guardFolder, actor: "uid:1"
    ) { throw Passphrase.missing }
    let plan = try recovery.plan()
    #expect(plan.erasureCount == 1)
    try await recovery.run(plan).close()
    #expect(try !place.isReadable)
    #expect(try await place.place.faults(place.pieces) == [])
    #expect(try TombstoneJournal(path: "\(guardFolder)/tombstones").lines.count == 1)
  }

  @Test("of the data, made while she was being erased, with keys from before")
  func backup() async throws {
    let place = try await RecoveryPlace()
    let keys = try await place.keyBackup()
    let store = try place.temporary.open()
    var erasures = store.erasures
    erasures.reached = { if $0 == .guardJournal { throw CustodyError(.io, "killed") } }
    let erasing = erasures
    let plan = try store.erasures.plan([.identifier(RecoveryPlace.person)], reason: .request)
    await #expect(throws: CustodyError.self) { try await erasing.run(plan) }
    let reader = try place.temporary.open(for: .reading)
    _ = try reader.backUp(to: place.path("backup"))
    // The machine is lost with its guard.
    try place.remove("store", "secrets", "guard")
    try FileManager.default.moveItem(atPath: place.path("backup"), toPath: place.temporary.path)
    var recovery = try Recovery(
      at: place.temporary.path, guardFolder: place.path("guard-2"),
      secrets: place.path("secrets-2"),
      actor: "uid:1")
    try recovery.useKeys(
      from: keys, identity: Array("# mine\n\n\(place.identity.secretText)\n".utf8),
      newPassphrase: nil)
    try await recovery.run(try recovery.plan()).close()
    let opened = try place.temporary.open(for: .contents)
    #expect(try opened.subjects.id(of: RecoveryPlace.person) == nil)
    #expect(try opened.isErasureCompleted)
    #expect(try await opened.verify(level: .contents).holds)
  }

  @Test("a line that somebody wrote into a journal erases nobody", arguments: ["store", "guard"])
  func forged(folder: String) async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let store = try place.open(.contents)
    let other = try #require(try store.subjects.id(of: ErasurePlace.other))
    let operations = try #require(try store.folder.keyring?.operationsKey())
    for key in [other, operations] {
      let path = place.path("\(folder)/tombstones")
      var journal = try TombstoneJournal(path: path)
      try journal.append([
        Tombstone(
          request: EventID([UInt8](repeating: 1, count: 16))!, incarnation: 1, keys: [key],
          needles: Digest())
      ])
      #expect(try place.open(.reading).status().condition.name == "torn")
      #expect(throws: CustodyError.self) { try place.open() }
      if folder == "store" {
        let recovery = try Recovery(at: place.temporary.path, actor: "uid:1")
        try await recovery.run(try recovery.plan()).close()
      } else {
        // What the guard says is for who keeps the guard to take back.
        unlink(path)
      }
      let opened = try place.open()
      #expect(try opened.subjects.id(of: ErasurePlace.other) == other)
      #expect(try await opened.verify(level: .contents).holds)
      try await opened.close()
    }
  }
}
