import CustodyStore
import Synchronization

/// The keys that records are sealed under, by the people they are about.
final class RecordKeys: Sendable {
  /// For what is about nobody.
  let operations: SealingKeys
  /// The survey takes identifiers in NFC only: strings that are equal have the same bytes.
  private let people: [String: SealingKeys]
  /// Of several people together.
  private let joint = Mutex<[[String]: SealingKeys]>([:])
  private static let jointCountMax = 1 << 16
  private let byID = Mutex<[[KeyID]: SealingKeys]>([:])
  private let keyring: Keyring

  /// - Parameter people: the key ids of everyone whom the records are about.
  init(of people: [String: KeyID], _ keyring: Keyring) throws {
    self.keyring = keyring
    @Sendable func keys(_ id: KeyID) throws -> SealingKeys {
      guard let secret = try keyring.key(id) else { throw CustodyError.destroyed(id) }
      return try SealingKeys([id], [secret])
    }
    operations = try keys(keyring.operationsKey())
    try keyring.prepare(people.values)
    let all = Array(people)
    let made = try Parallel.map(all.count) { range in
      try range.map { (all[$0].key, try keys(all[$0].value)) }
    }
    self.people = Dictionary(uniqueKeysWithValues: made)
  }

  /// The keys of a record; nil when one of its people has none.
  func keys(of record: SourceRecord) throws -> SealingKeys? {
    if !record.keyIDs.isEmpty { return try keys(record.keyIDs, of: record) }
    guard let first = record.subjects.first else { return operations }
    guard record.subjects.count > 1 else { return people[first] }
    if let known = joint.withLock({ $0[record.subjects] }) { return known }
    var found: [KeyID: SecretBytes] = [:]
    for subject in record.subjects {
      guard let keys = people[subject] else { return nil }
      found[keys.ids[0]] = keys.secrets[0]
    }
    guard found.count <= Claim.keyCountMax else { throw Self.crowd(record, found.count) }
    let ids = found.keys.sorted()
    let made = try SealingKeys(ids, ids.map { found[$0]! })
    joint.withLock {
      if $0.count >= Self.jointCountMax { $0.removeAll(keepingCapacity: true) }
      $0[record.subjects] = made
    }
    return made
  }

  private func keys(_ ids: [KeyID], of record: SourceRecord) throws -> SealingKeys {
    if let known = byID.withLock({ $0[ids] }) { return known }
    guard ids.count <= Claim.keyCountMax else { throw Self.crowd(record, ids.count) }
    let made = try SealingKeys(
      ids,
      ids.map { id in
        guard let secret = try keyring.key(id) else { throw CustodyError.destroyed(id) }
        return secret
      })
    byID.withLock {
      if $0.count >= Self.jointCountMax { $0.removeAll(keepingCapacity: true) }
      $0[ids] = made
    }
    return made
  }

  static func crowd(_ record: SourceRecord, _ count: Int) -> CustodyError {
    CustodyError(
      .invalidInput,
      "A record can be about at most \(Claim.keyCountMax) people, this one is about \(count).",
      at: .init(file: record.place))
  }

  static func stranger(_ record: SourceRecord) -> CustodyError {
    CustodyError(
      .unknownSubject, "A person whom the record is about is not registered.",
      at: .init(file: record.place))
  }
}
