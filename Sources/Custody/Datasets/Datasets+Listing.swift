import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets {
  /// A record as a version has it.
  public struct Record: Sendable {
    /// Its number within the dataset, which it keeps for ever.
    public let ordinal: Int
    /// Its natural key; nil when it is gone: a person it was about was erased, or it expired.
    public let key: String?
    /// How many bytes it has; nil when it is gone.
    public let size: Int?
    /// The version that last changed it.
    public let changedIn: Int
    /// The keys of the people it is about; empty when it is about nobody.
    public let keyIDs: [KeyID]
  }

  /// Which records are meant: those that are about every one of some people, and whose natural keys
  /// match every one of some patterns.
  public struct Filter: Sendable {
    /// People, each by any of her keys.
    public let subjects: [Subject]
    let patterns: [KeyPattern]

    /// A filter; without any condition, every record passes.
    ///
    /// - Parameters:
    ///   - subjects: a record must be about each of them. A key id may be that of a person or of
    ///     one of her keys.
    ///   - keys: patterns of natural keys: `*` stands for any characters, also `/` and none, `?`
    ///     for one; a backslash before one of these or itself makes it an ordinary character.
    /// - Throws: `usage` for a pattern that is empty or has a backslash before anything else.
    public init(subjects: [Subject] = [], keys: [String] = []) throws {
      self.subjects = subjects
      patterns = try keys.map { text in
        guard let pattern = KeyPattern(text) else {
          throw CustodyError(
            .usage,
            "The pattern of natural keys is empty or has a backslash before something else than *, "
              + "? or a backslash.")
        }
        return pattern
      }
    }
  }

  /// Lists the records of a version, in its order.
  ///
  /// - Parameters:
  ///   - name: the dataset.
  ///   - reference: which version.
  ///   - filter: which records; every one by default.
  ///   - body: called with each.
  /// - Returns: how many records are gone of which the filter can no longer tell whether it chose
  ///   them; without one they are listed, and it is 0.
  /// - Throws: `notFound` for a dataset, version or person that there is not.
  ///
  /// Cost: one object for each record of the version, or of the people that the filter names.
  @discardableResult
  public func forEachRecord(
    of name: String, _ reference: String = "head", matching filter: Filter? = nil,
    _ body: (Record) throws -> Void
  ) throws -> Int {
    let row = try existing(name)
    let scan = RecordScan(store: store, dataset: row, version: try version(row, reference))
    let filter = try filter.map { try RecordFilter($0, store) }
    let operations = try store.folder.keyring?.operationsKey()
    var undecided = 0
    try scan.forEach(about: filter) { entry in
      switch filter?.chooses(entry) ?? .yes {
      case .no: return
      case .unknown: undecided += 1
      case .yes:
        try body(
          Record(
            ordinal: entry.row.ordinal, key: entry.key, size: entry.size,
            changedIn: entry.row.since,
            keyIDs: try scan.keyIDs(of: entry.row).filter { $0 != operations }))
      }
    }
    return undecided
  }

  /// Records of a version that somebody chose.
  struct Choice {
    let ordinals: [Int]
    /// How many are gone so that nobody can tell whether they would be among them.
    let undecided: Int
  }

  /// The records with some natural keys, or those that a filter chooses; nil for every one.
  ///
  /// - Throws: `notFound` when there is none, `usage` for keys and a filter at once.
  func chosen(
    _ keys: [String], _ filter: Filter?, _ row: DatasetRow, _ version: VersionRow
  ) throws -> Choice? {
    guard let filter else {
      guard !keys.isEmpty else { return nil }
      let contents = try VersionContents(store: store, dataset: row, version: version)
      return Choice(ordinals: try contents.ordinals(of: keys), undecided: 0)
    }
    guard keys.isEmpty else {
      throw CustodyError(.usage, "Give natural keys or a filter, not both.")
    }
    let records = try RecordFilter(filter, store)
    var (ordinals, undecided): ([Int], Int) = ([], 0)
    try RecordScan(store: store, dataset: row, version: version).forEach(about: records) { entry in
      switch records.chooses(entry) {
      case .yes: ordinals.append(entry.row.ordinal)
      case .no: break
      case .unknown: undecided += 1
      }
    }
    guard !ordinals.isEmpty else {
      throw CustodyError(.notFound, "No record of v\(version.number) of \(row.name) matches.")
    }
    return Choice(ordinals: ordinals, undecided: undecided)
  }
}

/// A filter that knows the keys of its people.
struct RecordFilter {
  enum Answer { case yes, no, unknown }

  /// What rows of records name keys by, of all its people together; nil when it names nobody.
  let keySets: Set<Int64>?
  private let patterns: [KeyPattern]

  /// - Throws: `notFound` for a person that there is not.
  init(_ filter: Datasets.Filter, _ store: Store) throws {
    patterns = filter.patterns
    let people = try filter.subjects.map { try Self.keySets(of: $0, store) }
    keySets = people.first.map { people.dropFirst().reduce($0) { $0.intersection($1) } }
  }

  private static func keySets(of subject: Subject, _ store: Store) throws -> Set<Int64> {
    let id: KeyID?
    switch subject {
    case .key(let key): id = key
    case .identifier(let identifier): id = try store.subjects.id(of: identifier)
    }
    guard let id else { throw noSubject }
    let keys = try store.subjects.entry(id)?.keys.map(\.id)
    let found = try store.engine.read(DatasetProjection.kind) { connection in
      let reader = DatasetReader(connection)
      // A record names the key of its class of data; the key of somebody who was erased is known
      // as long as records name it.
      return Set(try (keys ?? [id]).flatMap { try reader.keySets(with: $0) })
    }
    guard try keys != nil || !found.isEmpty || store.folder.keyring?.missing([id]) == [] else {
      throw noSubject
    }
    return found
  }

  private static let noSubject = CustodyError(
    .notFound, "There is no such subject, or she was erased.")

  /// Whether a record passes; unknown for one that is gone as far as its natural key matters.
  func chooses(_ entry: RecordScan.Entry) -> Answer {
    if let keySets, !keySets.contains(entry.row.keys) { return .no }
    guard !patterns.isEmpty else { return .yes }
    guard let key = entry.key else { return .unknown }
    return patterns.allSatisfy { $0.matches(key) } ? .yes : .no
  }
}
