/// What verification found.
public struct VerificationReport: Sendable {
  /// Findings that are kept; more are only counted.
  public static let findingCountMax = 1000

  /// How far the verification went.
  public internal(set) var level: VerificationLevel
  /// How many events were read.
  public internal(set) var eventCount = 0
  /// The tree root over them, nil when a leaf is missing.
  public internal(set) var root: Digest?
  /// In the order of their positions; empty when everything holds.
  public var findings: [Finding] { all.kept }
  /// How many there were, kept or not.
  public var findingCount: Int { all.count }
  var all = Findings()
  /// The largest checkpoint with a verified signature whose root was recomputed.
  public internal(set) var newestCheckpoint: Checkpoint?
  /// How many checkpoints and anchors were verified.
  public internal(set) var checkpointCount = 0
  /// Bodies that are gone because a purge covers them.
  public internal(set) var purgedCount = 0
  /// Contents whose key was destroyed before their body was purged.
  public internal(set) var unreadableCount = 0
  /// What vouches for the ledger and could not be read for want of permission.
  public internal(set) var notCompared: [String] = []
  /// Whether the signing key was given from outside or only the ledger names it.
  public internal(set) var isKeySelfDeclared = false

  /// A report on a file whose events could not be read.
  package static func failed(_ level: VerificationLevel) -> VerificationReport {
    VerificationReport(level: level)
  }

  /// Whether nothing was found.
  public var holds: Bool { findingCount == 0 }

  /// Events that are chained, but that no checkpoint signs yet.
  public var unsealedCount: Int { eventCount - (newestCheckpoint?.size ?? 0) }

  /// Adds findings of checks outside the events: the schema, an order checked on disk.
  package mutating func add(_ new: [Finding]) { for finding in new { all.add(finding) } }

  package mutating func add(_ new: Findings) { all.add(new) }

  package mutating func sort() { all.sort() }
}
