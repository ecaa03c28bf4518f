import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Recovering keys loses none that were still there")
struct KeyRecoveryLossTests {
  private static let other = "patient-0042"
  private static let row = "WHERE purpose = 'subject'"

  /// A store with two people, the second of whom the key backup lacks.
  private static func place() async throws -> (place: RecoveryPlace, backup: [UInt8]) {
    let place = try await RecoveryPlace()
    let backup = try await place.keyBackup()
    try await place.append(1, of: other)
    return (place, backup)
  }

  private static func key(of person: String, _ place: RecoveryPlace) throws -> KeyID {
    let store = try place.temporary.open(for: .contents)
    let id = try #require(try store.subjects.id(of: person))
    return try #require(try store.subjects.entry(id)).keys[0].id
  }

  private static func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  private static func setAside(_ place: RecoveryPlace) throws -> [String] {
    try (names(place.temporary.path) + names(place.temporary.secrets)).filter {
      $0.contains("before-recovery")
    }
  }

  // MARK: - Rows

  @Test(
    "one changed row does not cost the others their keys",
    arguments: [
      "UPDATE subject_key SET tag = zeroblob(32) WHERE key_id = x'HERS'",
      "UPDATE subject SET tag = zeroblob(32) WHERE key_id = x'HERS'",
      "UPDATE data_key SET wrapped = zeroblob(48) WHERE id = x'HERS'",
      "UPDATE data_key SET wrapped = x'00' WHERE purpose = 'index'",
      "UPDATE data_key SET wrapped = x'00' WHERE purpose = 'operations'",
    ])
  func changedRow(sql: String) async throws {
    let (place, _) = try await Self.place()
    let hers = try Self.key(of: RecoveryPlace.person, place)
    let later = try Self.key(of: Self.other, place)
    let backup = try await place.keyBackup()
    try await place.append(1, of: "patient-0099")
    let newest = try Self.key(of: "patient-0099", place)
    do {
      let database = try RawDatabase(place.temporary.keysFile)
      try database.execute(sql.replacing("HERS", with: hers.hex))
      // What brings the recovery about.
      try database.execute("DELETE FROM data_key WHERE id = x'\(later)'")
    }
    try await place.recover(backup)
    for (person, key) in [
      (RecoveryPlace.person, hers), (Self.other, later), ("patient-0099", newest),
    ] {
      #expect(try Self.key(of: person, place) == key, "\(person)")
    }
    let report = try await place.temporary.open(for: .contents).verify(level: .contents)
    #expect(report.holds, "\(report.findings)")
    #expect(try Self.setAside(place).isEmpty)
  }

  @Test("a wrapped key that no longer opens is mended by a backup that has it")
  func wrappedKey() async throws {
    let (place, backup) = try await Self.place()
    let hers = try Self.key(of: RecoveryPlace.person, place)
    try RawDatabase(place.temporary.keysFile).execute(
      "UPDATE data_key SET wrapped = zeroblob(48) WHERE id = x'\(hers)'")
    let plan = try await place.recover(backup)
    #expect(plan.keys?.restoredCount == 1 && plan.keys?.keptCount == 3)
    #expect(try Self.setAside(place).isEmpty)
    #expect(try await place.isWhole())
  }

  // MARK: - What is set aside

  @Test("a key that nothing opens here is set aside with the keyring, and its epoch key stays")
  func unopened() async throws {
    let (place, backup) = try await Self.place()
    let hers = try Self.key(of: RecoveryPlace.person, place)
    let later = try Self.key(of: Self.other, place)
    let old = try place.temporary.open(for: .contents).keys.epoch()
    try RawDatabase(place.temporary.keysFile).execute(
      "UPDATE data_key SET nonce = zeroblob(24) WHERE id = x'\(later)'; "
        + "DELETE FROM data_key WHERE id = x'\(hers)'")
    let plan = try await place.recover(backup)
    #expect(plan.keys?.setsAside == true && plan.keys?.unopenedCount == 1)
    #expect(try Self.setAside(place) == ["keys.sqlite.before-recovery"])
    let aside = place.path("store/keys.sqlite.before-recovery")
    #expect(
      try RawDatabase(aside).integer("SELECT count(*) FROM data_key WHERE id = x'\(later)'") == 1)
    let epochFile = "epoch-\(old).key"
    #expect(try Self.names(place.temporary.secrets).contains(epochFile))
    let doctor = try place.temporary.open(for: .reading).diagnose(programVersion: "1")
    let lines = doctor.filter { $0.finding.contains("keys.sqlite.before-recovery") }
    #expect(lines.count == 1 && lines.first?.advice?.contains("erasure") == true)
    // The ledger does not say of a key that is there that it was destroyed.
    func destroyed() async throws -> Bool {
      var isDestroyed = false
      for try await event in try place.temporary.open(for: .reading).events(
        EventFilter(stream: "ledger"))
      where event.header.claim.type.text == "key.destroyed" {
        isDestroyed = isDestroyed || String(decoding: event.body!, as: UTF8.self).contains(old.hex)
      }
      return isDestroyed
    }
    #expect(try await !destroyed())
    for suffix in ["", "-wal", "-shm"] { unlink(aside + suffix) }
    try await place.temporary.open().close()
    #expect(try !Self.names(place.temporary.secrets).contains(epochFile))
    #expect(try await destroyed())
  }

  @Test(
    "of a file set aside nothing is believed but its epochs",
    arguments: ["", "no database", "schema", "link"])
  func hostileAside(kind: String) async throws {
    let place = try await RecoveryPlace()
    let aside = place.path("store/keys.sqlite.before-recovery")
    switch kind {
    case "schema":
      try RawDatabase(aside).execute("CREATE VIEW data_key AS SELECT 1 AS epoch")
    case "link": symlink("/dev/zero", aside)
    default: try Data(kind.utf8).write(to: URL(fileURLWithPath: aside))
    }
    let store = try place.temporary.open()
    _ = try await store.keys.rotate()
    try await store.close()
    #expect(try await place.isWhole())
    #expect(try Self.names(place.temporary.secrets).count { $0.hasPrefix("epoch") } == 1)
  }

  @Test("a keyring whose root key is lost is set aside with what the root key sealed")
  func rootKeyLost() async throws {
    let (place, backup) = try await Self.place()
    let rotated = try place.temporary.open()
    _ = try await rotated.keys.rotate()
    try await rotated.close()
    let later = try Self.key(of: Self.other, place)
    let files = try Self.names(place.temporary.secrets).filter { $0 != "signer.state" }
    let kept = try place.kept(files.map { "secrets/\($0)" } + ["store/keys.sqlite"])
    try place.remove("secrets/root.key")
    try await place.recover(backup)
    let sealed = files.filter { $0 != "root.key" }
    #expect(
      try Self.setAside(place)
        == ["keys.sqlite.before-recovery"] + sealed.map { "\($0).before-recovery" })
    for name in sealed {
      #expect(
        try SmallStore.bytes(place.path("secrets/\(name).before-recovery"))
          == kept.first { $0.name == "secrets/\(name)" }?.bytes)
    }
    #expect(try place.temporary.open(for: .contents).subjects.id(of: Self.other) == nil)
    // The root key was found again: all is put back where it was.
    try place.putBack(kept.filter { $0.name == "secrets/root.key" })
    for name in sealed {
      unlink(place.path("secrets/\(name)"))
      try FileManager.default.moveItem(
        atPath: place.path("secrets/\(name).before-recovery"), toPath: place.path("secrets/\(name)")
      )
    }
    let aside = "store/keys.sqlite.before-recovery"
    try place.putBack([("store/keys.sqlite", try SmallStore.bytes(place.path(aside)))])
    try place.remove(aside)
    try await place.recover(backup)
    #expect(try Self.key(of: Self.other, place) == later)
    #expect(try await place.isWhole())
  }

  @Test("without its root key a keyring still opens by the epoch key that the backup holds")
  func epochOfBackup() async throws {
    let (place, backup) = try await Self.place()
    let later = try Self.key(of: Self.other, place)
    try place.remove("secrets/root.key")
    let plan = try await place.recover(backup)
    #expect(plan.keys?.keptCount == 4 && plan.keys?.unopenedCount == 0)
    #expect(try Self.key(of: Self.other, place) == later)
    #expect(try Self.setAside(place).isEmpty)
    #expect(try await place.isWhole())
  }

  @Test("a keyring that is cut short is set aside, and the next one beside it")
  func cutShort() async throws {
    let (place, backup) = try await Self.place()
    for count in 1...2 {
      let bytes = try SmallStore.bytes(place.temporary.keysFile).prefix(9000)
      try place.putBack([("store/keys.sqlite", Data(bytes))])
      let plan = try await place.recover(backup)
      #expect(plan.keys?.setsAside == true && plan.keys?.unopenedCount == 0)
      let aside = count == 1 ? "keys.sqlite.before-recovery" : "keys.sqlite.before-recovery-2"
      #expect(try SmallStore.bytes(place.path("store/\(aside)")) == Data(bytes))
      #expect(try place.condition == .clean)
    }
  }

  // MARK: - People who were registered again

  @Test("somebody who was registered again keeps both keys", arguments: ["default", "voiceprint"])
  func doubled(dataClass: String) async throws {
    let place = try await RecoveryPlace()
    let old = try place.kept(["store/keys.sqlite"])
    func register() async throws -> (subject: KeyID, key: KeyID) {
      let person = dataClass == "default" ? Self.other : RecoveryPlace.person
      let store = try place.temporary.open()
      let id = try await store.subjects.register([person], dataClass: dataClass)[0]
      var event = RecoveryPlace.event(1, of: person)
      event.dataClass = dataClass
      try await store.append(event)
      try await store.close()
      let keys = try #require(try store.subjects.entry(id)).keys
      return (id, try #require(keys.first { $0.dataClass == dataClass }).id)
    }
    let first = try await register()
    let newer = try await place.keyBackup()
    try place.putBack(old)
    try await place.recover()
    let second = try await register()
    #expect(first.key != second.key)
    // Again from a backup of what came of it: both are in there.
    for isAgain in [false, true] {
      let backup = isAgain ? try await place.keyBackup() : newer
      if isAgain { try place.remove("store/keys.sqlite") }
      let plan = try await place.recover(backup)
      #expect(plan.keys?.doubledCount == (isAgain ? 0 : 1))
      let store = try place.temporary.open(for: .contents)
      let ids = Set(try store.keys.all().map(\.id))
      #expect(ids.isSuperset(of: [first.key, second.key]))
      let listed = try store.subjects.all().flatMap(\.keys).map(\.id)
      #expect(Set(listed).isSuperset(of: [first.key, second.key]))
      let owner = try #require(try store.keys.all().first { $0.id == first.key }?.subjectID)
      #expect(try store.subjects.entry(owner)?.keys.map(\.id).contains(first.key) == true)
      #expect(try store.subjects.entry(second.subject)?.keys.map(\.id).contains(second.key) == true)
      #expect(try await store.verify(level: .contents).holds)
    }
    let third = try await register()
    #expect(third.key == second.key)
    #expect(try await place.isWhole())
  }

  // MARK: - Secrets that do not open

  @Test(
    "secrets that do not open are made anew when that is asked for, and only then",
    arguments: ["root.key", "signing.key", "epoch", "passphrase"], [false, true])
  func newSecrets(name: String, isBehind: Bool) async throws {
    let place = try await RecoveryPlace()
    let backup = try await place.keyBackup()
    if isBehind {
      let store = try place.temporary.open()
      _ = try await store.keys.rotate()
      try await store.close()
      try await place.append(1, of: Self.other)
    }
    let names = try Self.names(place.temporary.secrets)
    if name == "passphrase" {
      let text = "scrypt 131072 8 1 " + String(repeating: "07", count: 32) + "\n"
      try Data(text.utf8).write(to: URL(fileURLWithPath: place.path("secrets/root.scrypt")))
      chmod(place.path("secrets/root.scrypt"), 0o600)
      try place.remove("secrets/root.key")
    } else {
      let file = try #require(names.first { $0.hasPrefix(name) })
      try place.putBack([("secrets/\(file)", Data(name == "epoch" ? [1] : []))])
    }
    // The epoch key of the backup opens as much as the damaged one did.
    if name != "epoch" || isBehind {
      let error = #expect(throws: CustodyError.self) { try place.recovery(backup).plan() }
      #expect([.wrongPassphrase].contains(error?.code), "\(String(describing: error))")
      if name != "passphrase" {
        #expect(error?.message.contains("--new-secrets") == true)
      }
    }
    var recovery = try place.recovery(backup)
    try recovery.useKeys(
      from: backup, identity: Array(place.identity.secretText.utf8), makesNewSecrets: true)
    let plan = try recovery.plan()
    #expect(plan.refusal == nil)
    #expect(plan.keys?.makesSecrets == ["root.key", "passphrase"].contains(name))
    // With the root key in hand, signing key and epoch key are opened one by one.
    let isMissed = isBehind && name != "signing.key"
    #expect(plan.keys?.setsAside == isMissed && plan.keys?.sealsSecrets == false)
    try await recovery.run(plan).close()
    #expect(try Self.setAside(place).isEmpty == !isMissed)
    #expect(try place.condition == .clean)
    if !isMissed { #expect(try await place.isWhole()) }
  }

  // MARK: - The log

  @Test("the log of the old keyring is in its file before anything is made")
  func foldedLog() async throws {
    let (place, backup) = try await Self.place()
    let hers = try Self.key(of: RecoveryPlace.person, place)
    try RawDatabase(place.temporary.keysFile).execute(
      "DELETE FROM data_key WHERE id = x'\(hers)'")
    let writer = try place.temporary.open()
    try await writer.subjects.register(["patient-0099"])
    #expect(FileIO.size(place.temporary.keysFile + "-wal") > 0)
    // A reader keeps the log busy: it is told, and nothing is lost.
    do {
      let reader = try RawDatabase(place.temporary.keysFile)
      try reader.execute("BEGIN; SELECT count(*) FROM data_key;")
      try await writer.subjects.register(["patient-0100"])
      let error = await #expect(throws: CustodyError.self) { try await place.recover(backup) }
      #expect(error?.code == .io && error?.message.contains("keys.sqlite") == true)
      try reader.execute("COMMIT")
    }
    let building = place.path("store/keys.sqlite.recovering")
    try FileManager.default.createDirectory(
      atPath: building + "/x", withIntermediateDirectories: true)
    await #expect(throws: (any Error).self) { try await place.recover(backup) }
    #expect(FileIO.size(place.temporary.keysFile + "-wal") == 0)
    try FileManager.default.removeItem(atPath: building)
    try await place.recover(backup)
    for person in ["patient-0099", "patient-0100"] { _ = try Self.key(of: person, place) }
    try await place.append()
    #expect(try await place.isWhole())
  }
}
