import CustodyStore
import Synchronization

/// The keys that records are sealed under, by the people they are about.
final class RecordKeys: Sendable {
  /// For what is about nobody.
  let operations: SealingKeys
  /// The survey takes identifiers in NFC only: strings that are equal have the same bytes.
  private let people: [String: SealingKeys]
  /// Of several people together, or of those whom a run knows by their keys.
  private let joint = Mutex<[[KeyID]: SealingKeys]>([:])
  private static let jointCountMax = 1 << 16
  private let keyring: Keyring

  /// - Parameter people: the key ids of everyone whom the records are about.
  init(of people: [String: KeyID], _ keyring: Keyring) throws {
    self.keyring = keyring
    operations = try Self.made([keyring.operationsKey()], keyring)
    try keyring.prepare(people.values)
    let all = Array(people)
    let made = try Parallel.map(all.count) { range in
      try range.map { (all[$0].key, try Self.made([all[$0].value], keyring)) }
    }
    self.people = Dictionary(uniqueKeysWithValues: made)
  }

  /// The keys of a record; nil when one of its people has none.
  func keys(of record: SourceRecord) throws -> SealingKeys? {
    if !record.keyIDs.isEmpty { return try keys(record.keyIDs, of: record) }
    guard let first = record.subjects.first else { return operations }
    guard record.subjects.count > 1 else { return people[first] }
    var ids: Set<KeyID> = []
    for subject in record.subjects {
      guard let keys = people[subject] else { return nil }
      ids.insert(keys.ids[0])
    }
    return try keys(ids.sorted(), of: record)
  }

  /// - Parameter ids: ascending.
  private func keys(_ ids: [KeyID], of record: SourceRecord) throws -> SealingKeys {
    if let known = joint.withLock({ $0[ids] }) { return known }
    guard ids.count <= Claim.keyCountMax else { throw Self.crowd(record, ids.count) }
    let made = try Self.made(ids, keyring)
    joint.withLock {
      if $0.count >= Self.jointCountMax { $0.removeAll(keepingCapacity: true) }
      $0[ids] = made
    }
    return made
  }

  private static func made(_ ids: [KeyID], _ keyring: Keyring) throws -> SealingKeys {
    try SealingKeys(
      ids,
      ids.map { id in
        guard let secret = try keyring.key(id) else { throw CustodyError.destroyed(id) }
        return secret
      })
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
