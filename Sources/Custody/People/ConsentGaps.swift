import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// A run that read records about people who did not allow what it did.
public struct ConsentGap: Sendable {
  /// Why somebody's records should not have been read.
  public enum Reason: String, Sendable, CaseIterable {
    /// The run names no purpose: nobody can have allowed it.
    case noPurpose = "no-purpose"
    /// She had not allowed the purpose by then.
    case notGiven = "not-given"
    /// She allowed it to others, and neither to who keeps the ledger nor to who acted.
    case forOthers = "for-others"
    /// What she allowed had ended by itself.
    case expired
    /// She had taken it back.
    case withdrawn
  }

  /// The id of the run.
  public let run: EventID
  /// Where its first event stands.
  public let position: Position
  /// When it began, by the writer's clock.
  public let startedAt: Timestamp
  /// What it is a run of.
  public let job: String
  /// Who acted, as asserted.
  public let actor: String
  /// What the data was used for.
  public let purpose: String?
  /// What it read.
  public let dataset: String
  /// Which version of that.
  public let version: Int
  /// How many people the version has records about, as far as their keys are there.
  public let people: Int
  /// How many keys of its records are destroyed: of whose they were nobody can say any more what she
  /// allowed.
  public let erased: Int
  /// The key ids that name those who did not allow it, by why, ascending.
  public let outside: [Reason: [KeyID]]

  /// How many people did not allow it.
  public var count: Int { outside.values.reduce(0) { $0 + $1.count } }
}

extension Consents {
  /// Processing outside of what people allowed: runs with what they read, where records about
  /// somebody were among it who had not allowed the run's purpose when it began, and runs without a
  /// purpose that read records about people.
  ///
  /// What counts is what is known now of that time, or at the moment these consents are known at: a
  /// consent that was recorded later and is in force from before counts. Any `LegalBasis` allows a
  /// purpose. Runs that other tools report name no purpose here, and are not looked at.
  ///
  /// - Parameters:
  ///   - purpose: only runs for this purpose.
  ///   - filter: which runs, by where and when their first events were recorded; its other parts are
  ///     not looked at.
  /// - Returns: a gap for each input of each run, in the order of the ledger.
  ///
  /// Cost: everything that was said of consents, the records of each version that was read, once, and
  /// for each run the people of what it read.
  public func gaps(
    purpose: String? = nil, in filter: EventFilter = EventFilter()
  ) async throws -> [ConsentGap] {
    let runs = EventFilter(
      type: RunStarted.type, from: filter.from,
      to: end == .max ? filter.to : min(filter.to ?? Position(end), Position(end)),
      since: filter.since, until: filter.until)
    var finder = try ConsentGapFinder(self)
    var gaps: [ConsentGap] = []
    for try await event in store.events(runs) {
      // What a caller appended under this type elsewhere is no run.
      guard event.header.claim.stream.text.hasPrefix(RunProjection.streamPrefix),
        let content = try store.content(of: event),
        let started = RunStarted(content: content, version: event.header.claim.typeVersion),
        purpose == nil || started.purpose == purpose
      else { continue }
      for input in started.inputs {
        if let gap = try finder.gap(of: started, input, event.header) { gaps.append(gap) }
      }
    }
    return gaps
  }
}

private struct ConsentGapFinder {
  /// Whom the records of a version are about.
  private struct Readership {
    var people: [KeyID] = []
    var erased = 0
  }

  private struct Version: Hashable {
    let dataset: String
    let number: Int
  }

  private let store: Store
  private let organization: String
  /// What was granted, by purpose and person.
  private let consents: [String: [KeyID: [Consent]]]
  /// Everybody of whom something is known.
  private let named: Set<KeyID>
  private let peopleByKey: [KeyID: KeyID]
  private let operations: KeyID
  private let datasets: [String: Int64]
  private var readerships: [Version: Readership] = [:]

  init(_ consents: Consents) throws {
    store = consents.store
    guard let keyring = store.folder.keyring else {
      throw CustodyError(.usage, "Looking for gaps needs the store opened with its secrets.")
    }
    let all = try consents.all()
    self.consents = Dictionary(grouping: all, by: \.purpose).mapValues {
      Dictionary(grouping: $0, by: \.subject)
    }
    named = Set(all.map(\.subject))
    organization = store.folder.settings.organization
    peopleByKey = try keyring.peopleByKey()
    operations = try keyring.operationsKey()
    datasets = Dictionary(
      try store.datasets.list { listing, _ in try listing.datasets() }.map { ($0.name, $0.id) },
      uniquingKeysWith: { $1 })
  }

  mutating func gap(
    of run: RunStarted, _ input: RunStarted.Input, _ header: Header
  ) throws -> ConsentGap? {
    let about = try readership(Version(dataset: input.dataset, number: input.number))
    let actor = header.claim.actor.text
    let start = header.place.recordedAt
    let granted = run.purpose.map { consents[$0] ?? [:] }
    var outside: [ConsentGap.Reason: [KeyID]] = [:]
    for person in about.people {
      if let reason = reason(granted.map { $0[person] ?? [] }, start, actor) {
        outside[reason, default: []].append(person)
      }
    }
    guard !outside.isEmpty else { return nil }
    return ConsentGap(
      run: header.claim.eventID, position: header.place.position, startedAt: start, job: run.job,
      actor: actor, purpose: run.purpose, dataset: input.dataset, version: input.number,
      people: about.people.count, erased: about.erased, outside: outside)
  }

  /// Why somebody did not allow a purpose; nil when she did.
  ///
  /// - Parameter granted: what she granted of it; nil when the run names none.
  private func reason(
    _ granted: [Consent]?, _ time: Timestamp, _ actor: String
  ) -> ConsentGap.Reason? {
    guard let granted else { return .noPurpose }
    let ours = granted.filter {
      $0.recipients.isEmpty || $0.recipients.contains(organization) || $0.recipients.contains(actor)
    }
    switch Consent.standing(ours, at: time)?.state(at: time) {
    case .inForce: return nil
    case .expired: return .expired
    case .withdrawn: return .withdrawn
    case .notYet, nil:
      return granted.contains { $0.state(at: time) == .inForce } ? .forOthers : .notGiven
    }
  }

  private mutating func readership(_ version: Version) throws -> Readership {
    if let known = readerships[version] { return known }
    var found = Readership()
    if let dataset = datasets[version.dataset] {
      let keys = try store.engine.read(DatasetProjection.kind) { connection in
        let reader = DatasetReader(connection)
        return Set(
          try reader.keySets(of: dataset, in: version.number).flatMap { try reader.keyIDs($0) })
      }
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
    }
    readerships[version] = found
    return found
  }
}
