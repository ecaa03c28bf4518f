import CustodyLedger
import Foundation

/// What is kept outside the store: the signer's last state and the newest checkpoint.
///
/// A store copied back from an old backup does not bring it along. Updated under a lock of its
/// own, because two copies of a store may meet at one guard.
package struct Guard: Sendable {
  package let folder: String

  package init(folder: String) { self.folder = folder }

  private var statePath: String { "\(folder)/\(SignerState.fileName)" }
  private var checkpointPath: String { "\(folder)/checkpoint" }

  /// Where the guard of a ledger is unless `init --guard` says otherwise.
  package static func defaultFolder(
    _ ledgerID: LedgerID, environment: [String: String]
  ) -> String {
    let state =
      environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? "\(environment["HOME"] ?? NSHomeDirectory())/.local/state"
    return "\(state)/custody/\(ledgerID.uuid)"
  }

  /// Whether a file of this name is the guard's own.
  package static func owns(_ name: String) -> Bool {
    [SignerState.fileName, "checkpoint", "lock"].contains { name == $0 || name.hasPrefix("\($0).") }
  }

  /// Whether the folder guards a store already.
  package var isUsed: Bool { FileIO.exists(statePath) }

  package func state() throws -> SignerState? { try SignerState.read(statePath) }

  package func checkpoint() throws -> String? {
    try FileIO.readIfPresent(checkpointPath).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Records what is about to be signed; durable when this returns.
  ///
  /// - Parameter seen: the state that `state` was found to extend.
  /// - Throws: ``CustodyError/Code/needsRecovery`` when another copy of the store came in between.
  package func update(_ state: SignerState, after seen: SignerState?) throws {
    try FileLock(path: "\(folder)/lock").withLock {
      if let known = try self.state(), known != seen || known.isAhead(of: state) {
        throw CustodyError(
          .needsRecovery,
          "The guard in \(folder) has seen \(known.size) events, this store has \(state.size): it "
            + "is an older copy, or another copy of it was used. Use the newest one.")
      }
      try state.write(statePath)
    }
  }

  /// Puts another state in the place of what is there, damaged or not: a new life begins.
  func begin(_ state: SignerState) throws {
    try FileLock(path: "\(folder)/lock").withLock { try state.write(statePath) }
  }

  /// Keeps the newest checkpoint; evidence, not state, so it need not be durable at once.
  package func keep(_ note: String) throws {
    try FileLock(path: "\(folder)/lock").withLock {
      try FileIO.replace(checkpointPath, with: Array(note.utf8), mode: 0o600, isDurable: false)
    }
  }
}
