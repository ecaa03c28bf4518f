import CustodyModel
import CustodyProjections
import CustodyStore

/// Where a record comes from: who wrote it, from what, and so on back to where it came in.
public struct Provenance: Sendable {
  /// A record as a version has it.
  public struct Record: Sendable {
    /// The dataset.
    public let dataset: String
    /// The version that was asked for, or that a run read.
    public let version: Int
    /// The version since which the record is as it is.
    public let since: Int
    /// Its natural key; nil when it was erased.
    public let key: String?
    /// Bytes of its content; nil when it was erased.
    public let size: Int?
    /// The SHA-256 of the sealed content, by which the change set names it.
    public let address: Digest
    /// Keys of the people it is about.
    public let keyIDs: [KeyID]
    /// How it came into the dataset.
    public let origin: Origin
  }

  /// How a record came into a dataset.
  public indirect enum Origin: Sendable {
    /// Somebody committed it.
    case committed(Datasets.Version)
    /// A run wrote it, from these records of what it read.
    case run(RunStory, inputs: [Input])
    /// Told above: the same version of the same record.
    case toldAbove
    /// Not told: so many runs lie between that only asking for this record tells more.
    case furtherBack
  }

  /// What a run read of one dataset.
  public struct Input: Sendable {
    /// The dataset.
    public let dataset: String
    /// Which version.
    public let version: Int
    /// How what was read differed from the version; nil when it did not.
    public var drift: String? { driftRead?.text }
    package let driftRead: RunStarted.Drift?
    /// The records that the record comes from, at most ``Provenance/recordCountMax``.
    public let records: [Record]
    /// How many there are in all.
    public let recordCount: Int
  }

  /// Records that are told one by one for each input of a run.
  public static let recordCountMax = 8
  /// Runs that are told, one behind the other.
  public static let depthMax = 100

  private let store: Store
  private let datasets: Datasets
  private var told: Set<Told> = []
  private var depth = 0
  /// Which texts of runs are not told.
  private let leftOut: RestrictedKeys?

  private struct Told: Hashable {
    let dataset: String
    let ordinal: Int
    let since: Int
  }

  init(_ datasets: Datasets, leavingOut leftOut: RestrictedKeys?) {
    self.datasets = datasets
    self.leftOut = leftOut
    store = datasets.store
  }

  fileprivate mutating func record(
    _ dataset: DatasetRow, _ ordinal: Int, in version: VersionRow
  ) throws -> Record? {
    let scan = RecordScan(store: store, dataset: dataset, version: version)
    guard let entry = try scan.entries([ordinal])[0] else { return nil }
    let operations = try store.folder.keyring?.operationsKey()
    let this = Told(dataset: dataset.name, ordinal: ordinal, since: entry.row.since)
    let origin =
      told.insert(this).inserted
      ? try self.origin(dataset, ordinal, since: entry.row.since) : .toldAbove
    if case .furtherBack = origin { told.remove(this) }
    return Record(
      dataset: dataset.name, version: version.number, since: entry.row.since, key: entry.key,
      size: entry.size, address: entry.row.address,
      keyIDs: try scan.keyIDs(of: entry.row).filter { $0 != operations }, origin: origin)
  }

  private mutating func origin(
    _ dataset: DatasetRow, _ ordinal: Int, since number: Int
  ) throws -> Origin {
    let version = try datasets.version(dataset.name, "v\(number)")
    guard let run = version.run.flatMap({ EventID(uuid: $0) }),
      let story = try Runs(store: store).story(of: run, leavingOut: leftOut)
    else { return .committed(version) }
    guard depth < Self.depthMax else { return .furtherBack }
    depth += 1
    defer { depth -= 1 }
    return .run(story, inputs: try inputs(of: story, to: dataset.name, ordinal))
  }

  private mutating func inputs(
    of story: RunStory, to output: String, _ ordinal: Int
  ) throws -> [Input] {
    let derivations = story.completed?.outputs.first { $0.dataset == output }?.derivations ?? []
    return try story.started.inputs.map { input in
      let ordinals =
        try derivations.first { $0.dataset == input.dataset }.map {
          try self.ordinals($0, of: ordinal)
        } ?? []
      let dataset = try datasets.existing(input.dataset)
      let version = try datasets.version(dataset, "v\(input.number)")
      var records: [Record] = []
      for ordinal in ordinals.prefix(Self.recordCountMax) {
        if let record = try record(dataset, ordinal, in: version) { records.append(record) }
      }
      return Input(
        dataset: input.dataset, version: input.number,
        driftRead: input.drift, records: records,
        recordCount: ordinals.count)
    }
  }

  private func ordinals(_ derivation: RunCompleted.Derivation, of output: Int) throws -> [Int] {
    let objects = try StoredObjects(folder: store.folder)
    var found: [Int] = []
    for text in derivation.objects {
      for run in try objects.derivations(at: text)
      where run.output <= output && output < run.output + run.count {
        found.append(run.input + output - run.output)
      }
    }
    return found
  }
}

extension Provenance.Record {
  /// The versions by which what it is made of came in.
  package var committed: [(dataset: String, version: Int)] {
    switch origin {
    case .committed(let version): [(dataset, version.number)]
    case .run(_, let inputs): inputs.flatMap { $0.records.flatMap(\.committed) }
    case .toldAbove, .furtherBack: []
    }
  }

  /// How many runs are told without what was said of them, because it is restricted.
  package var restrictedRunCount: Int {
    guard case .run(let story, let inputs) = origin else { return 0 }
    return inputs.flatMap(\.records).reduce(story.isTextRestricted ? 1 : 0) {
      $0 + $1.restrictedRunCount
    }
  }
}

extension StoredObjects {
  /// Which records of an output come from which of an input, as one object says.
  ///
  /// - Parameter text: the object's address.
  func derivations(at text: String) throws -> [DerivationList.Run] {
    guard let address = Digest(hex: text), case .opened(let content, _) = try content(at: address),
      let runs = DerivationList.parse(content)
    else {
      throw CustodyError(
        .damaged, "What a run derived from what is missing or damaged. Run: custody verify")
    }
    return runs
  }
}

extension Datasets {
  /// The whole provenance of one record, back to where it came in.
  ///
  /// - Parameters:
  ///   - name: the dataset.
  ///   - reference: which version.
  ///   - key: the record's natural key.
  ///   - ground: on which ground restricted texts of runs are told too; they are left out without one.
  /// - Throws: `notFound` when the version has no such record.
  ///
  /// Cost: a few look-ups for each record that is told, whatever the size of the datasets.
  public func provenance(
    of name: String, _ reference: String = "head", key: String,
    on ground: RestrictionGround? = nil
  ) throws -> Provenance.Record {
    let row = try existing(name)
    let version = try version(row, reference)
    let contents = try VersionContents(store: store, dataset: row, version: version)
    let ordinal = try contents.ordinals(of: [key])[0]
    var provenance = Provenance(
      self, leavingOut: try store.restrictions.restricted(unless: ground))
    guard let record = try provenance.record(row, ordinal, in: version) else {
      throw CustodyError(.notFound, "Version \(reference) of \(name) has no such record.")
    }
    return record
  }
}
