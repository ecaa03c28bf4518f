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
      signing = try temporary.signingKey(of: ledgerID)
    }

    var path: String { temporary.ledgerFile }
    func origin(_ incarnation: Int) -> Origin {
      Origin(organization: "example.org", ledgerID: ledgerID, incarnation: incarnation)
    }

    /// The newest checkpoint of what is lost.
    var newest: SystemEvent.Restored.Lost {
      get throws {
        let checkpoint = try Checkpoint(text: SignedNote(parsing: anchor).text)
        return .init(origin: checkpoint.origin, size: checkpoint.size, root: checkpoint.root)
      }
    }

    /// Cuts the tail off and goes on in a second life, as recovery does.
    func restore(losing lost: SystemEvent.Restored.Lost?) throws {
      try RawDatabase(path).execute(
        """
        DELETE FROM event WHERE position >= \(Self.kept);
        DELETE FROM checkpoint WHERE size > \(Self.kept);
        DELETE FROM tile;
        DELETE FROM name WHERE id NOT IN
          (SELECT stream FROM event UNION SELECT type FROM event UNION SELECT actor FROM event);
        """)
      try begin(2, at: Self.kept, losing: lost)
    }

    /// Begins the life `incarnation` after the events that are there.
    func begin(_ incarnation: Int, at size: Int, losing lost: SystemEvent.Restored.Lost?) throws {
      let database = try RawDatabase(path)
      try database.execute(
        "UPDATE ledger SET incarnation = \(incarnation), origin = '\(origin(incarnation))'")
      let root = try TreeReader(LedgerReader(database.handle)).root(size: size)
      try Forger(path, ledgerID: ledgerID).append(
        .restored(.init(size: size, root: root, incarnation: incarnation, lost: lost)))
    }

    /// A checkpoint of the life `incarnation` over the first `size` events.
    func sign(_ incarnation: Int = 2, size: Int = Self.kept + 1) throws {
      let database = try RawDatabase(path)
      let root = try TreeReader(LedgerReader(database.handle)).root(size: size)
      let note = Checkpoint(origin: origin(incarnation), size: size, root: root).signed(by: signing)
      try keep(note.encoded, size: size)
    }

    /// Adds a note to the ledger's own.
    func keep(_ note: String, size: Int) throws {
      try RawDatabase(path).execute(
        "INSERT INTO checkpoint (size, note) VALUES (\(size), '\(note)')")
    }

    func verify(
      _ level: VerificationLevel, anchor other: String? = nil
    ) async throws -> VerificationReport {
      try await Store.verify(
        file: path, level: level, keys: keys, anchors: [("kept", other ?? anchor)])
    }

    /// Expects that a verifier holds with the anchor, or that it does not, and the page's likewise.
    func expect(holds: Bool, anchor other: String? = nil) async throws {
      for level in RestorationTests.levels {
        let report = try await verify(level, anchor: other)
        #expect(report.holds == holds, "\(level): \(report.findings)")
      }
      guard PageVerifier.isThere else { return }
      let file = "\(temporary.folder)/kept.note"
      try (other ?? anchor).write(toFile: file, atomically: true, encoding: .utf8)
      let answer = try await PageVerifier.ask([path, "--vkey", "\(keys[0])", "--anchor", file])
      #expect(answer.holds == holds, "the page: \(answer)")
    }
  }

  private static let levels = [VerificationLevel.head, .headers, .bodies]

  @Test("a signed second life explains what the first one had beyond it", arguments: levels)
  func honest(level: VerificationLevel) async throws {
    let cut = try await Cut()
    try cut.restore(losing: cut.newest)
    try cut.sign()
    let report = try await cut.verify(level)
    #expect(report.holds, "\(report.findings)")
    #expect(report.newestCheckpoint?.origin.incarnation == 2)
  }

  @Test("a second life that nobody signed excuses nothing", arguments: levels)
  func forged(level: VerificationLevel) async throws {
    let cut = try await Cut()
    try cut.restore(losing: cut.newest)
    let report = try await cut.verify(level)
    #expect(report.findings.contains { $0.rule == .checkpointBeyondEnd }, "\(report.findings)")
  }

  @Test("a restoration that does not name the loss explains none", arguments: levels)
  func unnamedLoss(level: VerificationLevel) async throws {
    let cut = try await Cut()
    try cut.restore(losing: nil)
    try cut.sign()
    let report = try await cut.verify(level)
    #expect(report.findings.contains { $0.rule == .checkpointBeyondEnd }, "\(report.findings)")
  }

  @Test("a checkpoint of any later life signs the restoration before it")
  func laterLife() async throws {
    let cut = try await Cut()
    try cut.restore(losing: cut.newest)
    try cut.begin(3, at: Cut.kept + 1, losing: nil)
    try await cut.expect(holds: false)
    try cut.sign(3, size: Cut.kept + 2)
    try await cut.expect(holds: true)
  }

  @Test("any of several restorations names a loss, once it is signed itself")
  func laterRestoration() async throws {
    let cut = try await Cut()
    try cut.restore(losing: nil)
    try cut.sign()
    try cut.begin(3, at: Cut.kept + 1, losing: cut.newest)
    try await cut.expect(holds: false)
    try cut.sign(3, size: Cut.kept + 2)
    try await cut.expect(holds: true)
  }

  @Test("a checkpoint of a lost life is evidence outside the ledger, and damage in it")
  func keptInside() async throws {
    let cut = try await Cut()
    try cut.restore(losing: cut.newest)
    try cut.sign()
    try await cut.expect(holds: true)
    try cut.keep(cut.anchor, size: cut.newest.size)
    try await cut.expect(holds: false)
  }

  @Test("a restoration explains the loss of older lives only, of the same ledger")
  func namedLives() async throws {
    let size = Cut.kept + 5
    for (incarnation, organization) in [(2, "example.org"), (3, "example.org"), (1, "example.net")]
    {
      let cut = try await Cut()
      let origin = Origin(
        organization: organization, ledgerID: cut.ledgerID, incarnation: incarnation)
      let lost = Checkpoint(origin: cut.origin(incarnation), size: size, root: Digest())
      try cut.restore(losing: .init(origin: origin, size: size + 1, root: Digest()))
      try cut.sign()
      try await cut.expect(holds: false, anchor: lost.signed(by: cut.signing).encoded)
    }
  }
}
