import CustodyLedger
import CustodyModel
import CustodyStore

/// Data that is kept and not processed: runs, restores, disclosures and whoever looks at contents leave it
/// out, unless they state on which ground they read it.
///
/// What waits for an erasure because a matter holds it is restricted too, without being asked for.
///
/// ```swift
/// try await store.restrictions.place(
///   [.identifier("patient-0017")], reason: .accuracyContested)
/// let restored = try await store.datasets.restore("answers", to: "answers.csv")
/// print(restored.restricted)
/// ```
public struct Restrictions: Sendable {
  let store: Store

  /// A restriction of one person's data.
  public struct Restriction: Sendable {
    /// Why it is restricted.
    public enum Cause: Equatable, Sendable {
      /// Somebody said so.
      case placed(RestrictionReason)
      /// It is to be erased, and a matter holds it.
      case erasureWaits
    }

    /// Whose data, by the id that names or named her.
    public let subject: KeyID
    /// These classes of data alone; all when empty.
    public let classes: [String]
    /// Why.
    public let cause: Cause
    /// Where the event stands that says so.
    public let position: Position
    /// When it was recorded.
    public let placedAt: Timestamp
    /// Classes of which it was lifted, while it lasts or lasted for others.
    public private(set) var liftedClasses: [String] = []
    /// When it was recorded that it is lifted; nil while it lasts for any class.
    public private(set) var liftedAt: Timestamp?

    init(
      subject: KeyID, classes: [String], cause: Cause, position: Position, placedAt: Timestamp
    ) {
      self.subject = subject
      self.classes = classes
      self.cause = cause
      self.position = position
      self.placedAt = placedAt
    }

    /// Whether it lasts for a class of data.
    public func restricts(_ dataClass: String) -> Bool {
      liftedAt == nil && (classes.isEmpty || classes.contains(dataClass))
        && !liftedClasses.contains(dataClass)
    }

    /// - Parameter lifted: these classes alone; all when empty.
    fileprivate mutating func lift(_ lifted: [String], at time: Timestamp) {
      guard liftedAt == nil else { return }
      for dataClass in lifted where restricts(dataClass) { liftedClasses.append(dataClass) }
      // One of all classes lasts for whatever is not named, also for what is still to come.
      let isOver = lifted.isEmpty || !classes.isEmpty && classes.allSatisfy { !restricts($0) }
      if isOver { liftedAt = time }
    }
  }

  /// Every restriction there was, the oldest first.
  ///
  /// - Parameter moment: as the ledger knew it then.
  /// - Throws: `usage` without secrets; `damaged` for an event that is not what Custody writes.
  ///
  /// Cost: an opened content for each event of each restriction.
  public func list(at moment: Moment = .head) throws -> [Restriction] {
    let end = try moment == .head ? Int.max : store.eventCount(at: moment)
    var found = try placed(below: end)
    for waiting in try store.erasures.waiting() where waiting.position.value < end {
      found += waiting.subjects.map {
        Restriction(
          subject: $0, classes: waiting.classes, cause: .erasureWaits, position: waiting.position,
          placedAt: waiting.recordedAt)
      }
    }
    return found.sorted { $0.position < $1.position }
  }

  private func placed(below end: Int) throws -> [Restriction] {
    let events = try store.folder.safeguards(
      ofTypes: [RestrictionPlaced.type, RestrictionLifted.type],
      inStreams: RestrictionPlaced.streamPrefix, below: end)
    var found: [Restriction] = []
    for (event, content) in events {
      let claim = event.header.claim
      let content = content ?? []
      // One that cannot be read says nothing: least of all that the restriction is lifted.
      let isPlaced = claim.type.text == RestrictionPlaced.type
      if isPlaced, let placed = RestrictionPlaced(content: content, version: claim.typeVersion),
        let subject = KeyID(hex: placed.subject),
        let reason = RestrictionReason(rawValue: placed.reason)
      {
        found.append(
          Restriction(
            subject: subject, classes: placed.classes, cause: .placed(reason),
            position: event.position, placedAt: claim.occurredAt))
      } else if !isPlaced,
        let lifted = RestrictionLifted(content: content, version: claim.typeVersion),
        let subject = KeyID(hex: lifted.subject)
      {
        for index in found.indices where found[index].subject == subject {
          found[index].lift(lifted.classes, at: claim.occurredAt)
        }
      } else {
        throw CustodyError(
          .damaged,
          "What the event at position \(event.position) says of a restriction cannot be read. Run: "
            + "custody verify --level contents. If that holds, a newer Custody wrote it, and reads it."
        )
      }
    }
    return found
  }

  /// Restricts what is kept of people.
  ///
  /// - Parameters:
  ///   - people: whose data.
  ///   - classes: these classes of data alone; all when empty.
  ///   - reason: why.
  /// - Returns: the ids that name them.
  /// - Throws: `notFound`; `keyDestroyed` for somebody who was erased; `alreadyExists` for somebody of whom
  ///   these classes are restricted already. Then nobody is restricted.
  ///
  /// Cost: an event for each person, in one commit for 10,000.
  @discardableResult
  public func place(
    _ people: [Subject], classes: [String] = [], reason: RestrictionReason
  ) async throws -> [KeyID] {
    for dataClass in classes { try Subjects.check(dataClass, "class") }
    let ids = try store.subjects.ids(of: people)
    try await append(ids, RestrictionPlaced.self) { id, known in
      let isCovered =
        classes.isEmpty
        ? known.contains { $0.classes.isEmpty && $0.liftedClasses.isEmpty }
        : classes.allSatisfy { dataClass in known.contains { $0.restricts(dataClass) } }
      if isCovered {
        throw CustodyError(
          .alreadyExists, "\(id) is restricted already: custody restriction list says since when.")
      }
      return RestrictionPlaced(subject: id.hex, classes: classes, reason: reason.rawValue)
    }
    return ids
  }

  /// Lifts the restrictions of people; what waits for an erasure stays restricted.
  ///
  /// - Parameters:
  ///   - people: whose data.
  ///   - classes: of these classes of data alone, whatever else was restricted with them; of all when
  ///     empty.
  /// - Returns: the ids that name them.
  /// - Throws: `notFound` for somebody whom nobody restricted, or of whom nobody restricted such a class:
  ///   then nobody's are lifted.
  ///
  /// Cost: an event for each person, in one commit for 10,000.
  @discardableResult
  public func lift(_ people: [Subject], classes: [String] = []) async throws -> [KeyID] {
    for dataClass in classes { try Subjects.check(dataClass, "class") }
    let ids = try store.subjects.ids(of: people)
    try await append(ids, RestrictionLifted.self) { id, known in
      let free = classes.first { dataClass in !known.contains { $0.restricts(dataClass) } }
      if known.isEmpty || free != nil {
        throw CustodyError(
          .notFound,
          "Nobody restricted \(free.map { "class \($0) of " } ?? "")\(id): custody restriction list says "
            + "what is.")
      }
      return RestrictionLifted(subject: id.hex, classes: classes)
    }
    return ids
  }

  /// Says something of each of some people, while nobody else does.
  ///
  /// - Parameter content: what, given those of her restrictions that somebody placed and nobody lifted;
  ///   throws where it cannot be said.
  private func append<Event: ModelEvent>(
    _ ids: [KeyID], _ type: Event.Type,
    _ content: @escaping @Sendable (KeyID, [Restriction]) throws -> Event
  ) async throws {
    let ledger = try store.folder.ledger()
    try await ledger.locked {
      let lasting = Dictionary(
        grouping: try placed(below: .max).filter { $0.liftedAt == nil }, by: \.subject)
      let events = try ids.map { id in
        NewEvent(
          stream: "\(RestrictionPlaced.streamPrefix)\(id)", type: type.type,
          typeVersion: type.version, content: try content(id, lasting[id] ?? []).content)
      }
      for batch in events.batches {
        try ledger.appendUnderLock(try store.sealing.seal(Array(batch), isOwn: true))
      }
    }
  }

  // MARK: - Reading

  /// What is left out by whoever reads without a ground; nil with one.
  func restricted(unless ground: RestrictionGround?) throws -> RestrictedKeys? {
    try ground == nil ? RestrictedKeys(list(), store) : nil
  }

  /// - Parameter what: what was to be read.
  package static func refusal(_ what: String) -> CustodyError {
    CustodyError(
      .restricted,
      "\(what) is restricted (custody restriction list): it is read only on a ground that --ground "
        + "states: \(RestrictionGround.allCases.map(\.rawValue).joined(separator: ", ")).")
  }
}

/// Which keys seal what is restricted.
struct RestrictedKeys: Sendable {
  private let keys: Set<KeyID>
  /// What is kept of several people of whom one was erased, for a matter alone.
  private let joint: Set<[KeyID]>

  var isEmpty: Bool { keys.isEmpty && joint.isEmpty }

  init(_ restrictions: [Restrictions.Restriction], _ store: Store) throws {
    guard let keyring = store.folder.keyring else {
      (keys, joint) = ([], [])
      return
    }
    var keys = try Self.keys(of: restrictions, keyring)
    // Also texts of runs that wait.
    for waiting in try store.erasures.waiting() { keys.formUnion(waiting.keys) }
    self.keys = keys
    joint = Set(try keyring.keptJointKeys().map(\.members))
  }

  /// The keys of what some restrictions are about, as far as they last.
  static func keys(
    of restrictions: [Restrictions.Restriction], _ keyring: Keyring
  ) throws -> Set<KeyID> {
    var keys: Set<KeyID> = []
    for restriction in restrictions where restriction.liftedAt == nil {
      for (dataClass, key) in try keyring.subjectKeys(of: restriction.subject)
      where restriction.restricts(dataClass) { keys.insert(key) }
    }
    return keys
  }

  /// Whether what some keys seal together is restricted: about any of the people.
  func restricts(_ ids: [KeyID]) -> Bool {
    ids.contains { keys.contains($0) } || joint.contains(ids)
  }
}
