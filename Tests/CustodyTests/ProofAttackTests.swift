import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

/// A proof of one event, and what is wrong with it; nil for what is right.
struct ForgedProof: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let error: ProofFileError?
  let text: @Sendable (ProofBench) throws -> String

  init(
    _ name: String, _ error: ProofFileError?,
    text: @escaping @Sendable (ProofBench) throws -> String
  ) {
    testDescription = name
    self.error = error
    self.text = text
  }
}

/// What proofs are made from: the headers of the sample, and its signing key.
struct ProofBench: Sendable {
  let sample: SampleLedger
  let headers: [Header]
  static let position = 9

  init(_ copy: TamperedCopy) throws {
    sample = copy.sample
    let database = try RawDatabase(copy.path)
    headers = try LedgerReader(database.handle)
      .events(EventFilter(), ledgerID: copy.sample.ledgerID, limit: .max).map(\.header)
  }

  /// The way from an event to the root of the first `size`, and that root.
  func path(size: Int) -> (path: [Digest], root: Digest) {
    let leaves = headers.prefix(size).map(\.leaf)
    guard Self.position < size else { return ([], TreeFrontier.root(over: leaves)) }
    return (
      TreeReader(ProofLeaves(leaves: leaves)).inclusionPath(index: Self.position, size: size),
      TreeFrontier.root(over: leaves)
    )
  }

  /// A proof of event 9, in each of its parts as asked.
  func proof(
    index: Int = position, size: Int, path: [Digest]? = nil, root: Digest? = nil
  ) -> String {
    let honest = self.path(size: size)
    let note = Checkpoint(origin: sample.origin, size: size, root: root ?? honest.root)
      .signed(by: sample.signingKey).encoded
    return ProofFile(
      header: headers[Self.position], index: index, path: path ?? honest.path, checkpoint: note
    ).encoded
  }
}

struct ProofLeaves: SubtreeSource {
  let leaves: [Digest]
  func subtree(level: Int, place: Int) throws(Never) -> Digest {
    TreeFrontier.root(over: leaves[place << level..<(place + 1) << level])
  }
}

@Suite("Proofs that cannot be are refused, whoever signed their checkpoint")
struct ProofAttackTests {
  static let proofs: [ForgedProof] = [
    ForgedProof("an honest one", nil) { $0.proof(size: 20) },
    ForgedProof("an honest one of the newest event", nil) { $0.proof(size: 10) },
    ForgedProof("an index that is the size", .notIncluded) { $0.proof(size: 9) },
    ForgedProof("an index above the size", .notIncluded) { $0.proof(size: 3) },
    ForgedProof("an index above the size, with the way of a larger tree", .notIncluded) {
      $0.proof(size: 3, path: $0.path(size: 20).path, root: $0.path(size: 20).root)
    },
    ForgedProof("of no event", .notIncluded) { $0.proof(size: 0) },
    ForgedProof("of no event, whose root is the event", .notIncluded) {
      $0.proof(size: 0, root: $0.headers[ProofBench.position].leaf)
    },
    ForgedProof("a hash too many at the root", .notIncluded) {
      $0.proof(size: 20, path: $0.path(size: 20).path + [Digest()])
    },
    ForgedProof("a hash too many at the leaf", .notIncluded) {
      $0.proof(size: 20, path: [Digest()] + $0.path(size: 20).path)
    },
    ForgedProof("a hash too many, which the root has in it", .notIncluded) { bench in
      let (path, root) = bench.path(size: 20)
      return bench.proof(
        size: 20, path: path + [root], root: SHA256.hash([1] + root.bytes + root.bytes))
    },
    ForgedProof("a hash too few", .notIncluded) {
      $0.proof(size: 20, path: $0.path(size: 20).path.dropLast())
    },
    ForgedProof("no hash", .notIncluded) { $0.proof(size: 20, path: []) },
    ForgedProof("63 hashes", .notIncluded) { $0.proof(size: 20, path: many(63)) },
    ForgedProof("64 hashes", .hash) { $0.proof(size: 20, path: many(64)) },
    ForgedProof("another index than its event's", .anotherEvent) { $0.proof(index: 8, size: 20) },
    ForgedProof("another size with the same root", .notIncluded) {
      $0.proof(size: 264, path: $0.path(size: 20).path, root: $0.path(size: 20).root)
    },
  ]

  private static func many(_ count: Int) -> [Digest] { Array(repeating: Digest(), count: count) }

  @Test("of inclusion", arguments: proofs)
  func inclusion(forged: ForgedProof) async throws {
    let copy = try await TamperedCopy()
    let bench = try ProofBench(copy)
    let text = try forged.text(bench)
    var found: ProofFileError?
    do {
      _ = try ProofFile(parsing: text).verify(keys: [bench.sample.verifierKey])
    } catch {
      found = error
    }
    #expect(found == forged.error)
    try await Self.expectPage(holds: forged.error == nil, text, copy)
  }

  static let sizes: [(old: Int, new: Int, extra: Int, holds: Bool)] = [
    (9, 20, 0, true), (20, 20, 0, true), (9, 20, 1, false), (9, 20, -1, false), (20, 20, 1, false),
    (20, 9, 0, false), (9, 0, 0, false), (0, 20, 1, false), (9, 20, 60, false), (9, 20, 64, false),
  ]

  @Test("of consistency", arguments: sizes)
  func consistency(old: Int, new: Int, extra: Int, holds: Bool) async throws {
    let copy = try await TamperedCopy()
    let bench = try ProofBench(copy)
    func note(_ size: Int) -> String {
      Checkpoint(origin: bench.sample.origin, size: size, root: bench.path(size: size).root)
        .signed(by: bench.sample.signingKey).encoded
    }
    let leaves = ProofLeaves(leaves: bench.headers.map(\.leaf))
    var path =
      0 < old && old <= new ? TreeReader(leaves).consistencyPath(old: old, new: new) : []
    path = extra < 0 ? path.dropLast() : path + Self.many(extra)
    let text = ConsistencyFile(old: old, path: path, checkpoint: note(new)).encoded
    let file = "\(copy.folder.folder)/file"
    try text.write(toFile: file, atomically: false, encoding: .utf8)
    let report = try Store.verify(
      evidence: try #require(try EvidenceFile.open(file)), keys: [bench.sample.verifierKey],
      anchors: [("older", note(old))])
    #expect(report.holds == holds, "\(report.steps)")
    let anchor = "\(copy.folder.folder)/anchor"
    try note(old).write(toFile: anchor, atomically: false, encoding: .utf8)
    try await Self.expectPage(holds: holds, text, copy, anchor: anchor)
  }

  private static func expectPage(
    holds: Bool, _ text: String, _ copy: TamperedCopy, anchor: String? = nil
  ) async throws {
    guard PageVerifier.isThere else { return }
    let file = "\(copy.folder.folder)/evidence"
    try text.write(toFile: file, atomically: false, encoding: .utf8)
    let answer = try await PageVerifier.ask(
      [file, "--vkey", "\(copy.sample.verifierKey)"] + (anchor.map { ["--anchor", $0] } ?? []))
    #expect(answer.holds == holds, "\(answer)")
  }
}
