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

  let folder: StoreFolder
  let sealing: SealingService

  private var keyring: Keyring {
    get throws {
      guard let keyring = folder.keyring else {
        throw CustodyError(.usage, "Looking up subjects needs the store's secrets.")
      }
      return keyring
    }
  }

  /// Registers people for a class of data; those who are registered already stay as they are.
  ///
  /// - Parameters:
  ///   - identifiers: what the pipeline calls them; 1 to 512 bytes each, NFC, no control character.
  ///   - dataClass: the class of data, which has a key of its own.
  /// - Returns: the id of each person, in the order of `identifiers`.
  /// - Throws: `CustodyError` with `invalidInput` for an identifier or class that is no name: nobody
  ///   is registered then; `usage` when the store was not opened for writing.
  ///
  /// Cost: one transaction for all keys, one commit of an event for each new one.
  @discardableResult
  public func register(
    _ identifiers: [String], dataClass: String = Subject.defaultClass
  ) async throws -> [KeyID] {
    for identifier in identifiers { try Self.check(identifier, "identifier") }
    try Self.check(dataClass, "class")
    try sealing.checkActor(against: identifiers)
    let keyring = try keyring
    let wanted = identifiers.map { (identifier: $0, dataClass: dataClass) }
    let ledger = try folder.ledger()
    let registered = try await ledger.locked { try keyring.register(wanted) }
    var events: [NewEvent] = []
    var seen: Set<KeyID> = []
    // Somebody may be named twice.
    for new in registered where seen.insert(new.keyID).inserted {
      guard try new.isNew || !isRecorded(new) else { continue }
      let content = SubjectRegistered(identifier: new.identifier, dataClass: new.dataClass).content
      events.append(
        NewEvent(
          stream: "subject/\(new.subjectID)", type: SubjectRegistered.type,
          typeVersion: SubjectRegistered.version, subjects: [.key(new.subjectID)],
          dataClass: new.dataClass, content: content))
    }
    for start in stride(from: 0, to: events.count, by: Limits.batchCountMax) {
      let batch = Array(events[start..<min(start + Limits.batchCountMax, events.count)])
      _ = try await ledger.append(try sealing.seal(batch, isOwn: true))
    }
    return registered.map(\.subjectID)
  }

  /// Whether the event of a key stands in the ledger: a crash may have come before it.
  private func isRecorded(_ registration: Keyring.Registration) throws -> Bool {
    let filter = EventFilter(
      stream: "subject/\(registration.subjectID)", type: SubjectRegistered.type)
    return try folder.read {
      try $0.events(filter, ledgerID: folder.ledgerID, limit: 100)
    }.contains { $0.header.claim.keyIDs == [registration.keyID] }
  }

  /// The id of the person with this outside identifier, or nil. Throws `usage` without secrets.
  public func id(of identifier: String) throws -> KeyID? { try keyring.subjectID(identifier) }

  /// A person by id, or nil when there is none or she was erased.
  public func entry(_ id: KeyID) throws -> Entry? {
    let keys = try keyring.subjectKeys(of: id)
    guard !keys.isEmpty else { return nil }
    return Entry(id: id, keys: keys.map { Entry.Key(dataClass: $0.dataClass, id: $0.keyID) })
  }

  /// Everyone, in the order of their ids.
  public func all() throws -> [Entry] {
    try keyring.subjectIDs().compactMap { try entry($0) }
  }

  /// How many people there are.
  public func count() throws -> Int { try keyring.subjectCount() }

  /// The outside identifier of a person, from the event that registered her, or nil.
  ///
  /// Whoever calls this holds the keys; the answer belongs in no log.
  public func identifier(of id: KeyID) async throws -> String? {
    let store = folder
    let events = try store.read {
      try $0.events(
        EventFilter(stream: "subject/\(id)", type: SubjectRegistered.type),
        ledgerID: store.ledgerID, limit: 1)
    }
    guard let event = events.first else { return nil }
    return try store.openedContent(of: event).flatMap { SubjectRegistered(content: $0)?.identifier }
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
