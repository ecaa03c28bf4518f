import Custody
import CustodyMigrations
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A store of another version is migrated when older and refused when newer")
struct StoreUpgradeTests {
  @Test(
    "a newer layout or migration is refused with a word about versions",
    arguments: [0, 1, 2, 3])
  func newer(index: Int) async throws {
    let temporary = try await SmallStore.make()
    let newer = "INSERT INTO migration VALUES (99, 'from_the_future', zeroblob(32))"
    var refused = SmallStore.accesses
    switch index {
    case 0: try RawDatabase(temporary.ledgerFile).execute(newer)
    case 1:
      try RawDatabase(temporary.keysFile).execute(newer)
      // Reading does not touch the keys.
      refused = [.contents, .writing]
    case 2: try RawDatabase("\(temporary.path)/objects.sqlite").execute(newer)
    default:
      let path = "\(temporary.path)/custody.yaml"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try text.replacing("format: 1", with: "format: 2")
        .write(toFile: path, atomically: true, encoding: .utf8)
    }
    for access in refused {
      let error = #expect(throws: CustodyError.self, "\(access)") {
        try temporary.open(for: access)
      }
      #expect(error?.code == .newerStore)
      #expect(error?.message.contains("version") == true)
    }
  }

  @Test("a migration that was recorded otherwise than it is compiled in is refused")
  func changedMigration() async throws {
    let temporary = try await SmallStore.make()
    try RawDatabase(temporary.ledgerFile).execute("UPDATE migration SET sha256 = zeroblob(32)")
    for access in SmallStore.accesses {
      #expect(SmallStore.code { try temporary.open(for: access) } == .damaged)
    }
  }

  private static func upgrade(_ temporary: TemporaryStore, _ sql: String) -> StoreUpgrade {
    var upgrade = StoreUpgrade(layout: Layout(root: temporary.path))
    upgrade.ledgerMigrations.append(
      Migration(number: 2, name: "synthetic", sql: Array(sql.utf8)))
    return upgrade
  }

  @Test("an older store is brought up to date, its copy taken and removed")
  func upgrade() async throws {
    let temporary = try await SmallStore.make()
    let copy = "\(temporary.path)/before-upgrade.sqlite"
    // A leftover of a try before is no obstacle.
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: copy))
    let upgrade = Self.upgrade(temporary, "CREATE TABLE extra (x BLOB) STRICT")
    try upgrade.run()
    #expect(!FileManager.default.fileExists(atPath: copy))
    let database = try RawDatabase(temporary.ledgerFile)
    #expect(try database.integer("SELECT max(number) FROM migration") == 2)
    #expect(try database.integer("SELECT count(*) FROM extra") == 0)
    // Again: nothing to do.
    let before = try SmallStore.bytes(temporary.ledgerFile)
    try upgrade.run()
    #expect(try SmallStore.bytes(temporary.ledgerFile) == before)
    var verification = LedgerVerification(path: temporary.ledgerFile, level: .bodies)
    verification.migrations = upgrade.ledgerMigrations
    #expect(try verification.run().holds)
    // To this program it is a newer store now.
    #expect(SmallStore.code { try temporary.open() } == .newerStore)
  }

  @Test("objects of an older version are brought up to date when the store is opened for writing")
  func objects() async throws {
    let temporary = try await SmallStore.make()
    var upgrade = StoreUpgrade(layout: Layout(root: temporary.path))
    upgrade.objectMigrations.append(
      Migration(
        number: 2, name: "synthetic", sql: Array("CREATE TABLE extra (x BLOB) STRICT".utf8)))
    try upgrade.run()
    let database = try RawDatabase("\(temporary.path)/objects.sqlite")
    #expect(try database.integer("SELECT count(*) FROM extra") == 0)
    #expect(!FileManager.default.fileExists(atPath: "\(temporary.path)/before-upgrade.sqlite"))
    try upgrade.run()
    #expect(SmallStore.code { try temporary.open(for: .reading) } == .newerStore)
  }

  @Test("keys of an older version are brought up to date, and open what they sealed")
  func keys() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.subjects.register(["p-0001"])
    let receipt = try await store.append(
      NewEvent(stream: "a", type: "b.c", subjects: [.identifier("p-0001")], content: [1]))
    let before = try store.keys.all()
    try await store.close()
    // The file as the version before made it, with the same rows.
    let old = "\(temporary.folder)/old.sqlite"
    try Migrator.migrate(
      try Connection.writer(old), Array(Migration.keys.prefix(2)), path: old)
    do {
      let database = try RawDatabase(old)
      try database.execute("ATTACH '\(temporary.keysFile)' AS new")
      for table in ["data_key", "subject_key", "subject"] {
        try database.execute("INSERT INTO \(table) SELECT * FROM new.\(table)")
      }
      try database.execute("UPDATE state SET revision = (SELECT revision FROM new.state)")
      try database.execute("DETACH new")
      try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }
    for suffix in ["", "-wal", "-shm"] { unlink(temporary.keysFile + suffix) }
    try FileManager.default.moveItem(atPath: old, toPath: temporary.keysFile)
    chmod(temporary.keysFile, 0o600)

    #expect(SmallStore.code { try temporary.open(for: .contents) } == .olderStore)
    let upgraded = try temporary.open()
    #expect(try upgraded.keys.all() == before)
    let event = try #require(try upgraded.event(at: receipt.position))
    #expect(try upgraded.content(of: event) == [1])
    #expect(try RawDatabase(temporary.keysFile).integer("SELECT count(*) FROM migration") == 3)
    #expect(try await upgraded.verify().holds)
  }

  @Test("a store whose objects are missing is not written, and can be read")
  func missingObjects() async throws {
    let temporary = try await SmallStore.make()
    unlink("\(temporary.path)/objects.sqlite")
    #expect(SmallStore.code { try temporary.open() } == .needsRecovery)
    #expect(try temporary.open(for: .contents).head().size > 0)
  }

  @Test("an upgrade that fails leaves the old state, and a copy that verifies")
  func failingUpgrade() async throws {
    let temporary = try await SmallStore.make()
    let rows = "SELECT * FROM event"
    let before = try RawDatabase(temporary.ledgerFile).rows(rows)
    #expect(throws: CustodyError.self) {
      try Self.upgrade(temporary, "CREATE TABLE extra (x) STRICT; DELETE FROM event; SELEKT").run()
    }
    let database = try RawDatabase(temporary.ledgerFile)
    #expect(try database.rows(rows) == before)
    #expect(try database.integer("SELECT max(number) FROM migration") == 1)
    let copy = "\(temporary.path)/before-upgrade.sqlite"
    let report = try await Store.verify(file: copy)
    #expect(report.holds && report.eventCount == 6)
    let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions]
    #expect((mode as? NSNumber)?.intValue == 0o600)
    // The old program goes on with it.
    try await SmallStore.append(temporary)
  }

  @Test("an upgrade that changes an event is noticed, and the copy is kept")
  func harmfulUpgrade() async throws {
    let temporary = try await SmallStore.make()
    let harm = "UPDATE event SET occurred_at = occurred_at + 1 WHERE position = 4"
    let error = #expect(throws: CustodyError.self) { try Self.upgrade(temporary, harm).run() }
    #expect(error?.code == .needsRecovery)
    #expect(error?.message.contains("before-upgrade.sqlite") == true)
    let copy = "\(temporary.path)/before-upgrade.sqlite"
    #expect(try await Store.verify(file: copy).holds)
    // Another try is no more content with it, and leaves the good copy in its place.
    #expect(SmallStore.code { try Self.upgrade(temporary, harm).run() } == .needsRecovery)
    #expect(try await Store.verify(file: copy).holds)
  }
}
