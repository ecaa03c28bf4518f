import CustodyStore

/// Checks events one by one before any of them is appended: a file is refused whole.
package final class EventValidator {
  private let store: Store
  private let registering: Bool
  private var known = SealingService.Known()
  /// Subjects that are not registered yet, by class, in the order in which they were met.
  package private(set) var unknown: [String: [String]] = [:]
  private var met: Set<String> = []

  /// - Parameter registering: unknown subjects are collected rather than refused.
  package init(store: Store, registering: Bool) {
    self.store = store
    self.registering = registering
  }

  /// - Throws: what ``Store/append(_:)-(NewEvent)`` would throw for this event by itself.
  package func validate(_ event: NewEvent) throws {
    try store.sealing.validate(event, ignoringUnknown: registering, &known)
    guard registering else { return }
    for case .identifier(let identifier) in event.subjects {
      let name = "\(event.dataClass)\n\(identifier)"
      guard met.insert(name).inserted else { continue }
      guard try store.folder.keyring?.subjectKey(identifier, dataClass: event.dataClass) == nil
      else { continue }
      try Subjects.check(identifier, "identifier")
      try Subjects.check(event.dataClass, "class")
      unknown[event.dataClass, default: []].append(identifier)
    }
  }

  /// Registers the subjects that were met; returns how many.
  ///
  /// - Throws: `nameHoldsIdentifier` when a stream, type or actor of the events contains one.
  package func registerUnknown() async throws -> Int {
    let identifiers = Set(unknown.values.joined())
    guard !identifiers.isEmpty else { return 0 }
    if known.names.contains(where: { !NameParts.candidates(of: $0).isDisjoint(with: identifiers) })
    {
      throw CustodyError(
        .nameHoldsIdentifier,
        "A stream, type or actor contains the identifier of a subject in the same input. Names stay "
          + "readable for ever: use a number or a random id there.")
    }
    for (dataClass, identifiers) in unknown.sorted(by: { $0.key < $1.key }) {
      try await store.subjects.register(identifiers, dataClass: dataClass)
    }
    defer { unknown = [:] }
    return identifiers.count
  }
}

extension Store {
  /// An id for an event that its caller did not name, the same each time the same input is
  /// appended: UUIDv8 of an HMAC of stream, type, line and its count among equal lines.
  ///
  /// The key is derived from the keys that seal the event, so the id says nothing to others and
  /// the derivation dies with them.
  package func derivedID(for event: NewEvent, line: [UInt8], count: Int) throws -> EventID {
    try sealing.derivedID(for: event, line: line, count: count)
  }
}
