import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A recovery killed at any moment can be done again")
struct RecoveryKillTests {
  private static let kills = 16

  /// A ledger that is behind, and a keyring that is gone: everything that recovery does.
  @Test("from a ledger that is behind and a keyring that is gone")
  func killed() async throws {
    let place = try await RecoveryPlace()
    let backup = try await place.keyBackup()
    try Data(backup).write(to: URL(fileURLWithPath: place.path("keys.age")))
    try Data(place.identity.secretText.utf8).write(to: URL(fileURLWithPath: place.path("identity")))
    chmod(place.path("identity"), 0o600)
    let commands = try CommandFolder()
    var random = SeededGenerator(0xbeef)
    var midway = 0
    // How long a recovery takes here and now: the first one is not killed.
    var duration = Duration.zero
    var kill = 0
    // Beside much else that runs the first times may tell little.
    while kill < Self.kills || midway == 0 && kill < 5 * Self.kills {
      defer { kill += 1 }
      // A kill may have left a log: the file alone would be half of a checkpoint.
      try await place.temporary.open().close()
      let old = try place.kept(["store/ledger.sqlite"])
      try await place.append(2)
      let head = try place.temporary.open(for: .reading).head()
      let note = try #require(head.checkpoint).note.encoded
      try place.putBack(old)
      if kill.isMultiple(of: 2) { try place.remove("store/keys.sqlite") }
      let before = try SmallStore.bytes(place.temporary.ledgerFile)
      let arguments = [
        "recover", "--store", place.temporary.path, "--yes", "--keys", place.path("keys.age"),
        "--identity", place.path("identity"),
      ]
      let start = ContinuousClock.now
      let command = try commands.start(arguments, input: .nothing)
      if kill > 0 {
        try await Task.sleep(for: duration * Double.random(in: 0.6...1.1, using: &random))
        command.send(SIGKILL)
      }
      let outcome = try await command.finish()
      #expect([0, 128 + SIGKILL].contains(outcome.status), "\(outcome)")
      if kill == 0 { duration = start.duration(to: .now) }
      let isTouched = try SmallStore.bytes(place.temporary.ledgerFile) != before
      midway += outcome.status != 0 && isTouched ? 1 : 0
      // Too late or too early: the next one is tried nearer to where something is done.
      if kill > 0, outcome.status == 0 { duration = duration * 0.8 }
      if outcome.status != 0, !isTouched { duration = duration * 1.1 }

      try await commands.run(arguments).succeeded()
      #expect(try place.condition == .clean, "after kill \(kill)")
      let report = try await place.temporary.open(for: .contents).verify(
        level: .contents, anchors: [("elsewhere", note)])
      #expect(report.holds, "after kill \(kill): \(report.findings)")
    }
    #expect(midway > 0, "no kill came while something was done")
    #expect(try await place.isWhole())
  }

  private static let isStracePossible = ConditionTrait.enabled(
    "strace is missing or may not trace here."
  ) { try await CommandFolder().shell("strace -f -o /dev/null true").status == 0 }

  @Test(
    "before each removal and renaming around a keyring whose newest key is in its log",
    isStracePossible)
  func killedAtEachStep() async throws {
    let place = try await RecoveryPlace()
    let backup = try await place.keyBackup()
    try Data(backup).write(to: URL(fileURLWithPath: place.path("keys.age")))
    try Data(place.identity.secretText.utf8).write(to: URL(fileURLWithPath: place.path("identity")))
    chmod(place.path("identity"), 0o600)
    // What brings the recovery about.
    try RawDatabase(place.temporary.keysFile).execute(
      "DELETE FROM data_key WHERE purpose = 'subject'")
    let writer = try place.temporary.open()
    try await writer.subjects.register(["patient-0099"])
    let commands = try CommandFolder()
    var kills = 0
    while kills < 80 {
      // As it is, with the log: what a kill of the writer leaves.
      let copy = try place.copy("copy-\(kills)")
      let keys = "\(copy.path)/keys.sqlite"
      #expect(FileIO.size(keys + "-wal") > 0)
      let recover =
        "recover --store \(copy.path) --yes --keys \(place.path("keys.age")) --identity "
        + place.path("identity")
      let calls = "unlink,rename,link"
      let outcome = try await commands.shell(
        "strace -f -o /dev/null -e trace=\(calls) -e inject=\(calls):error=EIO:signal=KILL:when=\(kills + 1) "
          + "custody \(recover)")
      let isKilled = outcome.status == 128 + SIGKILL
      #expect(isKilled || outcome.status == 0, "\(outcome)")
      try await commands.shell("custody \(recover)").succeeded()
      let store = try Store.open(at: copy.path, for: .contents)
      for person in ["patient-0099", RecoveryPlace.person] {
        let id = try #require(try store.subjects.id(of: person), "\(person), kill \(kills)")
        #expect(try await store.subjects.identifier(of: id) == person)
      }
      #expect(try await store.verify(level: .contents).holds, "after kill \(kills)")
      guard isKilled else { break }
      kills += 1
    }
    #expect((8..<80).contains(kills), "\(kills) steps")
  }
}
