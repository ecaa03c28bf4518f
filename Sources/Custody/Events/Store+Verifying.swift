import CustodyStore
import Foundation

extension Store {
  /// Called with events checked so far and in all, from any thread.
  public typealias VerificationProgress = @Sendable (_ done: Int, _ total: Int) -> Void

  /// Verifies the ledger against itself, its checkpoints, anchors, the signer and the guard.
  ///
  /// - Parameters:
  ///   - level: how far; contents need the store opened with its secrets.
  ///   - keys: verifier keys to trust instead of the store's own.
  ///   - anchors: checkpoints kept elsewhere, as notes, with the names that findings use.
  ///   - progress: called as the work goes on.
  /// - Returns: what was found. Findings are values: this throws only when the file cannot be
  ///   read at all.
  ///
  /// Cost: reads and hashes everything up to the level, on all cores; memory grows by less than a
  /// byte an event.
  public func verify(
    level: VerificationLevel = .bodies, keys: [VerifierKey] = [],
    anchors: [(name: String, note: String)] = [], progress: VerificationProgress? = nil
  ) async throws -> VerificationReport {
    var verification = try folder.verification(level)
    if !keys.isEmpty { verification.verifierKeys = keys }
    try verification.add(anchors)
    verification.progress = progress
    var report = try await verification.runAside()
    if level >= .bodies { report.add(try folder.objectFindings(level)) }
    if level >= .contents { report.add(try await datasets.findings()) }
    if level >= .projections { report.add(try await projections.findings(progress)) }
    return report
  }

  /// Verifies a lone `ledger.sqlite`: a copy, an export, a file on read-only media.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - level: how far; contents cannot be opened from a lone file.
  ///   - keys: verifier keys that you got from someone you trust. Without one, the key that the
  ///     ledger itself declares is believed, and the report says so.
  ///   - anchors: checkpoints kept elsewhere, as notes, with the names that findings use.
  ///   - progress: called as the work goes on.
  /// - Returns: what was found; a file that is damaged is a finding as well.
  /// - Throws: `CustodyError` with `notFound` or `permission` when the file cannot be opened,
  ///   `invalidInput` for an anchor that is no checkpoint, `usage` for level contents.
  public static func verify(
    file path: String, level: VerificationLevel = .bodies, keys: [VerifierKey] = [],
    anchors: [(name: String, note: String)] = [], progress: VerificationProgress? = nil
  ) async throws -> VerificationReport {
    guard level < .contents else {
      throw CustodyError(
        .usage, "Level contents needs the keys: verify the store itself rather than a file.")
    }
    guard !FileIO.isFolder(path) else {
      throw CustodyError(
        .invalidInput,
        "\(path) is a folder. Verify a store with --store DIR, or name a ledger.sqlite.")
    }
    var verification = LedgerVerification(path: absolute(path), level: level)
    verification.verifierKeys = keys
    try verification.add(anchors)
    verification.progress = progress
    return try await verification.runAside()
  }
}

extension LedgerVerification {
  fileprivate mutating func add(_ anchors: [(name: String, note: String)]) throws {
    for anchor in anchors {
      guard let claim = RootClaim(anchor: anchor.note, source: "anchor \(anchor.name)") else {
        throw CustodyError(.invalidInput, "\(anchor.name) is not a checkpoint note.")
      }
      claims.append(claim)
    }
  }

  /// Runs on threads of its own, so that no task of the caller's is held up.
  fileprivate func runAside() async throws -> VerificationReport {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try run() }) }
    }
  }
}
