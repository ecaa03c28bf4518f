import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A tampered store is found out by what lies outside its ledger")
struct TamperStoreTests {
  /// A closed store with a bit of everything.
  private static func sealedStore() async throws -> (TemporaryStore, LedgerID) {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    _ = try await SampleLedger.fill(store)
    try await store.close()
    return (temporary, store.ledgerID)
  }

  /// What the ledger's own file needs when its tail is gone, so that nothing in it is amiss.
  private static let tidy = """
    DELETE FROM name WHERE id NOT IN
      (SELECT stream FROM event UNION SELECT type FROM event UNION SELECT actor FROM event);
    """

  @Test("a tail cut off with its checkpoints is missed by signer, guard and anchors")
  func tail() async throws {
    let (store, ledgerID) = try await Self.sealedStore()
    try RawDatabase(store.ledgerFile).execute(
      "DELETE FROM event WHERE position >= 10; DELETE FROM checkpoint; \(Self.tidy)")
    try Forger(store.ledgerFile, ledgerID: ledgerID).rechain()
    let alone = try await Store.verify(file: store.ledgerFile)
    #expect(alone.holds, "\(alone.findings)")

    let report = try await store.open(for: .reading).verify()
    let missed = report.findings.filter { $0.rule == .checkpointBeyondEnd }
    for source in ["the signer", "the guard", "anchor newest.note"] {
      #expect(missed.contains { $0.expected.contains(source) }, "\(source): \(report.findings)")
    }
    #expect(missed.allSatisfy { $0.position == Position(10) })
    let head = try await store.open(for: .reading).verify(level: .head)
    #expect(head.findings.contains { $0.rule == .checkpointBeyondEnd })
    let error = #expect(throws: CustodyError.self) { try store.open(for: .writing) }
    #expect(error?.code == .needsRecovery)
  }

  @Test("an edit made to fit, checkpoints gone, contradicts signer, guard and anchors")
  func edit() async throws {
    let (store, ledgerID) = try await Self.sealedStore()
    try RawDatabase(store.ledgerFile).execute(
      "UPDATE event SET occurred_at = 0 WHERE position = 9; DELETE FROM checkpoint")
    try Forger(store.ledgerFile, ledgerID: ledgerID).rechain()
    let reader = try store.open(for: .reading)
    #expect(try await !reader.verify().holds)
    #expect(try await !reader.verify(level: .head).holds)
    guard case .forked = try reader.status().condition else {
      Issue.record("\(try reader.status().condition)")
      return
    }
    let error = #expect(throws: CustodyError.self) { try store.open(for: .writing) }
    #expect(error?.code == .needsRecovery)
  }

  /// Each is enough by itself: the others may be lost or in the same hands as the ledger.
  @Test(
    "one of signer, guard and anchors suffices", arguments: ["signer", "guard", "anchors"])
  func oneSuffices(kept: String) async throws {
    let (store, ledgerID) = try await Self.sealedStore()
    try RawDatabase(store.ledgerFile).execute(
      "UPDATE event SET occurred_at = 0 WHERE position = 9; DELETE FROM checkpoint")
    try Forger(store.ledgerFile, ledgerID: ledgerID).rechain()
    let files = [
      "signer": "\(store.secrets)/signer.state", "guard": "\(store.guardFolder)/signer.state",
      "anchors": "\(store.path)/anchors",
    ]
    for (name, path) in files where name != kept {
      try FileManager.default.removeItem(atPath: path)
    }
    let report = try await store.open(for: .reading).verify()
    #expect(report.findings.contains { $0.rule == .checkpointMismatch }, "\(report.findings)")
  }

  @Test("another store's ledger in its place")
  func foreignLedger() async throws {
    let (store, _) = try await Self.sealedStore()
    let (other, _) = try await Self.sealedStore()
    try FileManager.default.removeItem(atPath: store.ledgerFile)
    try FileManager.default.copyItem(atPath: other.ledgerFile, toPath: store.ledgerFile)
    #expect(try await !store.open(for: .reading).verify().holds)
    let error = #expect(throws: CustodyError.self) { try store.open(for: .writing) }
    #expect(error?.code == .needsRecovery)
  }

  @Test("an emptied or replaced ledger is neither written to nor taken for a new one")
  func emptiedLedger() async throws {
    var random = SeededGenerator(1)
    for bytes in [[], random.bytes(20_000)] {
      let (store, _) = try await Self.sealedStore()
      try Data(bytes).write(to: URL(fileURLWithPath: store.ledgerFile))
      let error = #expect(throws: CustodyError.self) { try store.open(for: .writing) }
      #expect([.needsRecovery, .damaged].contains(error?.code))
      let after = try Data(contentsOf: URL(fileURLWithPath: store.ledgerFile))
      #expect(after == Data(bytes), "evidence stays as it was found")
    }
  }

  @Test(
    "what should vouch for the ledger and is gone is a finding",
    arguments: ["guard/signer.state", "secrets/signer.state", "store/anchors"])
  func missingWitness(name: String) async throws {
    let (store, _) = try await Self.sealedStore()
    try FileManager.default.removeItem(atPath: "\(store.folder)/\(name)")
    for level in [VerificationLevel.head, .bodies] {
      let report = try await store.open(for: .reading).verify(level: level)
      #expect(report.findings.map(\.rule) == [.checkpointMissing], "\(level)")
    }
  }

  @Test("the guard's checkpoint vouches too")
  func guardCheckpoint() async throws {
    let (store, ledgerID) = try await Self.sealedStore()
    try RawDatabase(store.ledgerFile).execute(
      "UPDATE event SET occurred_at = 0 WHERE position = 9; DELETE FROM checkpoint")
    try Forger(store.ledgerFile, ledgerID: ledgerID).rechain()
    for path in [
      "\(store.secrets)/signer.state", "\(store.guardFolder)/signer.state",
      "\(store.path)/anchors",
    ] {
      try FileManager.default.removeItem(atPath: path)
    }
    let report = try await store.open(for: .reading).verify()
    #expect(report.findings.contains { $0.expected.contains("the guard's checkpoint") })
  }

  @Test("a damaged anchor, guard or signer state is a finding, not a reason to stop")
  func damagedWitnesses() async throws {
    for name in ["anchors/newest.note", "guard/signer.state", "secrets/signer.state"] {
      let (store, _) = try await Self.sealedStore()
      let path = name.hasPrefix("anchors") ? "\(store.path)/\(name)" : "\(store.folder)/\(name)"
      try Data("garbage\n".utf8).write(to: URL(fileURLWithPath: path))
      let report = try await store.open(for: .reading).verify()
      #expect(!report.holds, "\(name)")
    }
  }

  @Test("level contents opens what level bodies only hashes")
  func contents() async throws {
    let (store, ledgerID) = try await Self.sealedStore()
    // A body that hashes well and fits the tree but is not what the key sealed: only possible
    // after the newest checkpoint, so checkpoints and all they told go too.
    try RawDatabase(store.ledgerFile).execute(
      """
      UPDATE event SET body = (SELECT body FROM event WHERE position = 11),
        body_hash = (SELECT body_hash FROM event WHERE position = 11),
        body_length = (SELECT body_length FROM event WHERE position = 11)
      WHERE position = 14;
      DELETE FROM checkpoint;
      """)
    try Forger(store.ledgerFile, ledgerID: ledgerID).rechain()
    for path in ["\(store.secrets)/signer.state", "\(store.guardFolder)/signer.state"] {
      try FileManager.default.removeItem(atPath: path)
    }
    try FileManager.default.removeItem(atPath: "\(store.path)/anchors")
    try FileManager.default.removeItem(atPath: "\(store.guardFolder)/checkpoint")
    let opened = try store.open(for: .contents)
    // Nothing contradicts it: what is found is that everything is gone that could.
    let hashed = try await opened.verify()
    #expect(
      hashed.findings.map(\.rule) == Array(repeating: .checkpointMissing, count: 4))
    let report = try await opened.verify(level: .contents)
    #expect(report.findings.last?.rule == .contentUnreadable)
    #expect(report.findings.last?.position == Position(14))
    #expect(report.findingCount == hashed.findingCount + 1)
    let event = try #require(try opened.event(at: Position(14)))
    let error = #expect(throws: CustodyError.self) { try opened.content(of: event) }
    #expect(error?.code == .damaged)
  }
}
