import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets {
  /// How many people share what a version says of them.
  public struct Measurement: Sendable {
    /// The columns by which somebody might be found.
    public let columns: [String]
    /// Columns that say something of people, and by which nobody is found, as the caller says.
    public let sensitive: [String]
    /// Other columns that have no tokens, and that nobody looked at.
    public let otherCount: Int
    /// Their names; the ledger keeps only how many there are, so that a later answer has none.
    public let others: [String]
    /// Records that were looked at.
    public let records: Int
    /// Records that were gone.
    public let missing: Int
    /// Combinations of values that occur.
    public let groups: Int
    /// The fewest people who share one: *k*. Of records about nobody, the fewest records.
    public let smallest: Int
    /// Records of somebody who shares hers with nobody.
    public let unique: Int
    /// The fewest that were asked for.
    public let required: Int
    /// Where the ledger says so; nil when nothing was recorded.
    public let position: Position?

    /// Whether every column was looked at or has tokens, and as many people share every combination as
    /// were asked for.
    public var isReached: Bool { otherCount == 0 && records > 0 && smallest >= required }
  }

  /// Measures how many people share every combination of values of some columns, and records it.
  ///
  /// - Parameters:
  ///   - name: a dataset of rows or lines.
  ///   - reference: which version.
  ///   - columns: by which somebody might be found, as for pseudonyms.
  ///   - sensitive: columns that say something of people and by which nobody is found.
  ///   - required: how many people are to share each, at least 2.
  ///   - isTrial: whether nothing is recorded.
  /// - Throws: `invalidInput` for a column that there is not; `usage` for files, for one that is named
  ///   twice, and for a sensitive one that says whom records are about.
  ///
  /// People are counted, not records: several records of one person hide nobody. What was erased since
  /// the version was committed is not counted. What it comes to is said by ``state(of:_:)``, with what
  /// leads to people all the same. <doc:Pseudonyms> says what the number does not say.
  ///
  /// Cost: opens every record once; memory for each combination and each person in one.
  @discardableResult
  public func measureAnonymity(
    of name: String, _ reference: String = "head", columns: [String], sensitive: [String] = [],
    required: Int = 5, isTrial: Bool = false
  ) async throws -> Measurement {
    let (row, version) = try measurable(name, reference)
    guard !columns.isEmpty, required >= 2 else {
      throw CustodyError(
        .usage,
        columns.isEmpty
          ? "Name the columns by which somebody might be found."
          : "At least 2 people have to share something, or it is about one.")
    }
    for column in columns + sensitive { try check(column, "column") }
    try store.checkRecords(of: row, in: version)
    let state = try states(of: name)[version.number] ?? .raw
    var scan = try AnonymityScan(store, row, version, columns, sensitive, state)
    try scan.run()
    let said = scan.measured(required: required)
    let event = isTrial ? nil : try await say(said, of: name)
    return Measurement(said, others: scan.others.sorted(), at: event)
  }

  /// Records that somebody says a version is anonymous, and by which method.
  ///
  /// Nothing may contradict it: no key or table that leads back from tokens, no column without tokens that
  /// says whom records are about, and no record that is sealed under a key of somebody while
  /// nothing has tokens. What else the store can put beside the version is said in ``State/links``.
  ///
  /// - Parameters:
  ///   - name: a dataset.
  ///   - reference: which version.
  ///   - method: for example `expert-determination`; checked like names.
  /// - Returns: how the version stands now.
  /// - Throws: `notFound`; `invalidInput` for a method that is no name; `nameHoldsIdentifier`;
  ///   `restricted` when the version leads to people, with what to do first.
  @discardableResult
  public func claimAnonymity(
    of name: String, _ reference: String = "head", method: String
  ) async throws -> State {
    try checkIsCurrent()
    let row = try existing(name)
    let version = try version(row, reference)
    try Subjects.check(method, "method")
    try check(method, "method")
    if let obstacle = try obstacles(to: row, version.number).first {
      throw CustodyError(
        .restricted,
        "\(name)@v\(version.number) cannot be called anonymous: \(obstacle.refusal(name))")
    }
    _ = try await say(
      DatasetAnonymityClaimed(dataset: name, number: version.number, method: method), of: name)
    return try states(of: name)[version.number] ?? .raw
  }

  /// What contradicts that a version is anonymous, also one of which nothing was said yet.
  private func obstacles(to row: DatasetRow, _ number: Int) throws -> [State.Link] {
    if let state = try states(of: row.name)[number] { return state.obstacles }
    var finder = LinkFinder(self)
    return try finder.links(of: row, number, nil, []).filter { $0.isObstacle(hasTokens: false) }
  }

  private func measurable(
    _ name: String, _ reference: String
  ) throws -> (DatasetRow, VersionRow) {
    try checkIsCurrent()
    let row = try existing(name)
    guard row.kind != Kind.files.rawValue else {
      throw CustodyError(
        .usage, "\(name) is a dataset of files; columns are of a CSV, or members of JSON lines.")
    }
    return (row, try version(row, reference))
  }

  private func say<Event: ModelEvent>(_ said: Event, of name: String) async throws -> Position {
    let event = NewEvent(
      stream: "\(DatasetProjection.streamPrefix)\(name)", type: Event.type,
      typeVersion: Event.version, content: said.content)
    return try await store.folder.ledger().append(
      try store.sealing.seal([event], isOwn: true))[0].position
  }
}

extension Datasets.Measurement {
  init(_ said: DatasetAnonymityMeasured, others: [String] = [], at position: Position?) {
    self.init(
      columns: said.columns, sensitive: said.sensitive, otherCount: said.others, others: others,
      records: said.records, missing: said.missing, groups: said.groups, smallest: said.smallest,
      unique: said.unique, required: said.required, position: position)
  }
}

extension Datasets.State.Link {
  /// Why a version of a dataset is not anonymous, and what to do first.
  fileprivate func refusal(_ name: String) -> String {
    switch self {
    case .table(let table):
      "\(table) leads back from its tokens. Erase the people's rows of it first: custody subject "
        + "erase --class \(PseudonymTable.dataClass)"
    case .key(_, let purpose):
      "the key for \(purpose) makes its tokens again. Destroy it first: custody key destroy "
        + "--purpose \(purpose)"
    case .column(let column):
      "the column \(column) says whom each record is about. Make a version in which it has tokens: "
        + "custody dataset pseudonymize --column \(column)"
    case .people, .values:
      "its records are sealed under keys of people, and nothing in them has tokens. Make a version "
        + "that has some, with custody dataset pseudonymize, or commit what is about nobody to a "
        + "dataset of --subject none."
    }
  }
}
