import CustodyLedger
import Testing

@Suite("Notes, checkpoints and proofs as text")
struct NoteTests {
  static let ledgerID = LedgerID([UInt8](repeating: 0x1c, count: 16))!
  static let key = SigningKey(seed: secret([UInt8](repeating: 3, count: 32)))
  static let otherKey = SigningKey(seed: secret([UInt8](repeating: 4, count: 32)))
  static let origin = Origin(organization: "example.net", ledgerID: ledgerID, incarnation: 2)

  static func verifier(
    _ key: SigningKey = key, incarnation: Int = 2, organization: String = "example.net"
  ) -> VerifierKey {
    let origin = Origin(
      organization: organization, ledgerID: ledgerID, incarnation: incarnation)
    return VerifierKey(name: origin.description, algorithm: .ed25519, publicKey: key.publicKey)
  }

  static let checkpoint = Checkpoint(
    origin: origin, size: 5, root: Digest([UInt8](repeating: 0xab, count: 32))!)
  static let note = checkpoint.signed(by: key).encoded

  private func fault(_ text: String, keys: [VerifierKey] = [verifier()]) -> SignedCheckpointError? {
    do {
      _ = try SignedCheckpoint(verifying: text, keys: keys)
      return nil
    } catch {
      return error
    }
  }

  // MARK: Notes

  @Test("a signed checkpoint is read, verified and written back")
  func roundTrip() throws {
    let signed = try SignedCheckpoint(verifying: Self.note, keys: [Self.verifier()])
    #expect(signed.checkpoint == Self.checkpoint)
    #expect(signed.note.encoded == Self.note)
    #expect(signed.note.text == Self.checkpoint.text)
    #expect(signed.note.signatures.map(\.name) == [Self.origin.description])
  }

  @Test("any changed, missing or added byte of a note is refused")
  func changedBytes() {
    let bytes = Array(Self.note.utf8)
    for at in bytes.indices {
      for mask in [1, 2, 4, 8, 16, 32, 64] as [UInt8] {
        let changed = String(decoding: bytes.flipping(at, by: mask), as: UTF8.self)
        #expect(fault(changed) != nil, "byte \(at), mask \(mask)")
      }
      var changed = bytes
      changed.remove(at: at)
      #expect(fault(String(decoding: changed, as: UTF8.self)) != nil, "without byte \(at)")
      for byte in [0x0a, 0x20, 0x30, 0x3d, 0x41] as [UInt8] {
        changed = bytes
        changed.insert(byte, at: at)
        #expect(fault(String(decoding: changed, as: UTF8.self)) != nil, "byte \(at) added")
      }
    }
    for end in ["\n", " ", "x", "\u{2014} x\n"] { #expect(fault(Self.note + end) != nil) }
  }

  @Test("lines of unknown keys are kept, in their order")
  func unknownLines() throws {
    let stranger = "\u{2014} stranger.example AAECAwQ=\n"
    let sameName = "\u{2014} \(Self.origin) AAAAAAAA\n"
    let lines = Self.note.split(separator: "\n\n")
    let mixed = "\(lines[0])\n\n\(stranger)\(lines[1])\(sameName)"
    let signed = try SignedCheckpoint(verifying: mixed, keys: [Self.verifier()])
    #expect(signed.note.encoded == mixed)
    #expect(signed.note.signatures.count == 3)
    #expect(signed.note.signatures[0].line == stranger)
    #expect(fault("\(lines[0])\n\n\(stranger)") == .notSigned)
    #expect(fault("\(lines[0])\n\n\(sameName)") == .notSigned)
  }

  @Test("a line by a known key that does not verify rejects the note, whatever else it holds")
  func wrongLine() {
    let other = Checkpoint(origin: Self.origin, size: 6, root: Self.checkpoint.root)
    let wrong = other.signed(by: Self.key).signatures[0].line
    #expect(fault("\(Self.checkpoint.text)\n\(wrong)") == .wrongSignature)
    #expect(fault(Self.note + wrong) == .wrongSignature)
    #expect(fault(Self.note + Self.note.split(separator: "\n\n")[1]) == nil, "twice is no fault")
  }

  @Test("a note has at most 100 lines and a mebibyte")
  func limits() {
    let line = "\u{2014} stranger.example AAECAwQ=\n"
    #expect(fault(Self.note + String(repeating: line, count: 99)) == nil)
    #expect(
      fault(Self.note + String(repeating: line, count: 100)) == .note(.tooManySignatures))
    #expect(
      fault(Self.note + String(repeating: line, count: 40_000)) == .note(.tooLong))
  }

  @Test(
    "these are no notes",
    arguments: [
      ("", .noSignatures), ("\n", .noSignatures), ("\n\n", .noSignatures),
      ("text\n", .noSignatures), ("text\n\n", .noSignatures),
      ("text\n\n\u{2014} a AAECAwQ=", .malformedSignature),
      ("text\n\n- a AAECAwQ=\n", .malformedSignature),
      ("text\n\n\u{2014}  AAECAwQ=\n", .malformedSignature),
      ("text\n\n\u{2014} a b AAECAwQ=\n", .malformedSignature),
      ("text\n\n\u{2014} a+b AAECAwQ=\n", .malformedSignature),
      ("text\n\n\u{2014} a\u{a0}b AAECAwQ=\n", .malformedSignature),
      ("text\n\n\u{2014} a AAECAw==\n", .malformedSignature),
      ("text\n\n\u{2014} a AAECAwR=\n", .malformedSignature),
      ("text\n\n\u{2014} a AAECAwQ=\n\u{2014} b\n", .malformedSignature),
      ("te\txt\n\n\u{2014} a AAECAwQ=\n", .controlCharacter),
      ("text\r\n\r\n\u{2014} a AAECAwQ=\r\n", .controlCharacter),
      ("\n\n\u{2014} a AAECAwQ=\n", .emptyText),
    ] as [(String, NoteError)])
  func noNotes(text: String, error: NoteError) {
    #expect(throws: error) { try SignedNote(parsing: text) }
  }

  @Test("the last blank line divides a note")
  func lastBlankLine() throws {
    let note = try SignedNote(parsing: "a\n\nb\n\n\u{2014} c AAECAwQ=\n")
    #expect(note.text == "a\n\nb\n" && note.signatures.count == 1)
    #expect(note.signatures[0].keyID == 0x00010203 && note.signatures[0].bytes == [4])
  }

  // MARK: Checkpoints

  @Test(
    "these are no checkpoints",
    arguments: [
      ("", .malformed), ("\n", .malformed), ("a\n5\n", .malformed), ("a\n5\nb", .malformed),
      ("ORIGIN\n5\nROOT\nmore\n", .extensionLines), ("ORIGIN\n5\nROOT\n\n", .extensionLines),
      ("example.net\n5\nROOT\n", .origin), ("\n5\nROOT\n", .origin),
      ("ORIGIN\n\nROOT\n", .size), ("ORIGIN\n+5\nROOT\n", .size), ("ORIGIN\n05\nROOT\n", .size),
      ("ORIGIN\n-5\nROOT\n", .size), ("ORIGIN\n5 \nROOT\n", .size),
      ("ORIGIN\n9223372036854775808\nROOT\n", .size), ("ORIGIN\n5\n\n", .root),
      ("ORIGIN\n5\nqqqq\n", .root), ("ORIGIN\n5\n ROOT\n", .root),
    ] as [(String, CheckpointError)])
  func noCheckpoints(text: String, error: CheckpointError) {
    let text = text.split(separator: "ORIGIN", omittingEmptySubsequences: false)
      .joined(separator: Self.origin.description)
      .split(separator: "ROOT", omittingEmptySubsequences: false)
      .joined(separator: Base64.encode(Self.checkpoint.root.bytes))
    #expect(throws: error) { try Checkpoint(text: text) }
  }

  @Test("a key given for one incarnation is trusted for its public key under every other")
  func incarnations() {
    #expect(fault(Self.note, keys: [Self.verifier(incarnation: 1)]) == nil)
    #expect(fault(Self.note, keys: [Self.verifier(incarnation: 7)]) == nil)
    #expect(fault(Self.note, keys: [Self.verifier(Self.otherKey)]) == .notSigned)
    #expect(fault(Self.note, keys: [Self.verifier(Self.otherKey), Self.verifier()]) == nil)
  }

  @Test("a key of another ledger, organization or use is not trusted")
  func otherLedgers() {
    #expect(fault(Self.note, keys: []) == .unknownLedger(Self.origin))
    #expect(
      fault(Self.note, keys: [Self.verifier(organization: "example.com")])
        == .unknownLedger(Self.origin))
    let cosigner = VerifierKey(
      name: Self.origin.description, algorithm: .cosignature, publicKey: Self.key.publicKey)
    #expect(fault(Self.note, keys: [cosigner]) == .unknownLedger(Self.origin))
    let named = VerifierKey(name: "log", algorithm: .ed25519, publicKey: Self.key.publicKey)
    #expect(fault(Self.note, keys: [named]) == .unknownLedger(Self.origin))
    let foreign = Origin(
      organization: "example.net", ledgerID: Self.ledgerID.flipping(3), incarnation: 2)
    let key = VerifierKey(
      name: foreign.description, algorithm: .ed25519, publicKey: Self.key.publicKey)
    #expect(fault(Self.note, keys: [key]) == .unknownLedger(Self.origin))
  }

  @Test(
    "origins",
    arguments: [
      ("a/0191b6f0-0000-7000-8000-00000000c0de/1", true),
      ("a/b/0191b6f0-0000-7000-8000-00000000c0de/12", true),
      ("a/0191B6F0-0000-7000-8000-00000000C0DE/1", false),
      ("a/0191b6f000007000800000000000c0de/1", false),
      ("a/0191b6f0-0000-7000-8000-00000000c0de/0", false),
      ("a/0191b6f0-0000-7000-8000-00000000c0de/01", false),
      ("a/0191b6f0-0000-7000-8000-00000000c0de/", false),
      ("a/0191b6f0-0000-7000-8000-00000000c0de", false),
      ("/0191b6f0-0000-7000-8000-00000000c0de/1", false),
      ("0191b6f0-0000-7000-8000-00000000c0de/1", false),
      ("a/0191b6f0-0000-7000-8000-00000000c0de/1/", false),
      ("a b/0191b6f0-0000-7000-8000-00000000c0de/1", false),
    ])
  func origins(text: String, isOrigin: Bool) {
    #expect((Origin(text) != nil) == isOrigin)
    if let origin = Origin(text) { #expect(origin.description == text) }
  }

  // MARK: Keys and cosignatures

  @Test("a verifier key is read and written back, and no changed byte of it is accepted")
  func verifierKeys() throws {
    let text = Self.verifier().description
    #expect(try VerifierKey(text) == Self.verifier())
    let bytes = Array(text.utf8)
    for at in bytes.indices {
      for mask in [1, 2, 4, 8, 16, 64] as [UInt8] {
        let changed = String(decoding: bytes.flipping(at, by: mask), as: UTF8.self)
        guard let key = try? VerifierKey(changed) else { continue }
        Issue.record("\(key)")
      }
    }
    #expect(throws: VerifierKeyError.malformed) { try VerifierKey("a+b") }
    #expect(throws: VerifierKeyError.wrongKeyID) {
      try VerifierKey(
        text.split(separator: "+")[0] + "+00000000+" + text.split(separator: "+", maxSplits: 2)[2])
    }
    #expect(throws: VerifierKeyError.unknownAlgorithm) {
      try VerifierKey("a+00000000+" + Base64.encode([2] + [UInt8](repeating: 0, count: 32)))
    }
    #expect(throws: VerifierKeyError.malformed) {
      try VerifierKey("a+00000000+" + Base64.encode([1] + [UInt8](repeating: 0, count: 31)))
    }
  }

  @Test("a witness's cosignature is found, and no changed byte of it verifies")
  func cosignatures() throws {
    let line = Cosignature.sign(
      Self.checkpoint.text, name: "witness.example", time: 1_767_225_600, key: Self.otherKey)
    let witness = VerifierKey(
      name: "witness.example", algorithm: .cosignature, publicKey: Self.otherKey.publicKey)
    func verified(_ text: String, _ witnesses: [VerifierKey]) throws -> [Cosignature]? {
      Cosignature.verified(on: try SignedNote(parsing: text), witnesses: witnesses)
    }
    let found = try #require(try verified(Self.note + line.line, [witness]))
    #expect(found.map(\.time) == [1_767_225_600])
    #expect(found.map(\.witness) == [witness])
    #expect(try verified(Self.note, [witness])?.isEmpty == true)
    #expect(try verified(Self.note + line.line, [])?.isEmpty == true)
    let log = VerifierKey(
      name: "witness.example", algorithm: .ed25519, publicKey: Self.otherKey.publicKey)
    #expect(try verified(Self.note + line.line, [log])?.isEmpty == true)
    for at in line.bytes.indices {
      let changed = SignedNote.Signature(
        name: line.name, keyID: line.keyID, bytes: line.bytes.flipping(at))
      #expect(try verified(Self.note + changed.line, [witness]) == nil, "byte \(at)")
    }
    let other = Checkpoint(origin: Self.origin, size: 6, root: Self.checkpoint.root)
    let elsewhere = other.signed(by: Self.key).encoded + line.line
    #expect(try verified(elsewhere, [witness]) == nil)
    // "It MUST NOT exceed 2^63 - 1."
    let late = Cosignature.sign(
      Self.checkpoint.text, name: "witness.example", time: 1 << 63, key: Self.otherKey)
    #expect(try verified(Self.note + late.line, [witness]) == nil)
  }

  // MARK: Proofs

  /// A ledger of seven events, of which the fourth is proved.
  private func proof(_ random: inout TestRandom) throws -> ProofFile {
    var leaves = (0..<7).map { _ in random.fixed(Digest.self) }
    let header = random.header(keyCount: 1)
    var claim = header.claim
    claim.ledgerID = Self.ledgerID
    let event = Header(
      claim: claim, seal: header.seal,
      place: Place(
        position: Position(3), previousLeaf: leaves[2], recordedAt: header.place.recordedAt,
        revision: Revision(0)))
    leaves[3] = event.leaf
    let checkpoint = Checkpoint(
      origin: Self.origin, size: 7, root: TreeFrontier.root(over: leaves))
    return ProofFile(
      header: event, index: 3,
      path: TreeReader(LeafSource(leaves: leaves)).inclusionPath(index: 3, size: 7),
      checkpoint: checkpoint.signed(by: Self.key).encoded)
  }

  private func fault(proof text: String) -> ProofFileError? {
    do {
      _ = try ProofFile(parsing: text).verify(keys: [Self.verifier()])
      return nil
    } catch {
      return error
    }
  }

  @Test("a proof is read, verified and written back")
  func proofs() throws {
    var random = TestRandom(seed: 1)
    let proof = try proof(&random)
    let read = try ProofFile(parsing: proof.encoded)
    #expect(read.header == proof.header && read.index == 3 && read.path == proof.path)
    #expect(read.encoded == proof.encoded)
    #expect(try read.verify(keys: [Self.verifier()]).checkpoint.size == 7)
  }

  @Test("any changed byte of a proof is refused")
  func changedProofs() throws {
    var random = TestRandom(seed: 2)
    let bytes = Array(try proof(&random).encoded.utf8)
    for at in bytes.indices {
      let changed = bytes.flipping(at, by: 1 << UInt8(at % 7))
      #expect(fault(proof: String(decoding: changed, as: UTF8.self)) != nil, "byte \(at)")
    }
  }

  @Test("each part of a proof has its own refusal")
  func brokenProofs() throws {
    var random = TestRandom(seed: 3)
    let proof = try proof(&random)
    let lines = proof.encoded.split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    func replacing(_ line: Int, _ text: String?) -> String {
      var lines = lines
      if let text { lines[line] = text } else { lines.remove(at: line) }
      return lines.joined(separator: "\n")
    }
    #expect(fault(proof: proof.encoded) == nil)
    #expect(fault(proof: "") == .notAProof)
    #expect(fault(proof: replacing(0, "c2sp.org/tlog-proof@v2")) == .notAProof)
    #expect(fault(proof: replacing(1, nil)) == .extra)
    #expect(fault(proof: replacing(1, "extra AAAA")) == .header(.truncated))
    #expect(fault(proof: replacing(1, "extra Q1VTVA=")) == .extra)
    #expect(fault(proof: replacing(2, "index 03")) == .index)
    #expect(fault(proof: replacing(2, "index 4")) == .anotherEvent)
    #expect(fault(proof: replacing(3, "AAAA")) == .hash)
    #expect(fault(proof: replacing(3, nil)) == .notIncluded)
    #expect(fault(proof: lines[..<6].joined(separator: "\n")) == .noCheckpoint)
    let many = Array(repeating: lines[3], count: 64).joined(separator: "\n")
    #expect(fault(proof: replacing(3, many)) == .hash)
    #expect(
      fault(proof: replacing(lines.count - 2, "\u{2014} x AAECAwQ=")) == .checkpoint(.notSigned))
    // An event of another ledger under this ledger's checkpoint.
    var claim = proof.header.claim
    claim.ledgerID = claim.ledgerID.flipping(0)
    let foreign = Header(claim: claim, seal: proof.header.seal, place: proof.header.place)
    #expect(
      fault(
        proof: ProofFile(
          header: foreign, index: 3, path: proof.path, checkpoint: proof.checkpoint
        ).encoded) == .anotherEvent)
  }

  @Test("a consistency proof is read and written back")
  func consistencyFiles() throws {
    var random = TestRandom(seed: 4)
    for count in [0, 1, 63] {
      let file = ConsistencyFile(
        old: count, path: (0..<count).map { _ in random.fixed() }, checkpoint: Self.note)
      #expect(ConsistencyFile(parsing: file.encoded) == file)
    }
    let hash = Base64.encode(random.bytes(32))
    for text in [
      "", "old", "old 1", "old 1\n", "old 1\n\(hash)\n", "old 01\n\n\(Self.note)",
      "old -1\n\n\(Self.note)", "Old 1\n\n\(Self.note)", "old  1\n\n\(Self.note)",
      "old 1\nAAAA\n\n\(Self.note)", "\nold 1\n\n\(Self.note)",
      "old 1\n" + String(repeating: hash + "\n", count: 64) + "\n\(Self.note)",
    ] {
      if let file = ConsistencyFile(parsing: text) {
        // Only a missing checkpoint is left to its own parser.
        #expect(file.checkpoint.isEmpty, "\(text)")
      }
    }
  }
}
