/// One thing that verification found wrong.
public struct Finding: Hashable, Sendable {
  /// Which rule was broken; stable, for programs.
  public enum Rule: String, Sendable, CaseIterable {
    /// Rows: one for each position, and in each the fields of section 5 of <doc:Format>.
    case positionMissing, positionRepeated, fieldType, fieldValue
    /// Leaves: the header is not the one that was hashed, or only its stored leaf was changed.
    case leafMismatch, storedLeafChanged
    /// Bodies and contents: another body, none, one that should be gone, or one that does not open.
    case bodyMismatch, bodyMissing, bodyNotPurged, commitmentMismatch, contentUnreadable
    /// What has to be unique in the ledger, dense in a stream, or in order.
    case eventIDRepeated, revisionGap, nonceRepeated, recordedAtBackward
    /// Events that explain, and the types that are theirs alone: section 4 of <doc:Format>.
    case unsealedTypeNotAllowed, systemEventMalformed, systemEventMisplaced
    /// Keys and purges: what the events say of them is not what is there.
    case keyUsedAfterDestruction, keyMissing, purgeLeavesMismatch
    /// A life of the ledger that does not begin where it says.
    case restoredRootMismatch, incarnationNotRising
    /// The file around the events: what it says of itself, its schema, its subtree roots and names.
    case objectMismatch, objectMissing, versionRootMismatch
    case ledgerRowMismatch, schemaChanged, fileDamaged, tileMismatch, nameUnused
    /// Checkpoints, anchors, signer and guard: not there, not readable, not the ledger's, another
    /// history, or a longer one.
    case checkpointMissing, checkpointMalformed, checkpointSignature, checkpointMismatch
    case checkpointBeyondEnd
    /// What was computed from the events is not what they give.
    case projectionMismatch
  }

  /// Which rule was broken.
  public let rule: Rule
  /// The event, or the first of several; nil when it is about the file as a whole.
  public let position: Position?
  /// What should have been there.
  public let expected: String
  /// What was there.
  public let found: String

  /// A finding about the event at `position`, or about the file when that is nil.
  public init(_ rule: Rule, at position: Int? = nil, expected: String, found: String) {
    self.rule = rule
    self.position = position.map { Position($0) }
    self.expected = expected
    self.found = found
  }
}

/// The first findings of many: all are counted, no more than a limit is kept.
package struct Findings: Sendable {
  private let limit: Int
  package private(set) var kept: [Finding] = []
  package private(set) var count = 0

  package init(limit: Int = VerificationReport.findingCountMax) { self.limit = limit }

  package var isEmpty: Bool { count == 0 }

  package mutating func add(_ finding: @autoclosure () -> Finding) {
    count += 1
    if kept.count < limit { kept.append(finding()) }
  }

  package mutating func add(_ other: Findings) {
    count += other.count
    kept.append(contentsOf: other.kept.prefix(limit - kept.count))
  }

  /// Takes back the newest one that is kept and `matches`.
  mutating func withdrawLast(where matches: (Finding) -> Bool) {
    guard let index = kept.lastIndex(where: matches) else { return }
    kept.remove(at: index)
    count -= 1
  }

  mutating func sort() {
    kept.sort { ($0.position?.value ?? -1) < ($1.position?.value ?? -1) }
  }
}
