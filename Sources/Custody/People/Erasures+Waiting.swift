import CustodyLedger
import CustodyModel
import CustodyStore

extension Erasures {
  /// An erasure, or a part of one, that matters hold up: it is carried out when they are released.
  public struct Waiting: Sendable {
    /// The id of the event that says so.
    public let id: EventID
    /// Where that stands.
    public let position: Position
    /// When it was recorded.
    public let recordedAt: Timestamp
    /// Whose data is to go, by the ids that name or named them.
    public let subjects: [KeyID]
    /// The classes of data that are to go; empty for all.
    public let classes: [String]
    /// Why.
    public let reason: ErasureReason
    /// The keys that are to be destroyed.
    public let keys: [KeyID]
    /// The ids of the matters that held them then.
    public let matters: [EventID]

    init?(_ event: StoredEvent, _ denied: ErasureDenied) {
      guard let reason = ErasureReason(rawValue: denied.reason) else { return nil }
      id = event.header.claim.eventID
      position = event.position
      recordedAt = event.header.claim.occurredAt
      subjects = denied.subjects.compactMap { KeyID(hex: $0) }
      classes = denied.classes
      self.reason = reason
      keys = denied.keys.compactMap { KeyID(hex: $0) }
      matters = denied.matters.compactMap { EventID(uuid: $0) }
    }

    /// Whether it says the same.
    func says(_ denied: ErasureDenied) -> Bool {
      denied.keys == keys.map(\.hex) && denied.subjects == subjects.map(\.hex)
        && denied.classes == classes && denied.reason == reason.rawValue
    }
  }

  /// Erasures that wait, the oldest first.
  ///
  /// Cost: a look at the headers of all requests, where anything ever waited, and opens those that wait.
  public func waiting() throws -> [Waiting] {
    let said = try store.folder.safeguards(
      ofTypes: [ErasureDenied.type, ErasureWithdrawn.type],
      inStreams: ErasureRequested.streamPrefix)
    let denied = said.filter { $0.event.header.claim.type.text == ErasureDenied.type }
    if denied.isEmpty { return [] }
    // A request that a kill came before is none.
    let decided = Set(try journal().map(\.request))
    let answered = Set(
      try (said.map(\.event) + requests()).map(\.header.claim)
        .filter { $0.type.text != ErasureRequested.type || decided.contains($0.eventID) }
        .compactMap(\.causationID))
    return try denied.filter { !answered.contains($0.event.header.claim.eventID) }.compactMap {
      event, content in
      guard let content,
        let said = ErasureDenied(content: content, version: event.header.claim.typeVersion),
        let waiting = Waiting(event, said)
      else {
        throw CustodyError(
          .damaged,
          "What the event at position \(event.position) says of an erasure that waits cannot be read. Run: "
            + "custody verify --level contents")
      }
      // What another erasure has taken along waits no more.
      return try store.folder.keyring?.holdsAny(of: Set(waiting.keys)) == true ? waiting : nil
    }
  }

  private func requests() throws -> [StoredEvent] {
    try store.folder.read {
      try $0.events(
        ofTypes: [ErasureRequested.type], inStreams: ErasureRequested.streamPrefix,
        ledgerID: store.ledgerID)
    }
  }

  /// What is to be carried out: what waited and is not held any more, or not altogether.
  struct Due {
    var waiting: [Waiting] = []
    /// Joint keys that nothing holds and nothing says to wait: a recovery has lost what said so.
    var joint: [Keyring.KeptJointKey] = []

    var isEmpty: Bool { waiting.isEmpty && joint.isEmpty }
  }

  func due() throws -> Due {
    guard let keyring = store.folder.keyring else { return Due() }
    let waiting = try waiting()
    let joint = try keyring.keptJointKeys()
    if waiting.isEmpty, joint.isEmpty { return Due() }
    let matters = try store.holds.matters()
    let active = Set(matters.filter { $0.release == nil }.map(\.id))
    let held = try HeldKeys(matters, store)
    let members = Dictionary(uniqueKeysWithValues: joint.map { ($0.id, $0.members) })
    let said = Set(waiting.flatMap(\.keys))
    return Due(
      waiting: try waiting.filter { waiting in
        let people = try keyring.keys(among: waiting.keys, for: [.subject])
        let sets = people.map { [$0] } + waiting.keys.compactMap { members[$0] }
        // The texts of a run wait for everyone whom its records are about: only a plan can tell, and
        // there is no other answer while the same matters are in force.
        if sets.isEmpty { return !active.isSuperset(of: waiting.matters) }
        return !sets.allSatisfy(held.holdsAny)
      },
      joint: joint.filter { !said.contains($0.id) && !held.holdsAny(of: $0.members) })
  }

  /// The same; none where nobody can tell what is held, so that the store opens all the same.
  func dueWhereKnown() throws -> Due {
    do {
      return try due()
    } catch let error as CustodyError where Self.isUnreadable(error) {
      return Due()
    }
  }
}
