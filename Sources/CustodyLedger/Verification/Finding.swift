/// One thing that verification found wrong.
public struct Finding: Hashable, Sendable {
  /// Which rule was broken; stable, for programs.
  public enum Rule: String, Sendable, CaseIterable {
    case positionMissing, positionRepeated, fieldType, fieldValue
    case leafMismatch, storedLeafChanged
    case bodyMismatch, bodyMissing, bodyNotPurged, commitmentMismatch, contentUnreadable
    case eventIDRepeated, revisionGap, nonceRepeated, recordedAtBackward
    case unsealedTypeNotAllowed, systemEventMalformed, systemEventMisplaced
    case keyUsedAfterDestruction, keyMissing, purgeLeavesMismatch
    case restoredRootMismatch, incarnationNotRising
    case ledgerRowMismatch, schemaChanged, fileDamaged, tileMismatch, nameUnused
    case checkpointMalformed, checkpointSignature, checkpointMismatch, checkpointBeyondEnd
  }

  public let rule: Rule
  /// The event, or the first of several; nil when it is about the file as a whole.
  public let position: Position?
  /// What should have been there.
  public let expected: String
  /// What was there.
  public let found: String

  public init(_ rule: Rule, at position: Int? = nil, expected: String, found: String) {
    self.rule = rule
    self.position = position.map { Position($0) }
    self.expected = expected
    self.found = found
  }
}
