import CustodyLedger

/// An event that is sealed and waits for its place.
///
/// A class because it is handed from thread to thread: copying its many arrays would count
/// references instead.
package final class PendingEvent: Sendable {
  package let claim: Claim
  package let claimBytes: [UInt8]
  package let seal: Seal
  package let body: [UInt8]
  /// The content as the caller gave it, to compare with on a repeat of its id.
  package let content: [UInt8]
  package let expected: ExpectedRevision
  /// Whether the caller gave the id; one that Custody has just made up stands nowhere yet.
  package let isIDGiven: Bool
  /// Whether the caller gave the time of the fact; one that Custody filled in is not compared.
  package let isOccurredAtGiven: Bool
  /// Whether the guard is to keep it too.
  let isSafeguard: Bool

  package init(
    claim: Claim, claimBytes: [UInt8], seal: Seal, body: [UInt8], content: [UInt8],
    expected: ExpectedRevision, isIDGiven: Bool, isOccurredAtGiven: Bool
  ) {
    self.claim = claim
    self.claimBytes = claimBytes
    self.seal = seal
    self.body = body
    self.content = content
    self.expected = expected
    self.isIDGiven = isIDGiven
    self.isOccurredAtGiven = isOccurredAtGiven
    isSafeguard = Safeguard.is(claim)
  }
}

/// What a stream has to be like for an event to be appended to it.
public enum ExpectedRevision: Hashable, Sendable {
  /// Anything goes.
  case any
  /// The stream does not exist yet.
  case none
  /// The newest event of the stream has exactly this revision.
  case exactly(Revision)
}

/// What an appender gets: proof material for as long as there is a ledger.
public struct Receipt: Hashable, Sendable {
  /// The ledger that has the event.
  public let ledgerID: LedgerID
  /// The event's id: the one that was given, or the one that Custody made.
  public let eventID: EventID
  /// Where the event stands in the ledger.
  public let position: Position
  /// Where it stands in its stream.
  public let revision: Revision
  /// The hash of its header, which every later event and checkpoint rests on.
  public let leaf: Leaf
  /// Whether the event stood in the ledger already and this is its first receipt again.
  public let isRepeat: Bool
  /// Whether a repeat's content could not be compared, because its body or key is gone.
  public let isUnverifiedRepeat: Bool

  package init(
    ledgerID: LedgerID, eventID: EventID, position: Position, revision: Revision, leaf: Leaf,
    isRepeat: Bool = false, isUnverifiedRepeat: Bool = false
  ) {
    self.ledgerID = ledgerID
    self.eventID = eventID
    self.position = position
    self.revision = revision
    self.leaf = leaf
    self.isRepeat = isRepeat
    self.isUnverifiedRepeat = isUnverifiedRepeat
  }
}
