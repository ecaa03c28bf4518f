import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets {
  /// Level contents of verification: every object that a version names is there, unless one of its
  /// keys was destroyed, and the roots of versions are those of their records.
  ///
  /// Cost: opens every object, and hashes every record of every version. Memory: 33 bytes for each
  /// record there ever was.
  func findings() async throws -> Findings {
    var findings = Findings()
    var check = try ObjectPresence(store: store)
    for try await event in store.events(EventFilter(type: DatasetVersionCommitted.type)) {
      guard event.header.claim.stream.text.hasPrefix(DatasetProjection.streamPrefix),
        let content = try store.content(of: event),
        let version = DatasetVersionCommitted(
          content: content, version: event.header.claim.typeVersion)
      else { continue }
      try check.check(version, at: event.position, &findings)
    }
    return findings
  }
}

/// Looks for the objects of one version after another.
private struct ObjectPresence {
  private let store: Store
  private let objects: StoredObjects
  private let keyring: Keyring
  /// The address of each record of each dataset as of the last version, by ordinal.
  private var records: [String: [Digest?]] = [:]

  init(store: Store) throws {
    self.store = store
    objects = try StoredObjects(folder: store.folder)
    guard let keyring = store.folder.keyring else {
      throw CustodyError(.usage, "Level contents needs the store's secrets.")
    }
    self.keyring = keyring
  }

  mutating func check(
    _ version: DatasetVersionCommitted, at position: Position, _ findings: inout Findings
  ) throws {
    for text in version.order + [version.frame].compactMap({ $0 }) {
      guard let address = Digest(hex: text) else { continue }
      if case .gone = try objects.content(at: address) { missing(address, position, &findings) }
    }
    for text in version.changes {
      guard let address = Digest(hex: text) else { continue }
      guard case .opened(let content, _) = try objects.content(at: address),
        let entries = RecordChange.parse(content)
      else {
        missing(address, position, &findings)
        continue
      }
      for put in entries.compactMap(\.put) {
        try check(put, of: version.dataset, at: position, &findings)
      }
      apply(entries, to: version.dataset)
    }
    checkRoot(of: version, at: position, &findings)
  }

  private mutating func apply(_ entries: [RecordChange], to dataset: String) {
    for entry in entries {
      let ordinals = records[dataset, default: []].count
      // Ordinals are dense: a gap is told by the root.
      guard entry.ordinal <= ordinals else { continue }
      if entry.ordinal == ordinals {
        records[dataset, default: []].append(entry.put?.address)
      } else {
        records[dataset]?[entry.ordinal] = entry.put?.address
      }
    }
  }

  private func checkRoot(
    of version: DatasetVersionCommitted, at position: Position, _ findings: inout Findings
  ) {
    var root = VersionRoot()
    for (ordinal, address) in (records[version.dataset] ?? []).enumerated() {
      if let address { root.add(ordinal, address) }
    }
    let found = root.finish()
    guard found.hex != version.root else { return }
    findings.add(
      Finding(
        .versionRootMismatch, at: position.value, expected: "root \(version.root)",
        found: "root \(found) of the records of v\(version.number)"))
  }

  private func missing(_ address: Digest, _ position: Position, _ findings: inout Findings) {
    findings.add(
      Finding(
        .objectMissing, at: position.value, expected: "object \(address)", found: "no such object"))
  }

  private func check(
    _ put: RecordChange.Put, of dataset: String, at position: Position, _ findings: inout Findings
  ) throws {
    let isThere = try objects.contains(put.address)
    guard isThere else {
      // Whose key is gone is gone on purpose; that the ledger says so is checked with the events.
      if try keyring.missing(put.keyIDs).isEmpty { missing(put.address, position, &findings) }
      return
    }
    guard case .opened(let content, let isList) = try objects.content(at: put.address),
      let record = RecordContent(parsing: content, isList: isList)
    else { return }
    if let name = put.name,
      name
        != (try objects.sealedName(
          objects.keyHash(of: record.naturalKey, in: dataset), under: put.keyIDs))
    {
      findings.add(
        Finding(
          .objectMismatch, at: position.value,
          expected: "object \(put.address) under the name that its change set gives it",
          found: "another natural key"))
    }
    guard case .pieces(_, let addresses) = record.bytes else { return }
    for address in addresses {
      guard case .opened(let content, let isList) = try objects.content(at: address) else {
        missing(address, position, &findings)
        continue
      }
      guard isList else { continue }
      for start in stride(from: 0, to: content.count - 31, by: 32) {
        let piece = Digest(content[start..<start + 32])!
        if try !objects.contains(piece) {
          missing(piece, position, &findings)
        }
      }
    }
  }
}
