import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("Where a page leaves room for two readings, both verifiers share one")
struct AgreementTests {
  /// A closed store whose ledger somebody changes who may also sign.
  private struct Forged {
    let temporary: TemporaryStore
    let ledgerID: LedgerID
    let key: VerifierKey
    let signing: SigningKey
    let size: Int

    init() async throws {
      temporary = try await SmallStore.make()
      let store = try temporary.open(for: .reading)
      (ledgerID, key, size) = (store.ledgerID, try store.verifierKey, try store.head().size)
      signing = try FileKeyProvider.open(
        in: temporary.secrets, ledgerID: ledgerID, environment: .system,
        passphrase: { throw Passphrase.missing }
      ).signingKey()
    }

    var path: String { temporary.ledgerFile }

    func append(_ event: SystemEvent) throws {
      try Forger(path, ledgerID: ledgerID).append(event)
    }

    func checkpoint(size: Int, incarnation: Int = 1) throws -> Checkpoint {
      let database = try RawDatabase(path)
      let root = try TreeReader(LedgerReader(database.handle)).root(size: size)
      let origin = Origin(
        organization: "example.org", ledgerID: ledgerID, incarnation: incarnation)
      return Checkpoint(origin: origin, size: size, root: root)
    }

    func note(size: Int, by signer: SigningKey) throws -> SignedNote {
      try checkpoint(size: size).signed(by: signer)
    }

    /// Makes a text the only checkpoint.
    func keep(_ note: String, size: Int) throws {
      let literal = RawValue.text(Array(note.utf8)).literal
      try RawDatabase(path).execute(
        "DELETE FROM checkpoint; INSERT INTO checkpoint (size, note) VALUES (\(size), \(literal))")
    }

    func expect(
      holds: Bool, at levels: [VerificationLevel] = [.head, .headers, .bodies],
      keys: [VerifierKey], anchor: String? = nil,
      sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
      for level in levels {
        let report = try await Store.verify(
          file: path, level: level, keys: keys, anchors: anchor.map { [("kept", $0)] } ?? [])
        #expect(
          report.holds == holds, "\(level): \(report.findings)", sourceLocation: sourceLocation)
      }
      guard PageVerifier.isThere else { return }
      let kept = "\(temporary.folder)/kept.note"
      try anchor?.write(toFile: kept, atomically: true, encoding: .utf8)
      let answer = try await PageVerifier.ask(
        [path] + keys.flatMap { ["--vkey", "\($0)"] }
          + (anchor == nil ? [] : ["--anchor", kept]))
      #expect(answer.holds == holds, "the page: \(answer)", sourceLocation: sourceLocation)
    }
  }

  private static func signer(_ byte: UInt8) -> SigningKey {
    var seed = [UInt8](repeating: byte, count: 32)
    return SigningKey(seed: SecretBytes(wiping: &seed))
  }

  @Test("key.destroyed names a key, once or again")
  func destroyed() async throws {
    let forged = try await Forged()
    let key = KeyID([UInt8](repeating: 9, count: 16))!
    for reason in [SystemEvent.KeyDestroyed.Reason.rotation, .erasure] {
      try forged.append(.keyDestroyed(.init(keys: [key, key], reason: reason, request: nil)))
    }
    try await forged.expect(holds: true, keys: [forged.key])
    try forged.append(.keyDestroyed(.init(keys: [], reason: .expiry, request: nil)))
    let report = try await Store.verify(file: forged.path)
    #expect(report.findings.map(\.rule) == [.systemEventMalformed])
    guard PageVerifier.isThere else { return }
    #expect(try await !PageVerifier.ask([forged.path]).holds)
  }

  @Test("positions are purged once or again, under one purge or several")
  func purged() async throws {
    let forged = try await Forged()
    let last = forged.size - 1
    let database = try RawDatabase(forged.path)
    try database.execute("UPDATE event SET body = NULL WHERE position >= \(last - 1)")
    try await forged.expect(holds: false, at: [.bodies], keys: [forged.key])
    let leaves = try database.rows("SELECT leaf FROM event ORDER BY position").compactMap {
      if case .blob(let bytes) = $0[0] { Leaf(bytes) } else { nil }
    }
    for from in [last, last - 1, last] {
      try forged.append(
        .purged(
          .init(
            reason: .expiry, request: nil, positions: [from...last],
            leaves: TreeFrontier.root(over: leaves[from...]), objects: .emptyTree)))
    }
    try await forged.expect(holds: true, keys: [forged.key])
  }

  @Test("without keys a sealed body has any length, and any sealed event may be on stream ledger")
  func sealed() async throws {
    let forged = try await Forged()
    let last = forged.size - 1
    let database = try RawDatabase(forged.path)
    try database.execute(
      """
      UPDATE event SET body = x'00', body_length = 1, body_hash = x'\(SHA256.hash([0]))'
      WHERE position = \(last - 1);
      UPDATE event SET stream = (SELECT stream FROM event WHERE position = 0), revision = \(last - 1)
      WHERE position = \(last);
      DELETE FROM checkpoint;
      """)
    try Forger(forged.path, ledgerID: forged.ledgerID).rechain()
    try await forged.expect(holds: true, keys: [])
    try database.execute("UPDATE event SET body = x'0000' WHERE position = \(last - 1)")
    try await forged.expect(holds: false, at: [.bodies], keys: [])
  }

  @Test("a checkpoint of another incarnation does not fit, whatever its root")
  func otherIncarnation() async throws {
    let forged = try await Forged()
    for size in [3, forged.size] {
      for incarnation in [1, 2] {
        let note = try forged.checkpoint(size: size, incarnation: incarnation)
          .signed(by: forged.signing).encoded
        try await forged.expect(holds: incarnation == 1, keys: [forged.key], anchor: note)
      }
    }
  }

  @Test("a key that the ledger declares is believed above its position, and only without another")
  func declaredKeys() async throws {
    let forged = try await Forged()
    let other = Self.signer(7)
    try forged.append(.keyCreated(.init(signing: other.publicKey)))
    let size = forged.size + 1
    try forged.keep(try forged.note(size: size, by: other).encoded, size: size)
    try await forged.expect(holds: true, keys: [])
    try await forged.expect(holds: false, keys: [forged.key])
    try forged.keep(try forged.note(size: size - 1, by: other).encoded, size: size - 1)
    try await forged.expect(holds: false, keys: [])
    // The first one goes on to be believed.
    try forged.keep(try forged.note(size: size, by: forged.signing).encoded, size: size)
    try await forged.expect(holds: true, keys: [])
  }

  @Test("without a checkpoint a given key vouches for nothing, and none is missed without one")
  func noCheckpoint() async throws {
    let forged = try await Forged()
    try RawDatabase(forged.path).execute("DELETE FROM checkpoint")
    try await forged.expect(holds: true, keys: [])
    try await forged.expect(holds: false, keys: [forged.key])
  }

  @Test("each signature line has its form, whoever signed")
  func signatureLines() async throws {
    let forged = try await Forged()
    let note = try forged.note(size: forged.size, by: forged.signing).encoded
    for (line, holds) in [
      ("— somebody AAAAAAA=\n", true), ("— any/body?x=é AAAAAAAA\n", true),
      ("— some\u{7f}body AAAAAAA=\n", false), ("— some\u{9f}body AAAAAAA=\n", false),
      ("— some\u{85}body AAAAAAA=\n", false), ("— some+body AAAAAAA=\n", false),
      ("— some\u{a0}body AAAAAAA=\n", false), ("— somebody AAAAAA==\n", false),
      ("— somebody AAAAAAB=\n", false), ("— somebody AAAAAAA\n", false),
      ("—  AAAAAAA=\n", false), ("- somebody AAAAAAA=\n", false), ("— somebody AAAAAAA=", false),
    ] {
      try forged.keep(note + line, size: forged.size)
      try await forged.expect(holds: holds, keys: [forged.key])
    }
  }

  @Test("a given witness vouches for its own line, and for no ledger")
  func witnesses() async throws {
    let forged = try await Forged()
    let note = try forged.note(size: forged.size, by: forged.signing)
    let witness = VerifierKey(
      name: "witness.example", algorithm: .cosignature, publicKey: Self.signer(8).publicKey)
    func line(_ text: String) -> String {
      Cosignature.sign(text, name: witness.name, time: 1, key: Self.signer(8)).line
    }
    try forged.keep(note.encoded + line(note.text), size: forged.size)
    try await forged.expect(holds: true, keys: [forged.key, witness])
    try await forged.expect(holds: false, keys: [witness])
    try forged.keep(note.encoded + line("another"), size: forged.size)
    try await forged.expect(holds: true, keys: [forged.key])
    try await forged.expect(holds: false, keys: [forged.key, witness])
  }

  // MARK: - Evidence

  private static func expect(
    _ text: String, holds: Bool, _ key: VerifierKey, in folder: String, receipt: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let (path, receipts) = ("\(folder)/file", "\(folder)/receipt")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    try receipt?.write(toFile: receipts, atomically: true, encoding: .utf8)
    var answer = false
    do {
      let receipt = try receipt.map { try Receipt(json: Array($0.utf8)) }
      let file = try #require(try EvidenceFile.open(path))
      answer = try Store.verify(evidence: file, keys: [key], receipts: receipt.map { [$0] } ?? [])
        .holds
    } catch is CustodyError {}
    #expect(answer == holds, sourceLocation: sourceLocation)
    guard PageVerifier.isThere else { return }
    let page = try await PageVerifier.ask(
      [path, "--vkey", "\(key)"] + (receipt == nil ? [] : ["--receipt", receipts]))
    #expect(page.holds == holds, "the page: \(page)", sourceLocation: sourceLocation)
  }

  @Test("a range's times are numbers of 64 bits, and a blank line ends its head")
  func ranges() async throws {
    let temporary = try await SmallStore.make()
    let store = try temporary.open(for: .reading)
    let key = try store.verifierKey
    let path = "\(temporary.folder)/range"
    func export(_ filter: EventFilter) throws -> String {
      _ = try store.evidence.exportEvents(filter, to: path, replacing: true)
      return try String(contentsOfFile: path, encoding: .utf8)
    }
    let all = try export(EventFilter(since: Timestamp(microseconds: 0)))
    for (time, holds) in [
      ("0", true), ("-1", true), ("-9223372036854775808", true), ("-0", false), ("+0", false),
      ("00", false), ("-01", false), ("", false), ("-", false), ("-9223372036854775809", false),
      ("9223372036854775808", false), ("9223372036854775807", true),
    ] {
      try await Self.expect(
        all.replacing("\nsince 0\n", with: "\nsince \(time)\n"), holds: holds, key,
        in: temporary.folder)
    }
    let empty = try export(EventFilter(from: Position(3), to: Position(3)))
    #expect(empty.hasSuffix("=\n\n"))
    try await Self.expect(empty, holds: true, key, in: temporary.folder)
    try await Self.expect(String(empty.dropLast()), holds: false, key, in: temporary.folder)
    try await Self.expect(empty + "\n", holds: false, key, in: temporary.folder)
  }

  @Test("a receipt is of the event whose every number it names, written as it was given")
  func receipts() async throws {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    let receipt = try await store.append(NewEvent(stream: "a", type: "b.c", content: [1]))
    _ = try await store.checkpoint()
    let (key, proof) = (try store.verifierKey, try store.evidence.proof(for: receipt))
    let (id, ledger, leaf) = (
      "\(receipt.eventID)", "\(receipt.ledgerID)", "\(receipt.leaf)"
    )
    for (text, holds) in [
      (receipt.json, true),
      (receipt.json.dropLast() + #","note":"kept"}"#, true),
      (receipt.json.replacing(#""revision":0"#, with: #""revision":1"#), false),
      (receipt.json.replacing(id, with: id.uppercased()), false),
      (receipt.json.replacing(id, with: id.replacing("-", with: "")), false),
      (receipt.json.replacing(ledger, with: ledger.uppercased()), false),
      (receipt.json.replacing(leaf, with: leaf.uppercased()), false),
      (receipt.json.replacing(id, with: "\(EventID([UInt8](repeating: 1, count: 16))!)"), false),
    ] {
      try await Self.expect(
        proof, holds: holds, key, in: temporary.folder, receipt: String(text) + "\n")
      if !holds {
        #expect(throws: CustodyError.self, "\(text)") {
          _ = try store.evidence.proof(for: Receipt(json: Array(text.utf8)))
        }
      }
    }
    try await store.close()
  }

  // MARK: - Headers without bodies

  /// What a ledger's owner could sign although the format forbids it.
  private struct Odd: CustomTestStringConvertible {
    let testDescription: String
    /// Which header, and whether it shows the oddity by itself.
    let position: Int
    var isAlone = false
    let change: @Sendable (inout Part) -> Void

    /// A header in parts, before it has its place in the chain.
    struct Part {
      var id: UInt8
      var stream = "s"
      var type = "a.b"
      var version: UInt16 = 1
      var keys = [KeyID([UInt8](repeating: 1, count: 16))!]
      var time: Int64 = 0
      var revision: Int
      var previous: Leaf?

      mutating func beOwn(_ type: String, _ revision: Int) {
        (self.type, stream, keys, self.revision) = (type, "ledger", [], revision)
      }
    }
  }

  private static let oddities: [Odd] = [
    Odd(testDescription: "nothing", position: 0) { _ in },
    Odd(testDescription: "an id of another", position: 4) { $0.id = 2 },
    Odd(testDescription: "a revision left out", position: 4) { $0.revision += 1 },
    Odd(testDescription: "a revision again", position: 4) { $0.revision -= 1 },
    Odd(testDescription: "a time before", position: 4) { $0.time = -1 },
    Odd(testDescription: "another at position 0", position: 0, isAlone: true) {
      $0.beOwn("key.created", 0)
    },
    Odd(testDescription: "a beginning later on", position: 4, isAlone: true) {
      $0.beOwn("ledger.created", 1)
    },
    Odd(testDescription: "a type of no event", position: 4, isAlone: true) {
      $0.beOwn("ledger.other", 1)
    },
    Odd(testDescription: "another version", position: 4, isAlone: true) {
      $0.beOwn("ledger.purged", 1)
      $0.version = 2
    },
    Odd(testDescription: "another stream", position: 4, isAlone: true) {
      ($0.type, $0.keys) = ("ledger.purged", [])
    },
    Odd(testDescription: "no keys", position: 4, isAlone: true) { $0.keys = [] },
    Odd(testDescription: "keys on one of the library's", position: 4, isAlone: true) {
      ($0.type, $0.stream, $0.revision) = ("key.created", "ledger", 1)
    },
    Odd(testDescription: "a leaf before the first", position: 0, isAlone: true) {
      $0.previous = Leaf([UInt8](repeating: 1, count: 32))
    },
    Odd(testDescription: "a time stamp of any version", position: 4) {
      $0.beOwn("checkpoint.timestamped", 1)
      $0.version = 7
    },
  ]

  @Test("headers are held to the format without their bodies too", arguments: oddities)
  private func headers(odd: Odd) async throws {
    let temporary = try TemporaryStore()
    let (ledgerID, signing) = (LedgerID([UInt8](repeating: 5, count: 16))!, Self.signer(5))
    let origin = Origin(organization: "example.org", ledgerID: ledgerID, incarnation: 1)
    let key = VerifierKey(
      name: origin.description, algorithm: .ed25519, publicKey: signing.publicKey)
    var headers: [Header] = []
    for position in 0..<5 {
      var part = Odd.Part(id: UInt8(position + 1), revision: position - 1)
      if position == 0 { part.beOwn("ledger.created", 0) }
      if position == odd.position { odd.change(&part) }
      let claim = try Claim(
        ledgerID: ledgerID, eventID: EventID([UInt8](repeating: part.id, count: 16))!,
        occurredAt: Timestamp(microseconds: 0), stream: Name(part.stream), type: Name(part.type),
        typeVersion: part.version, actor: Name("a"), keyIDs: part.keys,
        nonce: part.keys.isEmpty ? Nonce() : Nonce([UInt8](repeating: 1, count: 24))!)
      headers.append(
        Header(
          claim: claim,
          seal: Seal(bodyLength: 1, bodyHash: Digest(), commitment: Digest()),
          place: Place(
            position: Position(position),
            previousLeaf: part.previous ?? headers.last?.leaf ?? Leaf(),
            recordedAt: Timestamp(microseconds: part.time), revision: Revision(part.revision))))
    }
    let reader = TreeReader(LeafList(leaves: headers.map(\.leaf)))
    let note = Checkpoint(origin: origin, size: 5, root: reader.root(size: 5)).signed(by: signing)
      .encoded
    let holds = ["nothing", "a time stamp of any version"].contains(odd.testDescription)
    let range = EventRangeFile(range: 0..<5, since: nil, until: nil, hashes: [], checkpoint: note)
    try await Self.expect(
      range.encoded + headers.map(EventRangeFile.line).joined(), holds: holds, key,
      in: temporary.folder)
    let proof = ProofFile(
      header: headers[odd.position], index: odd.position,
      path: reader.inclusionPath(index: odd.position, size: 5), checkpoint: note)
    try await Self.expect(proof.encoded, holds: !odd.isAlone, key, in: temporary.folder)
    try await Self.expectTiles(headers, note, holds: holds, key, in: temporary.folder)
  }

  private static func expectTiles(
    _ headers: [Header], _ note: String, holds: Bool, _ key: VerifierKey, in folder: String
  ) async throws {
    let folder = "\(folder)/tiles"
    let bundle = headers.map(\.bytes).flatMap {
      [UInt8($0.count >> 8), UInt8($0.count & 255)] + $0
    }
    for (name, bytes) in [
      ("checkpoint", Array(note.utf8)), ("tile/0/000.p/5", headers.flatMap(\.leaf.bytes)),
      ("tile/entries/000.p/5", bundle),
    ] {
      let file = URL(fileURLWithPath: "\(folder)/\(name)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    }
    let file = try #require(try EvidenceFile.open(folder))
    #expect(try Store.verify(evidence: file, keys: [key]).holds == holds)
    guard PageVerifier.isThere else { return }
    let page = try await PageVerifier.ask([folder, "--vkey", "\(key)"])
    #expect(page.holds == holds, "the page: \(page)")
  }
}

/// A tree of leaves in memory.
private struct LeafList: SubtreeSource {
  let leaves: [Leaf]

  func subtree(level: Int, place: Int) throws(Never) -> Digest {
    var tree = TreeFrontier()
    for leaf in leaves[place << level..<(place + 1) << level] { tree.append(leaf, using: SHA256()) }
    return tree.root(using: SHA256())
  }
}
