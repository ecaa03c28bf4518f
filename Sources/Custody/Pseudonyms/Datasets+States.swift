import CustodyModel
import CustodyProjections
import CustodyStore

extension Datasets {
  /// How far a version says whom its records are about, as far as the ledger knows: to whoever has the
  /// version and not the store. What leads on in the store is named by ``links``.
  public struct State: Sendable {
    /// What is known of a version.
    public enum Kind: String, Sendable, CaseIterable {
      /// Nothing: it has what was committed, or what a run wrote.
      case raw
      /// Tokens stand for values. While a key or a table leads back from one of them, or a column says
      /// whom records are about, a version is this and nothing else; without that too, until somebody
      /// measures or claims more.
      case pseudonymized
      /// Somebody says that it is anonymous, and nothing contradicts it.
      case anonymizedAsClaimed = "anonymized-as-claimed"
      /// Every combination of values that was measured is shared by as many people as were asked for.
      case anonymizedAsMeasured = "anonymized-as-measured"
    }

    /// A column that has tokens.
    public struct Column: Sendable {
      /// What leads back from its tokens.
      public enum WayBack: Equatable, Sendable {
        /// The key, or a row of the table, is there.
        case open
        /// The key is gone, says the event there: what the tokens stand for can still be compared.
        case keyDestroyed(Position)
        /// No row of the table can be opened any more.
        case tableErased
      }

      /// What it is called.
      public let name: String
      /// Where its tokens come from.
      public let tokens: Tokens
      /// The dataset that has tokens from chance beside their values.
      public let table: String?
      /// The key that makes tokens.
      public let key: KeyID?
      /// What leads back from its tokens.
      public let wayBack: WayBack
    }

    /// What is known of the version.
    public let kind: Kind
    /// The columns that have tokens.
    public let columns: [Column]
    /// The dataset and version that have the values of these; nil without tokens.
    public let source: (dataset: String, version: Int)?
    /// What was measured last; nil when nothing was.
    public let measured: Measurement?
    /// What was claimed last: by which method, and where the ledger says so.
    public let claim: (method: String, position: Position)?
    /// What in this store leads from records of the version to people; empty when nothing was said
    /// of it.
    public let links: [Link]

    /// The links that keep the version from being called anonymous, whatever is measured or claimed.
    ///
    /// Whoever has the version alone has no keys of people. But who calls records anonymous and keeps
    /// them attributed to people, with nothing replaced in them, contradicts herself.
    public var obstacles: [Link] { links.filter { $0.isObstacle(hasTokens: !columns.isEmpty) } }

    static let raw = State(columns: [], source: nil, measured: nil, claim: nil, links: [])

    init(
      columns: [Column], source: (dataset: String, version: Int)?, measured: Measurement?,
      claim: (method: String, position: Position)?, links: [Link]
    ) {
      self.columns = columns
      self.source = source
      self.measured = measured
      self.claim = claim
      self.links = links
      let isFree = !links.contains { $0.isObstacle(hasTokens: !columns.isEmpty) }
      kind =
        if isFree, measured?.isReached == true {
          .anonymizedAsMeasured
        } else if isFree, claim != nil {
          .anonymizedAsClaimed
        } else {
          columns.isEmpty ? .raw : .pseudonymized
        }
    }
  }

  /// How far a version says whom its records are about.
  ///
  /// - Throws: `notFound` for a dataset or version that there is not.
  public func state(of name: String, _ reference: String = "head") throws -> State {
    let row = try existing(name)
    return try states(of: name)[try version(row, reference).number] ?? .raw
  }

  /// The same of every version of which something was said, by its number, and of those with the same
  /// records; others are raw.
  ///
  /// Cost: what was said, and some look-ups for each of these versions; of what is erased, a pass over
  /// its rows.
  public func states(of name: String) throws -> [Int: State] {
    let row = try existing(name)
    var finder = LinkFinder(self)
    let facts = try finder.facts(of: row)
    var ways: [String: State.Column.WayBack] = [:]
    return try Dictionary(
      uniqueKeysWithValues: facts.map { number, facts in
        let columns = try (facts.tokens?.columns ?? []).map { try column($0, &ways) }
        let state = State(
          columns: columns, source: facts.tokens.map { ($0.sourceDataset, $0.sourceNumber) },
          measured: facts.measured.map { Measurement($0.said, at: $0.position) },
          claim: facts.claimed.map { ($0.said.method, $0.position) },
          links: try finder.links(of: row, number, facts.tokens, columns))
        return (number, state)
      })
  }

  private func column(
    _ column: DatasetVersionPseudonymized.Column, _ ways: inout [String: State.Column.WayBack]
  ) throws -> State.Column {
    switch column.tokens {
    case .table(let table):
      let way = try ways[table] ?? (isOpen(table) ? .open : .tableErased)
      ways[table] = way
      return State.Column(
        name: column.name, tokens: .random, table: table, key: nil, wayBack: way)
    case .keyed(let purpose, let text):
      let key = KeyID(hex: text)
      let way = try ways[text] ?? key.map { try wayBack(of: $0) } ?? .open
      ways[text] = way
      return State.Column(
        name: column.name, tokens: .keyed(purpose: purpose), table: nil, key: key, wayBack: way)
    }
  }

  private func wayBack(of key: KeyID) throws -> State.Column.WayBack {
    let columns = try store.engine.columns()
    return try store.engine.read(AnonymityProjection.kind) {
      try AnonymityReader($0, columns).destruction(of: key, below: end)
    }.map { .keyDestroyed($0) } ?? .open
  }

  private func isOpen(_ table: String) throws -> Bool {
    let row = try existing(table)
    return try read { try $0.hasOpenRecord(of: row.id, below: end) }
  }
}
