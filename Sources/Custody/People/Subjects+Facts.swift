import CustodyModel
import CustodyStore

extension Subjects {
  /// People as the ledger knew them at a moment: who was registered since, and what was said since, is
  /// left out. What was erased since stays erased.
  public func known(at moment: Moment) throws -> Subjects {
    guard moment != .head else { return self }
    return Subjects(store: store, end: min(end, try store.eventCount(at: moment)))
  }

  /// What the ledger says of a person, also while it is restricted; nothing of somebody who is not there
  /// or was erased.
  ///
  /// What was sealed under a key of hers that is gone is left out.
  ///
  /// - Throws: `usage` without secrets; `damaged` when an event cannot be read: verify the ledger.
  ///
  /// Cost: opens the events of her stream, a few for most people.
  public func facts(of id: KeyID) throws -> SubjectFacts {
    try facts(of: id, by: ContentReader(store, leavingOut: nil))
  }

  /// The same for somebody who looks at it: what is restricted is counted, and left out.
  ///
  /// - Parameters:
  ///   - id: the id that names her.
  ///   - reader: with or without a ground.
  public func facts(of id: KeyID, by reader: ContentReader) throws -> SubjectFacts {
    let observed = try said(SubjectObserved.self, of: id, by: reader)
    let registered = try said(SubjectRegistered.self, of: id, by: reader)
    let events = observed.compactMap { said -> SubjectFacts.Event? in
      guard let content = said.content, let kind = SubjectEventKind(content.kind),
        let on = DateOrTime(content.on)
      else { return nil }
      return SubjectFacts.Event(
        kind: kind, on: on, recordedAt: said.event.header.place.recordedAt,
        position: said.event.position)
    }
    return SubjectFacts(
      registered.compactMap(\.content), events: events,
      restricted: observed.count(where: \.isRestricted) + registered.count(where: \.isRestricted))
  }

  // MARK: - Her stream

  static func stream(of id: KeyID) -> String { "\(SubjectRegistered.streamPrefix)\(id)" }

  /// An event, and what it says: nil where that is gone with its key, or the reader leaves it out.
  typealias Said<Event> = (event: StoredEvent, content: Event?, isRestricted: Bool)

  /// The events of a type on a person's stream, the oldest first.
  func said<Event: ModelEvent>(
    _ type: Event.Type, of id: KeyID, by reader: ContentReader? = nil
  ) throws -> [Said<Event>] {
    try said(type, of: [id], by: reader)[0]
  }

  /// The same of several people, read in one go.
  func said<Event: ModelEvent>(
    _ type: Event.Type, of ids: [KeyID], by contents: ContentReader? = nil
  ) throws -> [[Said<Event>]] {
    let contents = contents ?? ContentReader(store, leavingOut: nil)
    let folder = store.folder
    let last = end == .max ? nil : Position(end)
    return try folder.read { reader in
      try ids.map { id in
        let filter = EventFilter(stream: Self.stream(of: id), type: Event.type, to: last)
        return try reader.events(filter, ledgerID: folder.ledgerID, limit: .max >> 1)
      }
    }.map { events in
      try events.map { event in
        let shown = try contents.content(of: event)
        guard case .opened(let bytes) = shown else { return (event, nil, shown == .restricted) }
        return (event, Event(content: bytes, version: event.header.claim.typeVersion), false)
      }
    }
  }

  /// - Throws: `usage` of people as they were known at a moment: nothing is written then.
  func checkIsCurrent() throws {
    guard end == .max else {
      throw CustodyError(.usage, "People as they were known at a moment cannot be changed.")
    }
  }
}
