import CustodyStore

extension Store {
  /// Keys of the same people for another class of data, made where they are missing, by the keys that
  /// are known of them. Whoever has no identifier any more is left out.
  func keys(_ ids: Set<KeyID>, of dataClass: String) async throws -> [KeyID: KeyID] {
    guard let keyring = folder.keyring, !ids.isEmpty else { return [:] }
    var found: [KeyID: KeyID] = [:]
    for entry in try keyring.entries() where ids.contains(entry.id) {
      guard let person = entry.subjectID else { continue }
      func key(of person: KeyID) throws -> KeyID? {
        try keyring.subjectKeys(of: person).first { $0.dataClass == dataClass }?.keyID
      }
      found[entry.id] = try key(of: person)
      if found[entry.id] == nil, let identifier = try await subjects.identifier(of: person) {
        // Of somebody who was registered again, her identifier may lead to her other id.
        let named = try await subjects.register([identifier], dataClass: dataClass)[0]
        found[entry.id] = try key(of: named)
      }
    }
    return found
  }
}
