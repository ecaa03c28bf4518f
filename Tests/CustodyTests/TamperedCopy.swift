import Custody
import CustodyStore
import CustodyTesting
import Foundation

/// A copy of the sample ledger in a folder of its own, to be tampered with.
struct TamperedCopy {
  let sample: SampleLedger
  let folder: TemporaryStore
  var path: String { "\(folder.folder)/copy.sqlite" }

  init() async throws {
    sample = try await SampleLedger.shared.value
    folder = try TemporaryStore()
    try sample.write(to: path)
  }

  func execute(_ sql: String) throws { try RawDatabase(path).execute(sql) }

  var forger: Forger { get throws { try Forger(path, ledgerID: sample.ledgerID) } }

  /// The newest anchor, as a file.
  func anchorFile() throws -> String {
    let path = "\(folder.folder)/anchor"
    try sample.anchor.write(toFile: path, atomically: false, encoding: .utf8)
    return path
  }

  /// Makes everything fit what the rows say now, and signs it as the owner would.
  func sign() throws {
    try forger.rechain()
    try forger.sign(as: sample.origin, by: sample.signingKey)
  }

  func verify(
    _ level: VerificationLevel = .bodies, anchors: [(name: String, note: String)] = []
  ) async throws -> VerificationReport {
    guard level >= .contents else {
      return try await Store.verify(
        file: path, level: level, keys: [sample.verifierKey], anchors: anchors)
    }
    var verification = LedgerVerification(path: path, level: level)
    verification.verifierKeys = [sample.verifierKey]
    verification.claims = anchors.compactMap { RootClaim(anchor: $0.note, source: $0.name) }
    verification.dataKeys = { [dataKeys = sample.dataKeys] in dataKeys[$0] }
    return try await withCheckedThrowingContinuation { [verification] continuation in
      // Not on a thread that other tests wait for.
      Thread.detachNewThread { continuation.resume(with: Result { try verification.run() }) }
    }
  }
}

extension VerificationReport {
  /// The first event that a finding is about; those about a whole range, or about a note over it,
  /// are about none.
  var firstEvent: Int? {
    let others: Set<Finding.Rule> = [
      .tileMismatch, .checkpointMalformed, .checkpointSignature, .checkpointMismatch,
    ]
    return findings.filter { !others.contains($0.rule) }
      .compactMap(\.position?.value).min()
  }
}

extension [UInt8] {
  /// The same bytes with one bit of one of them changed.
  func flipped(at index: Int) -> [UInt8] {
    var bytes = self
    if bytes.indices.contains(index) { bytes[index] ^= 1 }
    return bytes
  }
}
