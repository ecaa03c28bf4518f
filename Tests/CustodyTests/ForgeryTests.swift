import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("What was forged without the signing key is found at a checkpoint")
struct ForgeryTests {
  /// Edits that hash to a ledger as good as the true one, but for the signature.
  static let edits = [
    (position: 2, sql: "UPDATE event SET recorded_at = recorded_at - 1 WHERE position <= 2"),
    (position: 9, sql: "UPDATE event SET occurred_at = 0 WHERE position = 9"),
    (
      position: 12,
      sql: "UPDATE event SET actor = (SELECT stream FROM event WHERE position = 9) "
        + "WHERE position = 12"
    ),
    (position: 30, sql: "UPDATE event SET type_version = 7 WHERE position = 30"),
    (position: 200, sql: "UPDATE event SET commitment = zeroblob(32) WHERE position = 200"),
  ]

  @Test("an edit with every later leaf made to fit contradicts a checkpoint", arguments: edits)
  func rechained(position: Int, sql: String) async throws {
    let copy = try await TamperedCopy()
    try copy.execute(sql)
    try Forger(copy.path, ledgerID: copy.sample.ledgerID).rechain()
    let sealed = copy.sample.checkpoints
    let before = sealed.last { $0 <= position } ?? 0
    let after = try #require(sealed.first { $0 > position })
    for level in [VerificationLevel.headers, .bodies] {
      let report = try await copy.verify(level)
      let finding = report.findings.first { $0.rule == .checkpointMismatch }
      // It names where the true history ends and where it can no longer be.
      #expect(finding?.position == Position(before), "\(level): \(report.findings)")
      #expect(finding?.expected.contains("over \(after) events") == true)
      #expect(finding?.found.contains("positions \(before) to \(after - 1)") == true)
      #expect(report.newestCheckpoint?.size ?? 0 == before)
    }
    let head = try await copy.verify(.head)
    #expect(head.findings.contains { $0.rule == .checkpointMismatch })
  }

  @Test("an edit with every later leaf made to fit, checkpoints gone, contradicts an anchor")
  func rechainedWithoutCheckpoints() async throws {
    let copy = try await TamperedCopy()
    try copy.execute("UPDATE event SET occurred_at = 0 WHERE position = 9; DELETE FROM checkpoint")
    try Forger(copy.path, ledgerID: copy.sample.ledgerID).rechain()
    let alone = try await Store.verify(file: copy.path)
    #expect(alone.holds && alone.unsealedCount == alone.eventCount, "nothing in it contradicts it")
    for level in [VerificationLevel.head, .headers, .bodies] {
      let report = try await copy.verify(level)
      #expect(report.findings.map(\.rule) == [.checkpointMissing], "\(level): a key signed nothing")
    }
    for level in [VerificationLevel.head, .headers, .bodies] {
      let report = try await copy.verify(level, anchors: [("kept", copy.sample.anchor)])
      #expect(report.findings.contains { $0.rule == .checkpointMismatch }, "\(level)")
    }
  }

  @Test("a checkpoint of the forger's own is not signed by the given key")
  func forgedCheckpoint() async throws {
    let copy = try await TamperedCopy()
    // Another store's checkpoints and key are in perfect order, but not this ledger's.
    let other = try TemporaryStore()
    try await other.create().close()
    let foreign = try RawDatabase(other.ledgerFile).value("SELECT note FROM checkpoint")
    try copy.execute("UPDATE checkpoint SET note = \(foreign.literal)")
    #expect(try await !copy.verify().holds)
    #expect(try await !copy.verify(.head).holds)
    // The whole file of another store.
    let report = try await Store.verify(
      file: other.ledgerFile, keys: [copy.sample.verifierKey])
    #expect(report.findings.contains { $0.rule == .checkpointSignature })
    let anchored = try await Store.verify(
      file: other.ledgerFile, anchors: [("kept", copy.sample.anchor)])
    #expect(!anchored.holds)
  }

  @Test("after the newest checkpoint an edit made to fit shows as unsealed events only")
  func unsealed() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.checkpoint()
    let sealed = try store.head().size
    var receipts: [Receipt] = []
    for index in 0..<5 {
      receipts.append(
        try await store.append(NewEvent(stream: "a", type: "b.c", content: [UInt8(index)])))
    }
    let path = try await temporary.copyLedger()
    let honest = try await Store.verify(file: path, keys: [try store.verifierKey])
    #expect(honest.holds && honest.unsealedCount == 5)

    try RawDatabase(path).execute(
      "UPDATE event SET occurred_at = 0 WHERE position = \(sealed + 2)")
    let edited = try await Store.verify(file: path, keys: [try store.verifierKey])
    #expect(edited.findings.first?.position == Position(sealed + 2), "not yet made to fit")

    try Forger(path, ledgerID: store.ledgerID).rechain()
    let forged = try await Store.verify(file: path, keys: [try store.verifierKey])
    #expect(forged.holds, "\(forged.findings)")
    #expect(forged.unsealedCount == 5)
    #expect(forged.newestCheckpoint?.size == sealed)
    // A receipt is what protects them.
    let leaf = try RawDatabase(path).value("SELECT leaf FROM event ORDER BY position DESC LIMIT 1")
    #expect(leaf != .blob(receipts[4].leaf.bytes))
  }
}
