import CustodyModel
import CustodyProjections
import CustodyStore

/// What a pass over a source finds out before anything is written: which record is which, and whom
/// they are about.
///
/// Holds 4 bytes for each record, about 40 more for each that the dataset never had, and everyone
/// whom the records are about; 24 more for each record that the dataset had, while those are few.
struct SourceSurvey {
  /// The ordinal of each record, in the order of the source.
  private(set) var ordinals: [UInt32] = []
  /// The keys of the people met who have one.
  private(set) var people: [String: KeyID] = [:]
  /// People who have no key, in the order of the source.
  private(set) var unknown: [String] = []

  let dataset: DatasetRow
  private let store: Store
  private let keyring: Keyring
  /// The first ordinal that is new.
  private let next: Int
  /// Ordinals of an earlier version that the source has, a bit each.
  private var seen: [UInt64]
  private var new: [EventID: UInt32] = [:]
  private var met: Set<String> = []

  /// Goes through `source`.
  ///
  /// - Parameter last: the version whose records keep their ordinals.
  /// - Throws: `invalidInput` for what cannot be committed, with its place.
  static func run(
    _ source: any DatasetSource, of dataset: DatasetRow, since last: VersionRow?, in store: Store
  ) async throws -> SourceSurvey {
    guard let keyring = store.folder.keyring else {
      throw CustodyError(.usage, "Datasets need the store's secrets.")
    }
    var survey = SourceSurvey(
      dataset: dataset, store: store, keyring: keyring, next: last?.next ?? 0)
    let name = source.name
    let workers = WorkerPool { try Worker(store, dataset, source: name) }
    let names = try KnownNames(of: dataset, next: survey.next, in: store)
    try await source.forEachBatch { batch in
      try Parallel.parts(batch.count) { range in
        try workers.with { worker in
          try names.look { ordinal in
            try range.map { try worker.look(at: batch.record($0), ordinal) }
          }
        }
      }
    } _: { parts, _ in
      for found in parts { try await survey.take(found, source) }
    }
    survey.new = [:]
    return survey
  }

  private init(dataset: DatasetRow, store: Store, keyring: Keyring, next: Int) {
    self.dataset = dataset
    self.store = store
    self.keyring = keyring
    self.next = next
    seen = Array(repeating: 0, count: next / 64 + 1)
  }

  /// What is found out about one record on its own.
  private struct Found: Sendable {
    let hash: EventID
    /// Nil when no version had it.
    let ordinal: Int?
    /// People whom this worker had not met.
    let subjects: [String]
  }

  /// For one thread at a time.
  private final class Worker {
    private let objects: StoredObjects
    private let dataset: DatasetRow
    private let source: String
    private var met: Set<String> = []

    init(_ store: Store, _ dataset: DatasetRow, source: String) throws {
      self.dataset = dataset
      self.source = source
      objects = try StoredObjects(folder: store.folder)
    }

    func look(
      at record: SourceRecord, _ ordinal: (EventID) throws -> Int?
    ) throws -> Found {
      guard record.key.count <= RecordContent.naturalKeyByteCountMax, !record.key.isEmpty else {
        throw CustodyError(
          .invalidInput,
          "The natural key is empty or longer than \(RecordContent.naturalKeyByteCountMax) bytes.",
          at: .init(file: record.place))
      }
      let subjects = try strangers(in: record)
      // Somebody may be named twice.
      if record.subjects.count > Claim.keyCountMax {
        let count = Set(record.subjects).count
        guard count <= Claim.keyCountMax else { throw RecordKeys.crowd(record, count) }
      }
      let hash = objects.keyHash(of: record.key, in: dataset.name)
      return Found(hash: hash, ordinal: try ordinal(hash), subjects: subjects)
    }

    /// The people of a record whom this worker meets for the first time.
    ///
    /// - Throws: `invalidInput` for an identifier that is none.
    private func strangers(in record: SourceRecord) throws -> [String] {
      var strangers: [String] = []
      for subject in record.subjects {
        // Sets take canonically equivalent strings as equal: only one of the same bytes is known to
        // be NFC. From here on all are, and equal ones have the same bytes.
        if let known = met.firstIndex(of: subject),
          met[known].utf8.elementsEqual(subject.utf8)
        {
          continue
        }
        do {
          try Subjects.check(subject, "identifier")
        } catch let error as CustodyError {
          throw error.at(record.location(in: source, hiding: subject))
        }
        met.insert(subject)
        strangers.append(subject)
      }
      return strangers
    }
  }

  private mutating func take(_ found: [Found], _ source: any DatasetSource) async throws {
    var strangers: [String] = []
    for record in found {
      let index = ordinals.count
      if let ordinal = record.ordinal, ordinal < next {
        let bit: UInt64 = 1 << UInt64(ordinal % 64)
        if seen[ordinal / 64] & bit != 0 {
          let earlier = ordinals.firstIndex(of: UInt32(ordinal))!
          throw try await sameKey(earlier, index, source)
        }
        seen[ordinal / 64] |= bit
        ordinals.append(UInt32(ordinal))
      } else {
        guard let ordinal = UInt32(exactly: next + new.count) else {
          throw CustodyError(.invalidInput, "A dataset can have at most 2^32 records.")
        }
        if let earlier = new.updateValue(ordinal, forKey: record.hash) {
          throw try await sameKey(ordinals.firstIndex(of: earlier)!, index, source)
        }
        ordinals.append(ordinal)
      }
      for subject in record.subjects where met.insert(subject).inserted {
        strangers.append(subject)
      }
    }
    try lookUp(strangers)
  }

  private mutating func lookUp(_ subjects: [String]) throws {
    guard !subjects.isEmpty else { return }
    let keys = try keyring.subjectKeys(of: subjects, dataClass: dataset.dataClass)
    for (subject, key) in zip(subjects, keys) {
      if let key { people[subject] = key } else { unknown.append(subject) }
    }
  }

  /// Makes keys for the people who have none.
  ///
  /// - Parameter isAllowed: whether it may.
  /// - Returns: how many.
  /// - Throws: `unknownSubject` when there is somebody and it may not.
  @discardableResult
  mutating func registerUnknown(
    in source: any DatasetSource, isAllowed: Bool
  ) async throws -> Int {
    guard isAllowed || unknown.isEmpty else {
      throw CustodyError(
        .unknownSubject,
        "\(unknown.count) of the people in \(source.name) are not registered, and --no-register was "
          + "given.", at: try await firstUnknown(in: source))
    }
    let people = unknown
    try await store.subjects.register(people, dataClass: dataset.dataClass)
    unknown = []
    try lookUp(people)
    return people.count
  }

  /// Where somebody is first met who has no key: found in another pass.
  private func firstUnknown(in source: any DatasetSource) async throws -> CustodyError.Location? {
    let unknown = Set(unknown)
    var found: CustodyError.Location?
    try await source.forEachBatch { batch in
      for index in 0..<batch.count where found == nil {
        let record = try batch.record(index)
        guard let subject = record.subjects.first(where: { unknown.contains($0) }) else { continue }
        found = record.location(in: source.name, hiding: subject)
      }
    }
    return found
  }

  /// Whether the source has a record that an earlier version had.
  func has(_ ordinal: Int) -> Bool {
    ordinal >= next || seen[ordinal / 64] >> UInt64(ordinal % 64) & 1 == 1
  }

  /// Two records with one key: where they stand is found in another pass.
  private func sameKey(
    _ first: Int, _ second: Int, _ source: any DatasetSource
  ) async throws -> CustodyError {
    var places: [String] = []
    var start = 0
    try await source.forEachBatch { batch in
      for index in [first, second] where (start..<start + batch.count).contains(index) {
        places.append(try batch.record(index - start).place)
      }
      start += batch.count
    }
    return CustodyError(
      .invalidInput,
      "\(source.name): \(places.joined(separator: " and ")) have the same natural key. Name a "
        + "column whose values differ, or leave --key away.")
  }
}
