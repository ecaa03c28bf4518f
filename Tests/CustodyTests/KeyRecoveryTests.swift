import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Keys that were lost come back from a key backup, and only those that may")
struct KeyRecoveryTests {
  @Test(
    "a machine lost: a data backup and a key backup make the store again", arguments: [nil, "word"])
  func machineLost(passphrase: String?) async throws {
    let place = try await RecoveryPlace()
    let keys = try await place.keyBackup()
    let copied = place.path("backup")
    let size = try place.temporary.open(for: .reading).head().size
    let summary = try place.temporary.open(for: .reading).backUp(to: copied)
    #expect(summary.eventCount == size && summary.byteCount > 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: copied).sorted()
        == [".gitignore", "anchors", "custody.yaml", "ledger.sqlite", "objects.sqlite"])
    try await place.append(2)
    let note = try #require(try place.temporary.open(for: .reading).head().checkpoint).note.encoded

    try place.remove("store", "secrets", "guard")
    try FileManager.default.copyItem(atPath: copied, toPath: place.temporary.path)
    #expect(try place.condition.name == "missing")
    #expect(SmallStore.code { try place.temporary.open() } == .needsRecovery)
    #expect(try place.recovery().plan().refusal?.message.contains("--keys") == true)
    let chosen = passphrase.map { Passphrase($0) }
    let recovery = try place.recovery(keys, anchors: [note], newPassphrase: chosen)
    let plan = try recovery.plan()
    #expect(plan.keys?.makesSecrets == true && plan.unreadableCount == 0)
    #expect(plan.lostCount == 2)
    let store = try recovery.run(plan)
    try await store.datasets.restore("people", to: place.path("restored.csv"))
    #expect(try SmallStore.bytes(place.path("restored.csv")) == Data(RecoveryPlace.table.utf8))
    try await store.append(RecoveryPlace.event(5))
    try await store.close()

    let report = try await store.verify(level: .projections, anchors: [("elsewhere", note)])
    #expect(report.holds, "\(report.findings)")
    #expect(
      SmallStore.code { try place.temporary.open() } == (chosen == nil ? nil : .wrongPassphrase))
    // The backup opens nothing that is sealed from now on but under its own keys: the epoch is new.
    let epoch = try store.keys.epoch()
    var types: [String] = []
    for try await event in store.events(EventFilter(stream: "ledger", from: Position(size))) {
      types.append(event.header.claim.type.text)
      guard types.last == "key.created" else { continue }
      #expect(String(decoding: event.body ?? [], as: UTF8.self).contains(epoch.hex))
    }
    #expect(types == ["ledger.restored", "key.created", "key.destroyed"])
  }

  @Test("a keyring from before a rotation opens nothing, and the newest backup brings it forward")
  func beforeRotation() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/keys.sqlite"])
    let oldLedger = try place.kept(["store/ledger.sqlite"])
    let store = try place.temporary.open()
    _ = try await store.keys.rotate()
    try await store.close()
    try await place.append(1, of: "patient-0042")
    let backup = try await place.keyBackup()
    for files in [old, old + oldLedger] {
      try place.putBack(files)
      let condition = try place.condition
      #expect(condition.name == "stale key", "\(condition)")
      let plan = try await place.recover(backup)
      #expect(plan.keys?.keptCount == 0 && plan.unreadableCount == 0)
      #expect(try await place.isWhole())
      try await place.append(1, of: "patient-0042")
    }
  }

  @Test("an older keyring of the same epoch is noticed when the store is opened")
  func sameEpoch() async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/keys.sqlite"])
    try await place.append(2, of: "patient-0042")
    let backup = try await place.keyBackup()
    try place.putBack(old)
    let condition = try place.condition
    #expect(condition.name == "stale key", "\(condition)")
    #expect(SmallStore.code { try place.temporary.open() } == .needsRecovery)
    // Without a backup it can be gone on with, and says what is lost: her events.
    #expect(try place.recovery().plan().unreadableCount == 3)
    // With one nothing is.
    let plan = try await place.recover(backup)
    #expect(plan.keys?.restoredCount == 1 && plan.keys?.keptCount == 3)
    #expect(plan.unreadableCount == 0 && plan.lives.isEmpty)
    #expect(try await place.isWhole())
  }

  @Test("an older backup adds what the keyring lacks, and takes nothing from it")
  func olderBackup() async throws {
    let place = try await RecoveryPlace()
    let backup = try await place.keyBackup()
    let old = try place.kept(["store/keys.sqlite"])
    try await place.append(1, of: "patient-0042")
    let newer = try await place.keyBackup()
    // A keyring that is newer than the backup: nothing to bring back.
    #expect(try !place.recovery(backup).plan().isNeeded)
    // One that was older, gone on with without a backup: the newer backup brings her back later.
    try place.putBack(old)
    #expect(try await place.recover().unreadableCount == 2)
    let report = try await place.temporary.open(for: .contents).verify(level: .contents)
    #expect(Set(report.findings.map(\.rule)) == [.keyMissing], "\(report.findings)")
    let plan = try await place.recover(newer)
    #expect(plan.keys?.restoredCount == 1 && plan.conditions.isEmpty)
    #expect(try await place.isWhole())
  }

  @Test("a person whose key was destroyed does not come back from an older backup")
  func destroyed() async throws {
    let place = try await RecoveryPlace()
    try await place.append(1, of: "patient-0042")
    let backup = try await place.keyBackup()
    let store = try place.temporary.open()
    let gone = try await store.destroyKeys(of: RecoveryPlace.person, in: place.temporary)
    try await store.close()
    try place.remove("store/keys.sqlite")
    let plan = try await place.recover(backup)
    #expect(plan.keys?.destroyedCount == gone.count && plan.unreadableCount == 0)
    let recovered = try place.temporary.open(for: .contents)
    #expect(try recovered.subjects.id(of: RecoveryPlace.person) == nil)
    #expect(try recovered.subjects.id(of: "patient-0042") != nil)
    #expect(try recovered.keys.all().allSatisfy { !gone.contains($0.id) })
    #expect(try await recovered.verify(level: .contents).holds)
  }

  @Test(
    "parts of the secrets that are gone come back",
    arguments: [
      "secrets", "secrets/root.key", "secrets/signing.key", "epoch",
    ])
  func secrets(name: String) async throws {
    let place = try await RecoveryPlace()
    let backup = try await place.keyBackup()
    if name == "epoch" {
      let names = try FileManager.default.contentsOfDirectory(atPath: place.temporary.secrets)
      let epoch = try #require(names.first { $0.hasPrefix("epoch") })
      try place.remove("secrets/\(epoch)")
    } else {
      try place.remove(name)
    }
    #expect(try place.recovery().plan().conditions.first?.name == "missing")
    #expect(SmallStore.code { try place.temporary.open() } == .needsRecovery)
    let plan = try await place.recover(backup)
    // The guard is there and agrees: no new life.
    #expect(plan.lives.isEmpty)
    #expect(try await place.isWhole())
    let held = try FileManager.default.contentsOfDirectory(atPath: place.temporary.secrets)
    #expect(held.filter { $0.hasPrefix("epoch") }.count == 1)
  }

  @Test("a key backup that is another's, changed or cut short is refused, and changes nothing")
  func badBackups() async throws {
    let place = try await RecoveryPlace()
    let backup = try await place.keyBackup()
    let other = try await RecoveryPlace().keyBackup()
    try place.remove("store/keys.sqlite")
    let before = try FileManager.default.contentsOfDirectory(atPath: place.temporary.secrets)
    var changed = backup
    changed[changed.count - 20] ^= 1
    for file in [[], Array("text".utf8), changed, Array(backup.prefix(300)), other] {
      #expect(SmallStore.code { try place.recovery(file).plan() } == .invalidInput, "\(file.count)")
    }
    var recovery = try Recovery(at: place.temporary.path)
    for identity in [
      "", "# nothing\n", "AGE-SECRET-KEY-1QQQ",
      try AgeIdentity(bytes: (2...33).map { $0 }).secretText,
    ] {
      #expect(
        SmallStore.code { try recovery.useKeys(from: backup, identity: Array(identity.utf8)) }
          == .invalidInput, "\(identity.prefix(20))")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.temporary.secrets) == before)
    try await place.recover(backup)
    #expect(try await place.isWhole())
  }

  @Test(
    "an age file that holds no key backup is refused",
    arguments: [
      "", "{}", #"{"custody":"key-backup/2"}"#, #"{"custody":"key-backup/1","ledger":"x"}"#, "[1]",
    ])
  func otherContents(text: String) async throws {
    let place = try await RecoveryPlace()
    let file = try AgeFile.seal(Array(text.utf8), to: [place.identity.recipient]) {
      [UInt8](repeating: 7, count: $0)
    }
    #expect(SmallStore.code { try place.recovery(file) } == .invalidInput)
  }
}
