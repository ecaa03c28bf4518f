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
    var lacking: [Subjects.Named] = []
    for person in Set(people.values).filter({ known[$0] == nil }).sorted() {
      // Of somebody who was registered again, her identifier may lead to her other id.
      guard let identifier = try await subjects.identifier(of: person),
        try subjects.id(of: identifier) == person
      else { continue }
      lacking.append((person, identifier))
    }
    try await subjects.register(lacking, dataClass: dataClass)
    for (person, _) in lacking {
      known[person] = try keyring.subjectKeys(of: person).first { $0.dataClass == dataClass }?.keyID
    }
    return people.compactMapValues { known[$0] }
  }
}
