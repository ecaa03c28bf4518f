import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A ledger that was restored from an older state says so, and nobody else can")
struct RestorationTests {
  /// A closed store, its newest anchor, and how many events are kept of it.
  private struct Cut {
    let temporary: TemporaryStore
    let ledgerID: LedgerID
    let anchor: String
    let keys: [VerifierKey]
    let signing: SigningKey
    static let kept = 20

    init() async throws {
      temporary = try TemporaryStore()
      let store = try await temporary.create()
      _ = try await SampleLedger.fill(store)
      try await store.close()
      ledgerID = store.ledgerID
      keys = [try store.verifierKey]
      anchor = try String(contentsOfFile: "\(temporary.path)/anchors/newest.note", encoding: .utf8)
      signing = try FileKeyProvider.open(
        in: temporary.secrets, ledgerID: ledgerID, environment: .system,
        passphrase: { throw Passphrase.missing }
      ).signingKey()
    }

    var path: String { temporary.ledgerFile }
    private func origin(_ incarnation: Int) -> Origin {
      Origin(organization: "example.org", ledgerID: ledgerID, incarnation: incarnation)
    }

    /// Cuts the tail off and goes on in a second life, as recovery does.
    func restore(losing claimed: Bool = true) throws {
      let database = try RawDatabase(path)
      try database.execute(
        """
        DELETE FROM event WHERE position >= \(Self.kept);
        DELETE FROM checkpoint WHERE size > \(Self.kept);
        DELETE FROM tile;
        DELETE FROM name WHERE id NOT IN
          (SELECT stream FROM event UNION SELECT type FROM event UNION SELECT actor FROM event);
        UPDATE ledger SET incarnation = 2, origin = '\(origin(2))';
        """)
      let newest = try Checkpoint(text: SignedNote(parsing: anchor).text)
      let root = try TreeReader(LedgerReader(database.handle)).root(size: Self.kept)
      try Forger(path, ledgerID: ledgerID).append(
        .restored(
          .init(
            size: Self.kept, root: root, incarnation: 2,
            lost: claimed
              ? .init(origin: newest.origin, size: newest.size, root: newest.root) : nil)))
    }

    /// A checkpoint over everything, of the life that `restore` began.
    func sign() throws {
      let database = try RawDatabase(path)
      let size = Self.kept + 1
      let root = try TreeReader(LedgerReader(database.handle)).root(size: size)
      let note = Checkpoint(origin: origin(2), size: size, root: root).signed(by: signing)
      try database.execute(
        "INSERT INTO checkpoint (size, note) VALUES (\(size), '\(note.encoded)')")
    }

    func verify(_ level: VerificationLevel) async throws -> VerificationReport {
      try await Store.verify(
        file: path, level: level, keys: keys, anchors: [("kept", anchor)])
    }
  }

  private static let levels = [VerificationLevel.head, .headers, .bodies]

  @Test("a signed second life explains what the first one had beyond it", arguments: levels)
  func honest(level: VerificationLevel) async throws {
    let cut = try await Cut()
    try cut.restore()
    try cut.sign()
    let report = try await cut.verify(level)
    #expect(report.holds, "\(report.findings)")
    #expect(report.newestCheckpoint?.origin.incarnation == 2)
  }

  @Test("a second life that nobody signed excuses nothing", arguments: levels)
  func forged(level: VerificationLevel) async throws {
    let cut = try await Cut()
    try cut.restore()
    let report = try await cut.verify(level)
    #expect(report.findings.contains { $0.rule == .checkpointBeyondEnd }, "\(report.findings)")
  }

  @Test("a restoration that does not name the loss explains none", arguments: levels)
  func unnamedLoss(level: VerificationLevel) async throws {
    let cut = try await Cut()
    try cut.restore(losing: false)
    try cut.sign()
    let report = try await cut.verify(level)
    #expect(report.findings.contains { $0.rule == .checkpointBeyondEnd }, "\(report.findings)")
  }
}
