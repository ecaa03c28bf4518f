import CustodyLedger
import CustodyModel

/// A legal matter that holds data: nothing in its scope is destroyed until it is released.
public struct Matter: Sendable {
  /// Whose data a matter holds: everybody's, unless people or datasets are named; where both are, what
  /// these people have in these datasets.
  public struct Scope: Sendable {
    /// The key ids that name people.
    public var subjects: [KeyID]
    /// Everyone of whom any version of these has a record, also one that comes later.
    public var datasets: [String]
    /// These classes of data alone; all when empty.
    public var classes: [String]

    /// A scope; one with nothing in it is everybody's data.
    public init(subjects: [KeyID] = [], datasets: [String] = [], classes: [String] = []) {
      self.subjects = subjects
      self.datasets = datasets
      self.classes = classes
    }
  }

  /// When something was added to its scope.
  public struct Placement: Sendable {
    /// Where the event stands that says so.
    public let position: Position
    /// When it was placed; a recovery may have recorded it once more since.
    public let recordedAt: Timestamp
    /// Who recorded it.
    public let actor: String
    /// What was added.
    public let scope: Scope
    /// Why, as one of `HoldReason`.
    public let reason: String
    /// Who approved it.
    public let approver: String
    /// When it is to be looked at again.
    public let review: Timestamp
    /// People in the scope whose erasure had been decided before, by the id that named them, and the
    /// request.
    public let tooLate: [(subject: KeyID, request: EventID)]
  }

  /// When it ended.
  public struct Release: Sendable {
    /// Where the event stands that says so.
    public let position: Position
    /// When it was recorded.
    public let recordedAt: Timestamp
    /// Who recorded it.
    public let actor: String
    /// Why, as one of `HoldReleaseReason`.
    public let reason: String
    /// Who approved it.
    public let approver: String
  }

  /// The id of its first event.
  public let id: EventID
  /// What it is called.
  public let name: String
  /// What is in its scope, the oldest first; at least one.
  public internal(set) var placements: [Placement]
  /// Nil while it holds.
  public internal(set) var release: Release?

  /// When it is to be looked at again, as was said last. It holds on after that.
  public var review: Timestamp { placements.last!.review }
}

extension Matter {
  /// Whether somebody's records may have been in the scope of a placement, in versions that a recovery has
  /// lost: nobody knows whose, so it is everybody's until a later placement names the same datasets.
  ///
  /// - Parameter lossAt: when events were lost last.
  func isWidened(_ placement: Placement, by lossAt: Timestamp?) -> Bool {
    guard let lossAt, release == nil, !placement.scope.datasets.isEmpty,
      placement.recordedAt <= lossAt
    else { return false }
    let later = placements.filter { $0.recordedAt > lossAt }
    return !Set(placement.scope.datasets).isSubset(of: later.flatMap(\.scope.datasets))
  }
}

extension Matter.Placement {
  /// - Returns: nil for an event that is not what Custody writes.
  init?(_ event: StoredEvent, _ placed: HoldPlaced) {
    guard let review = Timestamp(placed.review) else { return nil }
    position = event.position
    recordedAt = event.header.claim.occurredAt
    actor = event.header.claim.actor.text
    scope = Matter.Scope(
      subjects: placed.scope.subjects.compactMap { KeyID(hex: $0) },
      datasets: placed.scope.datasets, classes: placed.scope.classes)
    // A person who cannot be read would make the scope everybody's.
    guard scope.subjects.count == placed.scope.subjects.count else { return nil }
    reason = placed.reason
    approver = placed.approver
    self.review = review
    tooLate = placed.tooLate.compactMap { late in
      guard let subject = KeyID(hex: late.subject), let request = EventID(uuid: late.request)
      else { return nil }
      return (subject, request)
    }
  }
}
