import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// Holds what was read against what people allowed.
struct ConsentGapFinder {
  /// Whom what was read is about.
  private struct Readership {
    var people: [KeyID] = []
    var erased = 0
  }

  private let store: Store
  private let organization: String
  /// What was granted, by purpose and person.
  private let consents: [String: [KeyID: [Consent]]]
  /// Everybody of whom something is known.
  private let named: Set<KeyID>
  private let peopleByKey: [KeyID: KeyID]
  private let keyring: Keyring
  private let operations: KeyID
  private let datasets: [String: Int64]
  /// Of each version, the keys that seal its records, those of one record together.
  private var keySets: [ConsentGap.Input: [[KeyID]]] = [:]
  private var readerships: [ConsentGap.Input: Readership] = [:]
  /// What the people of a version granted of a purpose, in their order: readings repeat both.
  private var grants: [ConsentGap.Input: [String: [[Consent]]]] = [:]

  init(
    _ store: Store, _ keyring: Keyring, _ consents: [Consent], _ peopleByKey: [KeyID: KeyID]
  ) throws {
    self.store = store
    self.consents = Dictionary(grouping: consents, by: \.purpose).mapValues {
      Dictionary(grouping: $0, by: \.subject)
    }
    named = Set(consents.map(\.subject))
    organization = store.folder.settings.organization
    self.keyring = keyring
    self.peopleByKey = peopleByKey
    operations = try keyring.operationsKey()
    datasets = Dictionary(
      try store.datasets.list { listing, _ in try listing.datasets() }.map { ($0.name, $0.id) },
      uniquingKeysWith: { $1 })
  }

  /// Nil where everybody allowed it.
  mutating func gap(of reading: ConsentReading) throws -> ConsentGap? {
    let about = try readership(of: reading)
    let granted = reading.purpose.map { grants(of: about.people, for: $0, in: reading) }
    var outside: [ConsentGap.Reason: [KeyID]] = [:]
    for (index, person) in about.people.enumerated() {
      if let reason = reason(granted?[index], reading.startedAt, reading.actor) {
        outside[reason, default: []].append(person)
      }
    }
    guard !outside.isEmpty else { return nil }
    return ConsentGap(
      kind: reading.kind, run: reading.run, job: reading.job, position: reading.position,
      startedAt: reading.startedAt, actor: reading.actor, purpose: reading.purpose,
      input: reading.input, people: about.people.count, erased: about.erased, outside: outside)
  }

  private mutating func grants(
    of people: [KeyID], for purpose: String, in reading: ConsentReading
  ) -> [[Consent]] {
    let isWhole = reading.isOfWholeVersion
    if isWhole, let known = grants[reading.input]?[purpose] { return known }
    let granted = consents[purpose] ?? [:]
    let found = people.map { granted[$0] ?? [] }
    if isWhole { grants[reading.input, default: [:]][purpose] = found }
    return found
  }

  /// Why somebody did not allow a purpose; nil when she did.
  ///
  /// - Parameter granted: what she granted of it; nil when the run names none.
  private func reason(
    _ granted: [Consent]?, _ time: Timestamp, _ actor: String?
  ) -> ConsentGap.Reason? {
    guard let granted else { return .noPurpose }
    let ours = granted.filter {
      $0.recipients.isEmpty || $0.recipients.contains(organization)
        || actor.map($0.recipients.contains) ?? false
    }
    switch Consent.standing(ours, at: time)?.state(at: time) {
    case .inForce: return nil
    case .expired: return .expired
    case .withdrawn: return .withdrawn
    case .notYet, nil:
      return granted.contains { $0.state(at: time) == .inForce } ? .forOthers : .notGiven
    }
  }

  // MARK: - Whom it is about

  private mutating func readership(of reading: ConsentReading) throws -> Readership {
    if let keys = reading.keys { return readership(Set(keys)) }
    let sets = try keySets(of: reading.input)
    guard !reading.isWithoutRestricted else {
      let restricted = try RestrictedKeys.keys(
        of: store.restrictions.list(at: .position(reading.position)), keyring)
      return readership(Set(sets.lazy.filter { restricted.isDisjoint(with: $0) }.joined()))
    }
    if let known = readerships[reading.input] { return known }
    let found = readership(Set(sets.joined()))
    readerships[reading.input] = found
    return found
  }

  private func readership(_ keys: Set<KeyID>) -> Readership {
    var found = Readership()
    var people: Set<KeyID> = []
    for key in keys where key != operations {
      // Her first key names her, also when it was erased and the one for consents was not.
      if let person = peopleByKey[key] ?? (named.contains(key) ? key : nil) {
        people.insert(person)
      } else {
        found.erased += 1
      }
    }
    found.people = people.sorted()
    return found
  }

  private mutating func keySets(of input: ConsentGap.Input) throws -> [[KeyID]] {
    guard case .version(let name, let number) = input, let dataset = datasets[name] else {
      return []
    }
    if let known = keySets[input] { return known }
    let found = try store.engine.read(DatasetProjection.kind) {
      try DatasetReader($0).keySets(of: dataset, in: number)
    }
    keySets[input] = found
    return found
  }
}
