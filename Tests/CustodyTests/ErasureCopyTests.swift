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

  @Test("a line that somebody wrote into the journal of the store alone erases nobody")
  func forged() async throws {
    let place = try await ErasurePlace(fileSize: 5000)
    let other = try place.open(.contents).subjects.id(of: ErasurePlace.other)
    var journal = try TombstoneJournal(path: "\(place.temporary.path)/tombstones")
    try journal.append(
      Tombstone(
        request: EventID([UInt8](repeating: 1, count: 16))!, incarnation: 1,
        keys: [try #require(other)], needles: Digest()))
    #expect(throws: CustodyError.self) { try place.open() }
    unlink("\(place.temporary.path)/tombstones")
    let store = try place.open()
    #expect(try store.subjects.id(of: ErasurePlace.other) == other)
    #expect(try await store.verify(level: .contents).holds)
  }
}
