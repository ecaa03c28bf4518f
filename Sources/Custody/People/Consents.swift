import CustodyLedger
import CustodyModel
import CustodyStore

/// What people allowed of their data, for which purposes, and what they took back.
///
/// ```swift
/// try await store.consents.grant(
///   [.identifier("patient-0017")],
///   Consents.Terms(purposes: ["research"], basis: .explicitConsent, textVersion: "2026-03"))
/// for consent in try store.consents.all() { print(consent.subject, consent.purpose) }
/// print(try await store.consents.gaps().isEmpty)
/// ```
///
/// Everything said of a consent is sealed under a key of the person's own, of the class
/// ``Subject/consentClass``: it goes when she is erased, unless only other classes are.
public struct Consents: Sendable {
  let store: Store
  /// Events from this position on are not known.
  var end = Int.max
  /// When that was; nil for now.
  var knownAt: Timestamp?

  /// What is granted, and under which conditions.
  public struct Terms: Sendable {
    /// What for; at least one.
    public var purposes: [String]
    /// What allows it.
    public var basis: LegalBasis
    /// Which version of the text she agreed to.
    public var textVersion: String
    /// The SHA-256 of that text; the text itself is not kept.
    public var textDigest: Digest?
    /// From when on; from the moment of recording on when nil.
    public var from: Timestamp?
    /// The last moment, when it ends by itself; nil when it does not.
    public var expires: Timestamp?
    /// Who may use the data; empty for whoever keeps the ledger.
    public var recipients: [String]
    /// Who grants it.
    public var giver: ConsentGiver

    /// Terms of these parts; nothing is checked before they are granted.
    public init(
      purposes: [String], basis: LegalBasis, textVersion: String, textDigest: Digest? = nil,
      from: Timestamp? = nil, expires: Timestamp? = nil, recipients: [String] = [],
      giver: ConsentGiver = .herself
    ) {
      self.purposes = purposes
      self.basis = basis
      self.textVersion = textVersion
      self.textDigest = textDigest
      self.from = from
      self.expires = expires
      self.recipients = recipients
      self.giver = giver
    }
  }

  /// What was recorded of one person.
  public struct Recorded: Sendable {
    /// The key id that names her.
    public let subject: KeyID
    /// The id of the event.
    public let event: EventID
    /// The purposes that it grants or ends.
    public let purposes: [String]
  }

  // MARK: - Granting

  /// Records that people allow some purposes, each of them the same ones.
  ///
  /// Whoever granted the same purposes before has renewed them: both grants stand.
  ///
  /// - Parameters:
  ///   - subjects: who; all of them, or nobody.
  ///   - terms: what they allow, and under which conditions.
  /// - Returns: what was recorded, a person each, in the order in which they were named.
  /// - Throws: `usage` for terms that end before they start or name no purpose; `invalidInput` for a
  ///   purpose, a recipient or a version that is no name; `nameHoldsIdentifier`; `notFound` and
  ///   `keyDestroyed` for somebody who is not there. Nothing is recorded then.
  ///
  /// Cost: one commit for 10,000 people; a key more for each of them the first time.
  @discardableResult
  public func grant(_ subjects: [Subject], _ terms: Terms) async throws -> [Recorded] {
    try checkIsCurrent()
    let people = try store.subjects.people(named: subjects)
    let now = store.folder.environment.now()
    let from = terms.from ?? now
    try check(terms, from: from)
    let granted = ConsentGranted(
      purposes: terms.purposes, basis: terms.basis, textVersion: terms.textVersion,
      textDigest: terms.textDigest.map { "sha256:\($0)" }, from: from, expires: terms.expires,
      recipients: terms.recipients, giver: terms.giver)
    try await store.subjects.register(people, dataClass: Subject.consentClass)
    let recorded = people.map {
      Recorded(subject: $0.id, event: newID(at: now), purposes: terms.purposes)
    }
    let content = granted.content
    try await store.appendOwn(
      batchesOf: recorded.map { event($0, ConsentGranted.self, content) })
    return recorded
  }

  private func check(_ terms: Terms, from: Timestamp) throws {
    guard !terms.purposes.isEmpty else {
      throw CustodyError(.usage, "Name at least one purpose that is allowed.")
    }
    for (field, names) in [
      ("purpose", terms.purposes), ("recipient", terms.recipients),
      ("text version", [terms.textVersion]),
    ] {
      for name in names {
        try Subjects.check(name, field)
        try store.datasets.check(name, field)
      }
      guard Set(names.map { Array($0.utf8) }).count == names.count else {
        throw CustodyError(.usage, "A \(field) is named twice.")
      }
    }
    for time in [from, terms.expires].compactMap({ $0 }) { try Self.check(time) }
    if let expires = terms.expires, expires <= from {
      throw CustodyError(
        .usage,
        "The consent would end, at \(expires), before it starts, at \(from). Give a later end, or the "
          + "time from when on it holds.")
    }
  }

  private static func check(_ time: Timestamp) throws {
    guard Timestamp(time.description) == time else {
      throw CustodyError(.usage, "A time is not between the years 1 and 9999.")
    }
  }

  // MARK: - Withdrawing

  /// Records that people take back what they allowed.
  ///
  /// What was done before stays lawful: a consent that is withdrawn was in force until then.
  ///
  /// - Parameters:
  ///   - subjects: who; all of them, or nobody.
  ///   - purposes: which; all when empty.
  ///   - grants: the ids of the events that granted them; all when empty.
  ///   - from: from when on; from now on when nil. A time in the past ends what was granted by then,
  ///     any other also what is to begin later.
  /// - Returns: what was recorded, a person each, in the order in which they were named.
  /// - Throws: `notFound` for somebody who granted nothing of that, `alreadyExists` for somebody who
  ///   withdrew all of it before or whose consent has ended; `notFound` and `keyDestroyed` for
  ///   somebody who is not there. Nothing is recorded then.
  ///
  /// Cost: as ``grant(_:_:)``, and what was said of these people before is read.
  @discardableResult
  public func withdraw(
    _ subjects: [Subject], purposes: [String] = [], grants: Set<EventID> = [],
    from: Timestamp? = nil
  ) async throws -> [Recorded] {
    try checkIsCurrent()
    for purpose in purposes {
      try Subjects.check(purpose, "purpose")
      // Messages repeat it.
      try store.datasets.check(purpose, "purpose")
    }
    let purposes = Self.unique(purposes)
    if let from { try Self.check(from) }
    let people = try store.subjects.ids(of: subjects)
    let ledger = try store.folder.ledger()
    // Two who withdraw at once: the second sees what the first did.
    return try await ledger.locked {
      let now = store.folder.environment.now()
      let withdrawal = Withdrawal(
        purposes: purposes, grants: grants, from: from ?? now,
        isPast: from.map { $0 < now } ?? false)
      var events: [NewEvent] = []
      var recorded: [Recorded] = []
      for (index, person) in people.enumerated() {
        let open = try Subjects.saying(index, of: people.count) {
          try withdrawal.chosen(from: try consents(of: person))
        }
        let ended = ConsentWithdrawn(
          grants: Self.unique(open.map(\.grant)), purposes: purposes, from: withdrawal.from)
        recorded.append(
          Recorded(
            subject: person, event: newID(at: now), purposes: Self.unique(open.map(\.purpose))))
        events.append(event(recorded[index], ConsentWithdrawn.self, ended.content))
      }
      for batch in events.batches {
        try ledger.appendUnderLock(try store.sealing.seal(batch, isOwn: true))
      }
      return recorded
    }
  }

  private static func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
    var seen: Set<Element> = []
    return elements.filter { seen.insert($0).inserted }
  }

  // MARK: - Events

  private func newID(at now: Timestamp) -> EventID { store.folder.environment.eventID(at: now) }

  private func event<Event: ModelEvent>(
    _ recorded: Recorded, _: Event.Type, _ content: [UInt8]
  ) -> NewEvent {
    NewEvent(
      id: recorded.event, stream: "\(SubjectRegistered.streamPrefix)\(recorded.subject)",
      type: Event.type, typeVersion: Event.version, subjects: [.key(recorded.subject)],
      dataClass: Subject.consentClass, content: content)
  }

  private func checkIsCurrent() throws {
    guard end == .max else {
      throw CustodyError(
        .usage, "What was known at a moment cannot be changed: leave out the moment.")
    }
  }
}

/// What is to be taken back of a person's consents.
private struct Withdrawal {
  let purposes: [String]
  let grants: Set<EventID>
  let from: Timestamp
  /// Whether that was before it is recorded.
  let isPast: Bool

  /// What it ends.
  ///
  /// - Throws: `notFound`, `alreadyExists` when that is nothing, for any of the purposes.
  func chosen(from all: [Consent]) throws -> [Consent] {
    var chosen: [Consent] = []
    for purpose in purposes.isEmpty ? [nil] : purposes.map(Optional.some) {
      let named = all.filter {
        (purpose == nil || $0.purpose == purpose) && (grants.isEmpty || grants.contains($0.grant))
      }
      let open = named.filter(isOpen)
      guard !open.isEmpty else { throw Self.nothing(purpose, named, from) }
      chosen += open
    }
    return chosen
  }

  private func isOpen(_ consent: Consent) -> Bool {
    switch consent.state(at: from) {
    case .inForce: true
    // Who takes back everything now does not mean to have it begin tomorrow.
    case .notYet: !isPast
    case .expired, .withdrawn: false
    }
  }

  private static func nothing(
    _ purpose: String?, _ named: [Consent], _ from: Timestamp
  ) -> CustodyError {
    let what = purpose.map { " for \($0)" } ?? ""
    guard let standing = Consent.standing(named, at: from) else {
      return CustodyError(
        .notFound,
        "She granted nothing\(what): there is nothing to withdraw. `custody consent show` says what "
          + "she granted.")
    }
    switch standing.state(at: from) {
    case .withdrawn:
      return CustodyError(
        .alreadyExists,
        "Her consent\(what) is withdrawn already, from \(standing.withdrawn ?? from) on.")
    case .expired:
      return CustodyError(
        .alreadyExists,
        "Her consent\(what) ended by itself at \(standing.expires ?? from): there is nothing to "
          + "withdraw.")
    case .notYet, .inForce:
      return CustodyError(
        .usage,
        "Her consent\(what) begins at \(standing.from), after \(from), from when on it is to be "
          + "withdrawn. Give a later time, or none for now.")
    }
  }
}
