import CustodyStore

extension Store {
  /// Keys of the same people for another class of data, made where they are missing, by the keys that
  /// are known of them. Whoever has no identifier any more is left out.
  ///
  /// Cost: a pass over all keys; of each person without a key of the class, an event.
  func keys(_ ids: Set<KeyID>, of dataClass: String) async throws -> [KeyID: KeyID] {
    guard let keyring = folder.keyring, !ids.isEmpty else { return [:] }
    var people: [KeyID: KeyID] = [:]
    var known: [KeyID: KeyID] = [:]
    for entry in try keyring.entries() {
      guard let person = entry.subjectID else { continue }
      if ids.contains(entry.id) { people[entry.id] = person }
      if entry.dataClass == dataClass { known[person] = entry.id }
    }
    let missing = Set(people.values).filter { known[$0] == nil }.sorted()
    var named: [(person: KeyID, identifier: String)] = []
    for person in missing {
      if let identifier = try await subjects.identifier(of: person) {
        named.append((person, identifier))
      }
    }
    let registered = try await subjects.register(named.map(\.identifier), dataClass: dataClass)
    for ((person, _), other) in zip(named, registered) {
      // Of somebody who was registered again, her identifier may lead to her other id.
      known[person] = try keyring.subjectKeys(of: other).first { $0.dataClass == dataClass }?.keyID
    }
    return people.compactMapValues { known[$0] }
  }
}
