import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets.State {
  /// What in this store leads from records of a version to people.
  ///
  /// Recital 26 of the GDPR: "account should be taken of all the means reasonably likely to be used, such
  /// as singling out, either by the controller or by another person".
  public enum Link: Equatable, Sendable {
    /// A dataset has tokens beside their values.
    case table(String)
    /// A key makes the tokens of a purpose again.
    case key(KeyID, purpose: String)
    /// A column without tokens says whom each record is about.
    case column(String)
    /// Records are sealed under keys of people.
    case people
    /// The version that has the values is here, and its records can be put beside these.
    case values(dataset: String, version: Int, by: [Join])

    /// What says which record is which in two versions.
    public enum Join: Equatable, Sendable {
      /// The natural key, which has no tokens: what it is called.
      case key(String)
      /// The order of the records.
      case order
      /// What the ledger has of the run that made the tokens.
      case run
    }

    /// Whether a version with this link is not anonymized, whatever is measured or claimed.
    func isObstacle(hasTokens: Bool) -> Bool {
      switch self {
      case .table, .key, .column: true
      case .people: !hasTokens
      case .values: false
      }
    }
  }
}

/// Finds what in a store leads from records of versions to people.
struct LinkFinder {
  private let datasets: Datasets
  private var known: [String: [Int: AnonymityFacts]] = [:]

  init(_ datasets: Datasets) { self.datasets = datasets }

  /// What was said of each version, and of an older one that was restored as it: it has the same records,
  /// and so the same root.
  mutating func facts(of row: DatasetRow) throws -> [Int: AnonymityFacts] {
    if let known = known[row.name] { return known }
    let (engine, end) = (datasets.store.engine, datasets.end)
    let columns = try engine.columns()
    var facts = try engine.read(AnonymityProjection.kind) {
      try AnonymityReader($0, columns).versions(of: row.name, below: end)
    }
    if !facts.isEmpty {
      var byRoot: [Digest: AnonymityFacts] = [:]
      for version in try datasets.read({ try $0.versions(of: row.id) })
      where version.position.value < end {
        byRoot[version.root] = facts[version.number] ?? byRoot[version.root]
        facts[version.number] = byRoot[version.root]
      }
    }
    known[row.name] = facts
    return facts
  }

  mutating func links(
    of row: DatasetRow, _ number: Int, _ tokens: DatasetVersionPseudonymized?,
    _ columns: [Datasets.State.Column]
  ) throws -> [Datasets.State.Link] {
    var links: [Datasets.State.Link] = []
    for column in columns where column.wayBack == .open {
      let link: Datasets.State.Link =
        switch (column.tokens, column.key) {
        case (.keyed(let purpose), let key?): .key(key, purpose: purpose)
        default: .table(column.table ?? "")
        }
      if !links.contains(link) { links.append(link) }
    }
    let origin = try origin(of: row, number, tokens)
    let names = try names(of: origin)
    func isOpen(_ name: String) -> Bool { !columns.contains { $0.name == name } }
    if let subject = names?.subject, isOpen(subject) { links.append(.column(subject)) }
    if try hasRecords(row, number, besides: datasets.store.folder.keyring?.operationsKey()) {
      links.append(.people)
    }
    if tokens != nil, try hasRecords(origin.row, origin.number) {
      var joins: [Datasets.State.Link.Join] = []
      if let key = names?.keyName, isOpen(key) { joins.append(.key(key)) }
      if origin.isOrderKept { joins.append(.order) }
      links.append(
        .values(dataset: origin.row.name, version: origin.number, by: joins + [.run]))
    }
    return links
  }

  private struct Origin {
    var row: DatasetRow
    var number: Int
    /// Whether the records stand in its order.
    var isOrderKept = true
  }

  /// The version that has all values of one with tokens, which may have been made in several steps; of
  /// one without, itself.
  private mutating func origin(
    of row: DatasetRow, _ number: Int, _ tokens: DatasetVersionPseudonymized?
  ) throws -> Origin {
    var origin = Origin(row: row, number: number)
    var next = tokens
    var seen: Set<[String]> = []
    while let said = next, seen.insert([said.dataset, "\(said.number)"]).inserted {
      origin.row = try datasets.existing(said.sourceDataset)
      origin.number = said.sourceNumber
      if said.order == .tokens { origin.isOrderKept = false }
      next = try facts(of: origin.row)[origin.number]?.tokens
    }
    return origin
  }

  /// What the columns are called that name records and people; nil of files, which have none.
  private func names(of origin: Origin) throws -> PseudonymColumns? {
    guard origin.row.kind != Datasets.Kind.files.rawValue else { return nil }
    let version = try datasets.version(origin.row, "v\(origin.number)")
    let frame = try VersionContents(store: datasets.store, dataset: origin.row, version: version)
      .tableFrame().frame
    return try PseudonymColumns([], of: origin.row, frame, "\(origin.row.name)@v\(origin.number)")
  }

  /// Whether a record of a version can be opened, besides those under a key.
  private func hasRecords(
    _ row: DatasetRow, _ number: Int, besides key: KeyID? = nil
  ) throws -> Bool {
    try datasets.read {
      try $0.hasOpenRecord(of: row.id, in: number, besides: key, below: datasets.end)
    }
  }
}
