import CustodyModel
import CustodyProjections
import CustodyStore

/// A version that a run reads: its records by their natural keys, and whom they are about.
///
/// Holds about 60 bytes for each record.
final class InputVersion: Sendable {
  let dataset: DatasetRow
  let version: VersionRow
  /// Records whose keys are gone: people were erased since.
  let missing: Int

  private let byKey: [EventID: UInt32]
  /// Of files, by their names without extension.
  private let byStem: [EventID: [UInt32]]
  /// Key sets by the ordinal of a record.
  private let keys: [UInt32: Int64]
  private let keyIDs: [Int64: [KeyID]]
  private let hashes: WorkerPool<StoredObjects>

  /// Goes through a version, and writes it when there is a place for it.
  ///
  /// - Parameter place: a path where nothing is.
  init(
    _ store: Store, _ dataset: DatasetRow, _ version: VersionRow, to place: String?,
    _ progress: Datasets.Progress?
  ) throws {
    self.dataset = dataset
    self.version = version
    let folder = store.folder
    let hashes = WorkerPool { try StoredObjects(folder: folder) }
    self.hashes = hashes
    try store.checkRecords(of: dataset, in: version)
    let contents = try VersionContents(store: store, dataset: dataset, version: version)
    var writer = try place.map { try Datasets.writer(dataset, $0, contents) }
    let isFiles = dataset.kind == Datasets.Kind.files.rawValue
    var byKey: [EventID: UInt32] = [:]
    var byStem: [EventID: [UInt32]] = [:]
    var keys: [UInt32: Int64] = [:]
    var done = 0
    try hashes.with { hashes in
      try contents.forEach(nil) { record in
        let ordinal = UInt32(record.row.ordinal)
        byKey[hashes.keyHash(of: record.key, in: dataset.name)] = ordinal
        if isFiles {
          let stem = hashes.keyHash(of: Self.stem(of: record.key), in: dataset.name)
          byStem[stem, default: []].append(ordinal)
        }
        keys[ordinal] = record.row.keys
        try writer?.write(record) {
          done += $0
          progress?(done, version.bytes)
        }
      }
    }
    try writer?.finish()
    missing = contents.missing
    self.byKey = byKey
    self.byStem = byStem
    self.keys = keys
    keyIDs = try store.engine.readUncaught { connection in
      let reader = DatasetReader(connection)
      return try Dictionary(
        uniqueKeysWithValues: Set(keys.values).map { ($0, try reader.keyIDs($0)) })
    }
  }

  /// A path without the extension of its last part.
  static func stem(of key: [UInt8]) -> [UInt8] {
    let start = key.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    guard let dot = key[start...].lastIndex(of: UInt8(ascii: ".")), dot > start else { return key }
    return Array(key[..<dot])
  }

  /// The records with a natural key: exactly this one, or else, for files, with another extension.
  func ordinals(of key: [UInt8], fromFile: Bool) throws -> [Int] {
    try hashes.with { hashes in
      if let exact = byKey[hashes.keyHash(of: key, in: dataset.name)] { return [Int(exact)] }
      let stem = fromFile ? Self.stem(of: key) : key
      if let found = byStem[hashes.keyHash(of: stem, in: dataset.name)] {
        return found.map(Int.init)
      }
      // A row may be named by what a file is called without extension.
      return byKey[hashes.keyHash(of: stem, in: dataset.name)].map { [Int($0)] } ?? []
    }
  }

  func keyIDs(of ordinal: Int) -> [KeyID] {
    keys[UInt32(ordinal)].flatMap { keyIDs[$0] } ?? []
  }

  /// Everyone's keys.
  var allKeyIDs: Set<KeyID> { Set(keyIDs.values.joined()) }

  // MARK: - What claims to be the version

  /// How a folder or file differs from the version; nil when it does not.
  func drift(of path: String, in store: Store) async throws -> RunStarted.Drift? {
    let operations = try store.folder.keyring!.operationsKey()
    let rule = try SubjectRule("none", kind: dataset.kind)
    let source = InheritedSource(
      try Datasets.source(dataset, path, rule)
    ) { [self] record in
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
    let removed = version.records - missing - changed - kept
    guard added + changed + removed > 0 else { return nil }
    return RunStarted.Drift(added: added, changed: changed, removed: max(0, removed))
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
