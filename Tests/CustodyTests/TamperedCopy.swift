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

  func verify(
    _ level: VerificationLevel = .bodies, anchors: [(name: String, note: String)] = []
  ) async throws -> VerificationReport {
    try await Store.verify(
      file: path, level: level, keys: [sample.verifierKey], anchors: anchors)
  }
}

extension VerificationReport {
  /// The first event that a finding is about; those about a whole range name its first event.
  var firstEvent: Int? {
    findings.filter { $0.rule != .tileMismatch && $0.rule != .checkpointMismatch }
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
