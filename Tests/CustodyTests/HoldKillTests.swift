import Custody
import CustodyProjections
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("What a matter keeps survives a kill, and goes with the release all the same")
struct HoldKillTests {
  private typealias Place = HoldPlace
  private struct Killed: Error {}

  private func check(_ store: Store, _ step: KeyErasure.Step) async throws {
    let report = try await store.verify(level: .contents)
    #expect(report.holds, "\(step): \(report.findings)")
    #expect(try store.engine.compare().allSatisfy(\.isEqual), "\(step)")
    #expect(try store.folder.condition() == .clean, "\(step)")
  }

  @Test(
    "of an erasure that keeps what she shares, after each step", arguments: KeyErasure.Step.allCases
  )
  func joint(step: KeyErasure.Step) async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.other])
    var erasures = store.erasures
    erasures.reached = { if $0 == step { throw Killed() } }
    await #expect(throws: CustodyError.self) {
      try await erasures.run(try erasures.plan([Place.one], reason: .request))
    }
    let opened = try place.open()
    if step == .needles {
      #expect(opened.finishedErasures.isEmpty)
      _ = try await place.erase(opened, [Place.one])
    } else {
      #expect(opened.finishedErasures.count == 1)
    }
    #expect(try await place.notes(opened) == ["by herself", "together"], "\(step)")
    #expect(try await place.records(opened, "v1", on: .legalClaim) == "bc", "\(step)")
    try await check(opened, step)
    let erased = try await opened.holds.release("M-1", reason: .resolved, approver: "counsel")
    #expect(!erased.isEmpty)
    #expect(try await place.notes(opened) == ["by herself"], "\(step)")
    #expect(try opened.erasures.waiting().isEmpty)
    try await check(opened, step)
  }

  @Test("of the release, after each step", arguments: KeyErasure.Step.allCases)
  func release(step: KeyErasure.Step) async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.other])
    _ = try await place.erase(store, [Place.one])
    var holds = store.holds
    holds.reached = { if $0 == step { throw Killed() } }
    await #expect(throws: CustodyError.self) {
      try await holds.release("M-1", reason: .resolved, approver: "counsel")
    }
    // What waited goes when the store is opened, though nobody releases anything again.
    let opened = try place.open()
    #expect(opened.finishedErasures.count == 1, "\(step)")
    #expect(try await place.notes(opened) == ["by herself"], "\(step)")
    #expect(try await place.records(opened, "v2") == "b", "\(step)")
    #expect(try opened.erasures.waiting().isEmpty, "\(step)")
    #expect(try opened.folder.keyring?.keptJointKeys().isEmpty == true)
    try await check(opened, step)
  }

  @Test("also in an older copy of the store that is brought forward")
  func copy() async throws {
    let place = try await Place()
    try await place.hold(try place.open(), [Place.other])
    let before = try HoldPlace(copying: place)
    let store = try place.open()
    _ = try await place.erase(store, [Place.one])
    try await store.close()
    let files = FileManager.default
    let settings = "\(place.temporary.path)/custody.yaml"
    let text = try Data(contentsOf: URL(fileURLWithPath: settings))
    for name in ["store", "secrets"] {
      try files.removeItem(atPath: "\(place.temporary.folder)/\(name)")
      try files.copyItem(
        atPath: "\(before.temporary.folder)/\(name)", toPath: "\(place.temporary.folder)/\(name)")
    }
    try text.write(to: URL(fileURLWithPath: settings))
    #expect(throws: CustodyError.self) { try place.open() }
    // Nothing of her opens before it is recovered, whether she shares it or not.
    #expect(try await place.notes(try place.open(.contents)) == ["by herself"])
    try await place.recover()
    let opened = try place.open()
    #expect(try await place.notes(opened) == ["by herself", "together"])
    #expect(try await place.records(opened, "v1", on: .legalClaim) == "bc")
    #expect(try await place.records(opened, "v1") == "b")
    try await check(opened, .scan)
    // What says that it waits is lost with the ledger's end, and the guard has it.
    try await opened.holds.release("M-1", reason: .resolved, approver: "counsel")
    #expect(try await place.notes(opened) == ["by herself"])
    #expect(try opened.folder.keyring?.keptJointKeys().isEmpty == true)
    try await check(opened, .scan)
  }

  @Test("also when the keyring is lost, and a key backup from before the erasure is the newest")
  func keyBackup() async throws {
    let place = try await Place()
    let store = try place.open()
    try await place.hold(store, [Place.other])
    let identity = try AgeIdentity(bytes: (1...32).map { $0 })
    let backup = try await store.keys.backup(
      to: [identity.recipient.description], expires: Timestamp("2090-01-01")!)
    _ = try await place.erase(store, [Place.one])
    try await store.close()
    for suffix in ["", "-wal", "-shm"] { unlink(place.temporary.keysFile + suffix) }
    var recovery = try Recovery(at: place.temporary.path, actor: "uid:1") {
      throw Passphrase.missing
    }
    try recovery.useKeys(from: backup, identity: Array(identity.secretText.utf8))
    try await recovery.run(try recovery.plan()).close()
    let opened = try place.open()
    #expect(try await place.notes(opened) == ["by herself", "together"])
    #expect(try opened.subjects.id(of: "patient-0017") == nil)
    try await opened.holds.release("M-1", reason: .resolved, approver: "counsel")
    #expect(try await place.notes(opened) == ["by herself"])
    try await check(opened, .scan)
  }
}
