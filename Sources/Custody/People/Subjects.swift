import CustodyModel
import CustodyStore

/// The people that data is about, each a set of keys.
///
/// Outside identifiers are kept as keyed hashes and inside sealed content only; key ids are random.
public struct Subjects: Sendable {
  /// A person, as Custody names her.
  public struct Entry: Hashable, Sendable {
    /// The id of her first key.
    public let id: KeyID
    /// The ids of her keys, by class of data, in the order of the classes.
    public let keys: [Key]

    /// One class of data about a person, and the key that seals it.
    public struct Key: Hashable, Sendable {
      /// The class of data.
      public let dataClass: String
      /// The id of the key; headers of events of this class about her name it.
      public let id: KeyID
    }
  }

  let store: Store
  /// Events from this position on are not known.
  var end = Int.max

  var keyring: Keyring {
    get throws {
      guard let keyring = store.folder.keyring else {
        throw CustodyError(.usage, "Looking up subjects needs the store's secrets.")
      }
      return keyring
    }
  }

  /// Registers people for a class of data; those who are registered already stay as they are.
  ///
  /// What is said of them is sealed under their keys of that class. Of somebody who is registered
  /// already it is said anew: what was said last counts, what was said before stays in the ledger.
  ///
  /// - Parameters:
  ///   - identifiers: what the pipeline calls them; 1 to 512 bytes each, NFC, no control character.
  ///   - dataClass: the class of data, which has a key of its own.
  ///   - jurisdiction: whose law is for each of them; nothing is said of it when nil.
  ///   - birthDate: when she was born, of one person only; nothing is said of it when nil.
  /// - Returns: the id of each person, in the order of `identifiers`.
  /// - Throws: `CustodyError` with `invalidInput` for an identifier or class that is no name; `usage`
  ///   for a date of birth in the future or of several people, or when the store was not opened for
  ///   writing. Nobody is registered then.
  ///
  /// Cost: one transaction for all keys, one commit of an event for each who is new or of whom
  /// something new is said.
  @discardableResult
  public func register(
    _ identifiers: [String], dataClass: String = Subject.defaultClass,
    jurisdiction: Jurisdiction? = nil, birthDate: CalendarDate? = nil
  ) async throws -> [KeyID] {
    try checkIsCurrent()
    for identifier in identifiers { try Self.check(identifier, "identifier") }
    try Self.check(dataClass, "class")
    if let birthDate { try check(birthDate, of: identifiers) }
    try store.sealing.checkActor(against: identifiers)
    let keyring = try keyring
    let wanted = identifiers.map { (identifier: $0, dataClass: dataClass) }
    let registered = try await store.folder.ledger().locked { try keyring.register(wanted) }
    try await record(registered, jurisdiction, birthDate)
    return registered.map(\.subjectID)
  }

  private func check(_ birthDate: CalendarDate, of identifiers: [String]) throws {
    guard Set(identifiers).count == 1 else {
      throw CustodyError(.usage, "A date of birth is that of one person: name her alone.")
    }
    guard birthDate.hasBegun(by: store.folder.environment.now()) else {
      throw CustodyError(.usage, "The date of birth is in the future.")
    }
  }

  /// Makes the keys of a class of data that people lack, who are registered for another.
  ///
  /// - Throws: `notFound` for somebody of whom nobody can tell what she is called outside;
  ///   `keyDestroyed` for somebody who is erased meanwhile: nobody gets a key then.
  func register(_ people: [Named], dataClass: String) async throws {
    let keyring = try keyring
    let lacking = try people.filter { person in
      try !keyring.subjectKeys(of: person.id).contains { $0.dataClass == dataClass }
    }
    guard !lacking.isEmpty else { return }
    let known = try identified(lacking, dataClass)
    try await record(
      try store.folder.ledger().locked {
        // Registering somebody who is erased by now would make her another person.
        for (id, identifier) in known where try keyring.subjectID(identifier) != id {
          throw CustodyError(
            .keyDestroyed, "Somebody who is named was erased meanwhile. Nothing was recorded.")
        }
        return try keyring.register(known.map { ($0.identifier, dataClass) })
      }, nil, nil)
  }

  /// People with what they are called outside: as the caller says, else as the ledger does.
  private func identified(
    _ people: [Named], _ dataClass: String
  ) throws -> [(id: KeyID, identifier: String)] {
    try people.batches.flatMap { batch in
      let unnamed = batch.filter { $0.identifier == nil }.map(\.id)
      var said = try said(SubjectRegistered.self, of: unnamed)[...]
      return try batch.map { id, given in
        if let given { return (id, given) }
        let found = said.popFirst()?.lazy.compactMap(\.content?.identifier).first
        guard let found, try self.id(of: found) == id else {
          throw CustodyError(
            .notFound,
            "What the person \(id) is called outside is lost, so that no key for class \(dataClass) can "
              + "be made for her. Register her again with custody subject add.")
        }
        return (id, found)
      }
    }
  }

  /// Appends what says that people got keys, and what else is said of them.
  private func record(
    _ registered: [Keyring.Registration], _ jurisdiction: Jurisdiction?, _ birthDate: CalendarDate?
  ) async throws {
    var events: [NewEvent] = []
    var seen: Set<KeyID> = []
    // Somebody may be named twice.
    for new in registered where seen.insert(new.keyID).inserted {
      let said = SubjectRegistered(
        identifier: new.identifier, dataClass: new.dataClass, jurisdiction: jurisdiction?.code,
        birthDate: birthDate?.description)
      guard try new.isNew || !isRecorded(said, new) else { continue }
      events.append(
        NewEvent(
          stream: Self.stream(of: new.subjectID), type: SubjectRegistered.type,
          typeVersion: SubjectRegistered.version, subjects: [.key(new.subjectID)],
          dataClass: new.dataClass, content: said.content))
    }
    try await store.appendOwn(batchesOf: events)
  }

  /// Whether the ledger says this of a person under this key, and nothing else since. Of somebody
  /// who is registered it may say nothing: a crash may have come before its event.
  private func isRecorded(
    _ said: SubjectRegistered, _ registration: Keyring.Registration
  ) throws -> Bool {
    let all = try self.said(SubjectRegistered.self, of: registration.subjectID)
    let underKey = all.filter { $0.event.header.claim.keyIDs == [registration.keyID] }
    return !underKey.isEmpty
      && [all, underKey].allSatisfy { events in
        let last = SubjectFacts(events.compactMap(\.content))
        return (said.jurisdiction == nil || said.jurisdiction == last.jurisdiction?.code)
          && (said.birthDate == nil || said.birthDate == last.birthDate?.description)
      }
  }

  // MARK: - Finding people

  /// The id of the person with this outside identifier, or nil. Throws `usage` without secrets.
  public func id(of identifier: String) throws -> KeyID? { try keyring.subjectID(identifier) }

  /// A person by id, or nil when there is none or she was erased.
  public func entry(_ id: KeyID) throws -> Entry? {
    var keys = try keyring.subjectKeys(of: id)
    if end < .max {
      let recorded = Set(
        try said(SubjectRegistered.self, of: id).flatMap(\.event.header.claim.keyIDs))
      keys.removeAll { !recorded.contains($0.keyID) }
    }
    guard !keys.isEmpty else { return nil }
    return Entry(id: id, keys: keys.map { Entry.Key(dataClass: $0.dataClass, id: $0.keyID) })
  }

  /// Everyone, in the order of their ids.
  public func all() throws -> [Entry] {
    try keyring.subjectIDs().compactMap { try entry($0) }
  }

  /// How many people there are now.
  public func count() throws -> Int { try keyring.subjectCount() }

  /// The outside identifier of a person, from the events that registered her, or nil.
  ///
  /// Whoever calls this holds the keys; the answer belongs in no log.
  public func identifier(of id: KeyID) async throws -> String? {
    try said(SubjectRegistered.self, of: id).lazy.compactMap(\.content?.identifier).first
  }

  /// An identifier or class is checked like a name: it becomes part of sealed content and hashes.
  static func check(_ text: String, _ field: String) throws {
    do {
      _ = try Name(text)
    } catch {
      throw CustodyError(error, field: field)
    }
  }
}
