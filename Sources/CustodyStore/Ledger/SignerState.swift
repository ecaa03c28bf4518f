import CustodyLedger
import Foundation

/// What the signer signed last: kept beside the key, outside the ledger, and again in the guard.
///
/// A ledger restored from an old copy lacks what this names, and so cannot sign a second history.
package struct SignerState: Equatable, Sendable {
  package let incarnation: Int
  package let size: Int
  package let root: Digest

  package init(incarnation: Int, size: Int, root: Digest) {
    self.incarnation = incarnation
    self.size = size
    self.root = root
  }

  package init(_ checkpoint: Checkpoint) {
    self.init(
      incarnation: checkpoint.origin.incarnation, size: checkpoint.size, root: checkpoint.root)
  }

  package static let fileName = "signer.state"

  /// The state in a file, or nil when there is no file.
  package static func read(_ path: String) throws -> SignerState? {
    guard let bytes = try FileIO.readIfPresent(path) else { return nil }
    let parts = String(decoding: bytes, as: UTF8.self).split(
      separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 3, let incarnation = Decimal.parse(parts[0].utf8),
      let size = Decimal.parse(parts[1].utf8), parts[2].hasSuffix("\n"),
      let root = Digest(hex: parts[2].dropLast())
    else {
      throw CustodyError(
        .needsRecovery, "\(path) is damaged. The store is read-only until it is recovered.")
    }
    return SignerState(incarnation: incarnation, size: size, root: root)
  }

  /// Whether this names more than `other` does.
  func isAhead(of other: SignerState) -> Bool {
    incarnation > other.incarnation || incarnation == other.incarnation && size > other.size
  }

  package func write(_ path: String) throws {
    try FileIO.replace(path, with: Array("\(incarnation) \(size) \(root)\n".utf8), mode: 0o600)
  }
}
