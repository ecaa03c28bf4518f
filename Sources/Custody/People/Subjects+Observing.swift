import CustodyModel
import CustodyStore

extension Subjects {
  /// What was recorded of people.
  public struct Observation: Sendable {
    /// The ids of the people, each once, in the order in which they were named.
    public let subjects: [KeyID]
    /// When it was.
    public let on: DateOrTime
    /// Of how many of them the ledger did not say so already.
    public let newCount: Int
  }

  /// Records that something happened to or with people, or is going to.
  ///
  /// Sealed under the key of each of them: the ledger shows in the open that and when something was
  /// recorded. Whoever already has this kind at this time as the last of its kind stays as she is, so
  /// that the call can be repeated after a failure.
  ///
  /// - Parameters:
  ///   - kind: what.
  ///   - date: when; now if nil.
  ///   - subjects: to whom.
  ///   - dataClass: the class of data whose key seals it.
  /// - Throws: `notFound` and `keyDestroyed` as ``id(of:)-(Subject)``; `unknownSubject` for somebody
  ///   without a key of that class; `nameHoldsIdentifier` for a kind that names somebody; `usage`
  ///   for a death or an interaction in the future. Nothing is recorded then.
  ///
  /// Cost: a commit for all of them, or for each 10,000; opens the events of each person's stream.
  @discardableResult
  public func observe(
    _ kind: SubjectEventKind, on date: DateOrTime? = nil, about subjects: [Subject],
    dataClass: String = Subject.defaultClass
  ) async throws -> Observation {
    try checkIsCurrent()
    let now = store.folder.environment.now()
    try check(kind, date, now)
    let keyring = try keyring
    let ids = try ids(of: subjects) { id in
      guard try keyring.subjectKeys(of: id).contains(where: { $0.dataClass == dataClass }) else {
        throw CustodyError(
          .unknownSubject,
          "She has no key for class \(dataClass). Name a class that `custody subject show` lists, or "
            + "make one with `custody subject add --class`.")
      }
    }
    let on = date ?? .time(now)
    let content = SubjectObserved(kind: kind.name, on: on.description).content
    let events = try ids.filter { id in
      try date == nil || facts(of: id).events.last { $0.kind == kind }?.on != on
    }.map { id in
      NewEvent(
        stream: Self.stream(of: id), type: SubjectObserved.type,
        typeVersion: SubjectObserved.version, subjects: [.key(id)], dataClass: dataClass,
        content: content)
    }
    try await store.appendOwn(batchesOf: events)
    return Observation(subjects: ids, on: on, newCount: events.count)
  }

  private func check(_ kind: SubjectEventKind, _ date: DateOrTime?, _ now: Timestamp) throws {
    if !SubjectEventKind.known.contains(kind), try keyring.holdsIdentifier(kind.name) {
      throw CustodyError(
        .nameHoldsIdentifier,
        "The kind of the event contains the identifier of a registered subject. The person comes "
          + "first, then a word for what happened.")
    }
    if let date, kind.isOfThePast, !date.hasBegun(by: now) {
      throw CustodyError(
        .usage, "\(kind) is in the future: it is recorded when it has happened.")
    }
  }
}
