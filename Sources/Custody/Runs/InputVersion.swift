import CustodyModel
import CustodyProjections
import CustodyStore

/// A version that a run reads, or what it reads in its place: records by their natural keys, and whom
/// they are about.
///
/// Holds about 60 bytes for each record.
struct InputVersion: Sendable {
  let dataset: DatasetRow
  let version: VersionRow
  /// Records whose keys are gone: people were erased since.
  let missing: Int
  /// Records that were left out because they are restricted.
  let restricted: Int

  /// How what is read differs from the version.
  private(set) var drift: RunStarted.Drift?

  private var index: Index
  /// Key sets by the ordinal of a record.
  private let keys: [UInt32: Int64]
  private let keyIDs: [Int64: [KeyID]]
  /// The people of records that are read otherwise than the version has them.
  private var drifted: [UInt32: [KeyID]] = [:]
  /// Of a table: in which order its records stand, and what it has besides them.
  private let order: [UInt32]
  private let frame: [UInt8]?
  private let hashes: WorkerPool<StoredObjects>

  /// Goes through a version, and writes it when there is a place for it.
  ///
  /// - Parameters:
  ///   - place: a path where nothing is.
  ///   - leftOut: what is restricted.
  init(
    _ store: Store, _ dataset: DatasetRow, _ version: VersionRow, to place: String?,
    leavingOut leftOut: RestrictedKeys? = nil, _ progress: Datasets.Progress?
  ) throws {
    self.dataset = dataset
    self.version = version
    let folder = store.folder
    let hashes = WorkerPool { try StoredObjects(folder: folder) }
    self.hashes = hashes
    try store.checkRecords(of: dataset, in: version)
    let contents = try VersionContents(
      store: store, dataset: dataset, version: version, leavingOut: leftOut)
    var writer = try place.map { try Datasets.writer(dataset, $0, contents) }
    var index = Index(dataset)
    let isTable = dataset.kind != Datasets.Kind.files.rawValue
    var keys: [UInt32: Int64] = [:]
    var order: [UInt32] = []
    var done = 0
    try hashes.with { hashes in
      try contents.forEach(nil) { record in
        let ordinal = UInt32(record.row.ordinal)
        index.add(record.key, ordinal, hashes)
        keys[ordinal] = record.row.keys
        if isTable { order.append(ordinal) }
        try writer?.write(record) {
          done += $0
          progress?(done, version.bytes)
        }
      }
    }
    try writer?.finish()
    missing = contents.missing
    restricted = contents.restricted
    self.index = index
    self.keys = keys
    self.order = order
    frame = try isTable ? contents.frame() : nil
    keyIDs = try store.engine.readUncaught { connection in
      let reader = DatasetReader(connection)
      return try Dictionary(
        uniqueKeysWithValues: Set(keys.values).map { ($0, try reader.keyIDs($0)) })
    }
  }

  /// The records with a natural key: exactly this one, or else, for files, with another extension.
  func ordinals(of key: [UInt8], fromFile: Bool) throws -> [Int] {
    try hashes.with { index.ordinals(of: key, fromFile: fromFile, $0).map(Int.init) }
  }

  /// Whether the version has the record, and not only what was read in its place.
  func has(_ ordinal: Int) -> Bool { keys[UInt32(ordinal)] != nil }

  func keyIDs(of ordinal: Int) -> [KeyID] {
    (keys[UInt32(ordinal)].flatMap { keyIDs[$0] } ?? []) + (drifted[UInt32(ordinal)] ?? [])
  }

  /// Everyone's keys.
  var allKeyIDs: Set<KeyID> {
    Set(keyIDs.values.joined()).union(drifted.values.joined())
  }

  // MARK: - What claims to be the version

  /// Whether a folder or file is the version: nothing is lost with it.
  func isAt(_ path: String, in store: Store) async throws -> Bool {
    do {
      return try await drift(of: path, in: store) == nil
    } catch let error as CustodyError
      where [.invalidInput, .contentTooLarge].contains(error.code)
    {
      // No such table, two records with one key: whatever it is, it is something else.
      return false
    }
  }

  /// How a folder or file differs from the version; nil when it does not.
  func drift(of path: String, in store: Store) async throws -> RunStarted.Drift? {
    let operations = try store.folder.keyring!.operationsKey()
    let rule = try SubjectRule("none", kind: dataset.kind)
    let source = InheritedSource(
      try Datasets.source(dataset, path, rule)
    ) { record in
      // A record that the version has not is new whomever it is about.
      guard let ordinal = try ordinals(of: record.key, fromFile: false).first else { return [] }
      return keyIDs(of: ordinal).filter { $0 != operations }
    }
    let survey = try await SourceSurvey.run(source, of: dataset, since: version, in: store)
    let sealing = try RecordSealing(
      folder: store.folder, count: survey.ordinals.count, isTrial: true)
    var (added, changed, kept) = (0, 0, 0)
    try await sealing.seal(source, survey, since: KnownRecords(store, dataset, version)) {
      sealed, _ in
      for record in sealed {
        switch record.before {
        case nil: added += 1
        case record.address: kept += 1
        default: changed += 1
        }
      }
    }
    let there = Set(survey.ordinals)
    let drift = RunStarted.Drift(
      added: added, changed: changed,
      removed: max(0, version.records - missing - changed - kept),
      isReordered: !order.isEmpty
        && survey.ordinals.filter { keys[$0] != nil } != order.filter(there.contains),
      isReframed: frame != nil && source.frame != frame)
    return drift == RunStarted.Drift(added: 0, changed: 0, removed: 0) ? nil : drift
  }

  /// Takes what is at a path in place of the version.
  ///
  /// - Parameters:
  ///   - isAboutPeople: whether what is written will be about the people of what is read: those
  ///     that the version knows and those that the dataset's own rule finds.
  ///   - registersUnknown: whether people are registered whom nobody has.
  /// - Throws: `usage` when the rule cannot tell whom a record is about.
  mutating func read(
    _ path: String, _ drift: RunStarted.Drift, isAboutPeople: Bool, registersUnknown: Bool,
    in store: Store
  ) async throws {
    self.drift = drift
    guard isAboutPeople, drift.added + drift.changed > 0 || drift.isReframed else { return }
    let rule = try SubjectRule(dataset.subject, kind: dataset.kind)
    let isFound =
      switch rule.place {
      case .file, .inherited: false
      // What a run wrote is about the people of what it read, whatever the dataset was made with.
      case .none, .column, .json, .path:
        try store.datasets.read { try $0.versions(of: dataset.id) }.allSatisfy { $0.run == nil }
      }
    guard isFound else {
      throw CustodyError(
        .usage,
        "\(path) is not v\(version.number) of \(dataset.name), and nothing says whom its records are "
          + "about: give --subject, or read the version as it is.")
    }
    let source = try Datasets.source(dataset, path, rule)
    var survey = try await SourceSurvey.run(source, of: dataset, since: version, in: store)
    try await survey.registerUnknown(in: source, isAllowed: registersUnknown)
    let people = survey.people
    var place = 0
    try await source.forEachBatch { batch in
      try hashes.with { hashes in
        for number in 0..<batch.count {
          let record = try batch.record(number)
          guard place < survey.ordinals.count else { throw source.changed }
          let ordinal = survey.ordinals[place]
          place += 1
          drifted[ordinal] = try record.subjects.map { subject in
            guard let key = people[subject] else { throw source.changed }
            return key
          }
          if !has(Int(ordinal)) { index.add(record.key, ordinal, hashes) }
        }
      }
    }
  }

  /// Records by their natural keys.
  private struct Index {
    private let dataset: String
    private let isFiles: Bool
    private var byKey: [EventID: UInt32] = [:]
    /// Of files, by their names without extension.
    private var byStem: [EventID: [UInt32]] = [:]

    init(_ dataset: DatasetRow) {
      self.dataset = dataset.name
      isFiles = dataset.kind == Datasets.Kind.files.rawValue
    }

    mutating func add(_ key: [UInt8], _ ordinal: UInt32, _ hashes: StoredObjects) {
      byKey[hashes.keyHash(of: key, in: dataset)] = ordinal
      guard isFiles else { return }
      byStem[hashes.keyHash(of: Self.stem(of: key), in: dataset), default: []].append(ordinal)
    }

    func ordinals(of key: [UInt8], fromFile: Bool, _ hashes: StoredObjects) -> [UInt32] {
      if let exact = byKey[hashes.keyHash(of: key, in: dataset)] { return [exact] }
      let stem = hashes.keyHash(of: fromFile ? Self.stem(of: key) : key, in: dataset)
      // A row may be named by what a file is called without extension.
      return byStem[stem] ?? byKey[stem].map { [$0] } ?? []
    }

    /// A path without the extension of its last part.
    private static func stem(of key: [UInt8]) -> [UInt8] {
      let start = key.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
      guard let dot = key[start...].lastIndex(of: UInt8(ascii: ".")), dot > start else {
        return key
      }
      return Array(key[..<dot])
    }
  }
}

/// A source whose people are known by their keys.
struct InheritedSource: DatasetSource {
  private let source: any DatasetSource
  private let people: @Sendable (SourceRecord) throws -> [KeyID]

  /// - Parameter people: the keys of everyone whom a record is about.
  init(
    _ source: any DatasetSource,
    people: @escaping @Sendable (SourceRecord) throws -> [KeyID]
  ) {
    self.source = source
    self.people = people
  }

  var name: String { source.name }
  var frame: [UInt8]? { source.frame }
  var size: Int { source.size }

  func forEachBatch(_ body: (SourceBatch) async throws -> Void) async throws {
    let people = people
    try await source.forEachBatch { batch in
      try await body(
        SourceBatch(first: batch.first, count: batch.count) { index in
          var record = try batch.record(index)
          record.keyIDs = try people(record).sorted()
          return record
        })
    }
  }
}
