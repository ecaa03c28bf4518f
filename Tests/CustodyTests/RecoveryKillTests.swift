import Custody
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
    for kill in 0..<Self.kills {
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
      let command = try commands.start(arguments, input: .nothing)
      try await Task.sleep(for: .seconds(Double.random(in: 0...0.12, using: &random)))
      command.send(SIGKILL)
      let outcome = try await command.finish()
      #expect([0, 128 + SIGKILL].contains(outcome.status), "\(outcome)")
      let isTouched = try SmallStore.bytes(place.temporary.ledgerFile) != before
      midway += outcome.status != 0 && isTouched ? 1 : 0

      try await commands.run(arguments).succeeded()
      #expect(try place.condition == .clean, "after kill \(kill)")
      let report = try await place.temporary.open(for: .contents).verify(
        level: .contents, anchors: [("elsewhere", note)])
      #expect(report.holds, "after kill \(kill): \(report.findings)")
    }
    #expect(midway > 0, "no kill came while something was done")
    #expect(try await place.isWhole())
  }
}
