import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// Datasets: sets of records, every version of which can be brought back byte for byte.
///
/// A dataset is a folder of files, a CSV or a file of JSON lines; a file or a row is a record, sealed
/// under the keys of the people it is about. Committing appends one event with the root over all
/// records; what did not change is not stored again.
public struct Datasets: Sendable {
  /// Called with bytes read so far and in all.
  public typealias Progress = @Sendable (_ done: Int, _ total: Int) -> Void

  /// What records are.
  public enum Kind: String, Sendable, CaseIterable {
    /// Files below a folder.
    case files
    /// Rows of a CSV.
    case csv
    /// Lines of JSON.
    case lines
  }

  /// A dataset at a glance.
  public struct Entry: Sendable {
    /// Its name.
    public let name: String
    /// What its records are.
    public let kind: Kind
    /// The column or member that is a record's natural key; nil for a path or a place.
    public let key: String?
    /// Where the people are found that a record is about.
    public let subject: String
    /// The class of data.
    public let dataClass: String
    /// Who answers for it.
    public let owner: String?
    /// Words it is found by.
    public let tags: [String]
    /// Its newest version; nil before the first commit.
    public let newest: Version?
  }

  /// A version of a dataset.
  public struct Version: Sendable {
    /// From 1, dense.
    public let number: Int
    /// Where its event stands.
    public let position: Position
    /// When it was committed, by the writer's clock.
    public let recordedAt: Timestamp
    /// The root over its records: section 7 of the format.
    public let root: Digest
    /// How many records it has.
    public let records: Int
    /// Bytes of their contents.
    public let bytes: Int
    /// Records that the version before did not have.
    public let added: Int
    /// Records that it had otherwise.
    public let changed: Int
    /// Records that it had and this one has not.
    public let removed: Int
    /// Names of its own.
    public let tags: [String]
    /// Who committed it, as asserted.
    public let actor: String
    /// The id of the run that wrote it; nil when it was committed by hand.
    public let run: String?
    /// What was said of it; nil when nothing was.
    public let message: String?
  }

  /// What a commit did.
  public struct Commit: Sendable {
    /// The version that holds what was committed.
    public let version: Int
    /// False when nothing differed from that version, and nothing was appended.
    public let isNew: Bool
    /// How many records it has.
    public let records: Int
    /// Records that the version before did not have.
    public let added: Int
    /// Records that it had otherwise.
    public let changed: Int
    /// Records that it had and this one has not.
    public let removed: Int
    /// People who were registered for it.
    public let registered: Int
  }

  let store: Store
  /// Events from this position on are not known.
  var end = Int.max

  // MARK: - Making and listing

  /// Makes a dataset; its first version comes with the first commit.
  ///
  /// - Parameters:
  ///   - name: at most 200 bytes; no `/`, `@`, white space or control character. Stays readable.
  ///   - kind: what its records are.
  ///   - key: the column (by name, or `#3`) or member whose value names a record; without one a
  ///     file's path or a row's place does.
  ///   - subject: where the people are found: `none`, a column, `json:PATH`, `path:REGEX`, or
  ///     `file:` for a CSV that is given with each commit; which one is not recorded.
  ///   - dataClass: the class of data.
  ///   - owner: who answers for it.
  ///   - tags: words it is found by.
  /// - Throws: `CustodyError` with `alreadyExists`, `usage` for a rule that makes no sense,
  ///   `invalidInput` for a class that is no name, `nameHoldsIdentifier`.
  public func create(
    _ name: String, kind: Kind, key: String? = nil, subject: String,
    dataClass: String = Subject.defaultClass, owner: String? = nil, tags: [String] = []
  ) async throws {
    try checkIsCurrent()
    guard Self.isName(name) else {
      throw Self.noName(name)
    }
    if let key { try Self.checkKey(key, kind) }
    let rule = try SubjectRule(subject, kind: kind.rawValue)
    try Subjects.check(dataClass, "class")
    guard !(tags + [owner].compactMap { $0 }).contains("") else {
      throw CustodyError(.usage, "An owner or a tag is empty: leave it out.")
    }
    for text in [name] + tags + [owner, key].compactMap({ $0 }) {
      try check(text, "name, owner, tag or key")
    }
    guard try dataset(name) == nil else {
      throw CustodyError(.alreadyExists, "There is a dataset \(name) already.")
    }
    let event = DatasetCreated(
      dataset: name, kind: kind.rawValue, key: key, subject: rule.text, dataClass: dataClass,
      owner: owner, tags: tags)
    try await store.appendOwn(
      NewEvent(
        stream: "\(DatasetProjection.streamPrefix)\(name)", type: DatasetCreated.type,
        typeVersion: DatasetCreated.version, expectedRevision: .none, content: event.content))
  }

  private static func checkKey(_ key: String, _ kind: Kind) throws {
    switch kind {
    case .files: throw CustodyError(.usage, "--key is for tables: a file's path is its key.")
    case .csv:
      guard !key.isEmpty, !SubjectRule.isColumnZero(key) else {
        throw CustodyError(.usage, "--key needs the name of a column, or its number from #1 on.")
      }
    case .lines:
      guard key.contains(where: { $0 != "." }) else {
        throw CustodyError(.usage, "--key needs a member, as id or item.id.")
      }
    }
  }

  static func noName(_ name: String) -> CustodyError {
    CustodyError(
      .usage,
      "\(name) cannot name a dataset: 1 to 200 bytes, no /, @, white space or control character.")
  }

  static func isName(_ name: String) -> Bool {
    (1...200).contains(name.utf8.count)
      && name.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && $0.properties.generalCategory != .control
          && !["/", "@"].contains($0)
      }
  }

  /// Every dataset, by name.
  public func all() throws -> [Entry] {
    try list { listing, reader in
      try listing.datasets().filter { $0.position.value < end }
        .map { try entry($0, listing, reader) }
    }
  }

  /// A dataset by name.
  ///
  /// - Throws: `notFound`.
  public func entry(_ name: String) throws -> Entry {
    let row = try existing(name)
    return try list { try entry(row, $0, $1) }
  }

  /// The versions of a dataset, the oldest first.
  public func versions(of name: String) throws -> [Version] {
    let row = try existing(name)
    return try list { listing, reader in
      let tags = try listing.tags(of: row.id, below: end)
      return try reader.versions(of: row.id).filter { $0.position.value < end }
        .map { try version($0, row, tags, listing) }
    }
  }

  private func entry(
    _ row: DatasetRow, _ listing: DatasetListing, _ reader: DatasetReader
  ) throws -> Entry {
    let tags = try listing.tags(of: row.id, below: end)
    return Entry(
      name: row.name, kind: Kind(rawValue: row.kind) ?? .files, key: row.key, subject: row.subject,
      dataClass: row.dataClass, owner: row.owner, tags: row.tags,
      newest: try reader.newest(of: row.id, below: end).map { try version($0, row, tags, listing) })
  }

  func version(
    _ row: VersionRow, _ dataset: DatasetRow, _ tags: [(tag: String, number: Int)],
    _ listing: DatasetListing
  ) throws -> Version {
    Version(
      number: row.number, position: row.position, recordedAt: row.recordedAt, root: row.root,
      records: row.records, bytes: row.bytes, added: row.added, changed: row.changed,
      removed: row.removed, tags: tags.filter { $0.number == row.number }.map(\.tag),
      actor: row.actor, run: row.run, message: try listing.message(of: row.number, dataset.id))
  }

  // MARK: - Committing

  /// Commits a folder, a CSV or a file of lines as the next version.
  ///
  /// - Parameters:
  ///   - name: the dataset.
  ///   - path: what to commit.
  ///   - message: what to say of it; checked like names.
  ///   - subjectFile: for a dataset whose people a file names, and only for such: a CSV with a column
  ///     `key` of natural keys and a column `subject` of outside identifiers, a row for each person.
  ///   - registersUnknown: whether people who are not registered are.
  ///   - progress: called as bytes are sealed.
  /// - Returns: what differs from the version before; nothing is appended when nothing does. The
  ///   event says where the path leads, unless that names a person.
  /// - Throws: `invalidInput` for what cannot be committed, with the place in it;
  ///   `revisionConflict` when somebody else committed meanwhile. The ledger is unchanged then.
  ///
  /// Cost: reads the source twice, seals and stores what is new; <doc:VersionsOfADataset> says what
  /// memory it takes.
  @discardableResult
  public func commit(
    _ name: String, _ path: String, message: String? = nil, subjectFile: String? = nil,
    registersUnknown: Bool = true, progress: Progress? = nil
  ) async throws -> Commit {
    try checkIsCurrent()
    let row = try existing(name)
    if let message { try check(message, "message") }
    let source = try await Self.source(row, path, subjectFile: subjectFile, in: store)
    var commit = DatasetCommit(
      store: store, dataset: row, message: message, registersUnknown: registersUnknown,
      progress: progress)
    commit.path = Store.absolute(path)
    return try await commit.commit(source)
  }

  /// - Parameter store: what must not be in a folder.
  static func source(
    _ row: DatasetRow, _ path: String, subjectFile: String?, in store: Store? = nil
  ) async throws -> any DatasetSource {
    let rule = try SubjectRule(row.subject, kind: row.kind)
    if case .inherited = rule.place {
      throw CustodyError(
        .usage,
        "The people of \(row.name) are those of the records that a run read. Commit to it with: "
          + "custody run --job NAME --in DATASET=PATH --out \(row.name)=PATH -- COMMAND")
    }
    guard case .file = rule.place else {
      guard subjectFile == nil else {
        throw CustodyError(
          .usage, "The people of \(row.name) are found by --subject \(rule.text), not in a file.")
      }
      return try source(row, path, rule, in: store)
    }
    guard let subjectFile else {
      throw CustodyError(
        .usage,
        "Give --subject file:CSV: \(row.name) takes its people from a file, and the ledger does not "
          + "keep which.")
    }
    return try await AssignedSource(try source(row, path, rule, in: store), subjectFile)
  }

  static func source(
    _ row: DatasetRow, _ path: String, _ rule: SubjectRule, in store: Store? = nil
  ) throws -> any DatasetSource {
    let isFolder = try SourceFile.isFolder(path)
    switch Kind(rawValue: row.kind) {
    case .files:
      guard isFolder else {
        throw CustodyError(.usage, "\(path) is not a folder; \(row.name) is a dataset of files.")
      }
      return try FolderSource(
        path, subjects: rule, outside: store.map { StorePlaces($0.folder) })
    case .csv, .lines:
      guard !isFolder else {
        throw CustodyError(.usage, "\(path) is a folder; \(row.name) is a dataset of \(row.kind).")
      }
      return try TableSource(path, dataset: row, subjects: rule)
    case nil:
      throw CustodyError(.damaged, "\(row.name) is a dataset of an unknown kind.")
    }
  }

  /// Gives a version a name of its own, which moves when it is given again.
  ///
  /// - Throws: `usage` for a tag that looks like a REF of another kind.
  public func tag(_ name: String, _ reference: String, as tag: String) async throws {
    try checkIsCurrent()
    let row = try existing(name)
    let version = try version(row, reference)
    guard Self.isName(tag), !Self.looksLikeReference(tag) else {
      throw CustodyError(
        .usage, "\(tag) cannot be a tag: it may not look like a position, v3, a date, P30D or head."
      )
    }
    try check(tag, "tag")
    let event = DatasetVersionTagged(dataset: name, number: version.number, tag: tag)
    try await store.appendOwn(
      NewEvent(
        stream: "\(DatasetProjection.streamPrefix)\(name)", type: DatasetVersionTagged.type,
        typeVersion: DatasetVersionTagged.version, content: event.content))
  }

  // MARK: - Looking up

  func read<R>(_ body: (DatasetReader) throws -> R) throws -> R {
    try store.engine.read(DatasetProjection.kind) { try body(DatasetReader($0)) }
  }

  /// The same, with what was said of datasets.
  func list<R>(_ body: (DatasetListing, DatasetReader) throws -> R) throws -> R {
    let columns = try store.engine.columns()
    return try store.engine.read(DatasetProjection.kind) {
      try body(DatasetListing($0, columns), DatasetReader($0))
    }
  }

  private func dataset(_ name: String) throws -> DatasetRow? {
    try list { listing, _ in
      try listing.dataset(name).flatMap { $0.position.value < end ? $0 : nil }
    }
  }

  /// Text that stands under the operations key for ever is checked like a name.
  func check(_ text: String, _ field: String) throws {
    guard let keyring = store.folder.keyring, try keyring.holdsIdentifier(text) else { return }
    throw CustodyError(
      .nameHoldsIdentifier,
      "The \(field) contains the identifier of a registered subject, and no erasure reaches it. "
        + "Say it without.")
  }

  func existing(_ name: String) throws -> DatasetRow {
    guard let row = try dataset(name) else {
      throw CustodyError(
        .notFound, "There is no dataset \(name). `custody dataset list` names them.")
    }
    return row
  }
}
