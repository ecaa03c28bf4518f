import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// What is known about a person apart from contents: these come one after the other.
struct SubjectDossier {
  /// A dataset that has, or had, records of hers.
  struct Part {
    let entry: Datasets.Entry
    let row: DatasetRow
    let versions: [Version]
    /// Her records as they were from one version until another, the oldest first.
    let lives: [DatasetReader.Life]
  }

  /// A version that has records of hers, or in which one of them last was.
  struct Version {
    let row: VersionRow
    let records: Int
    let source: Datasets.Source
    /// Of a CSV.
    let header: Header?
  }

  /// The first row of a CSV, and what parts its fields.
  struct Header {
    let text: String
    let delimiter: UInt8
    let columns: [String]

    init(_ header: [UInt8], delimiter: UInt8) {
      text = String(decoding: header, as: UTF8.self)
      self.delimiter = delimiter
      columns = Self.fields(header, delimiter)
    }

    func fields(_ row: [UInt8]) -> [String] { Self.fields(row, delimiter) }

    private static func fields(_ row: [UInt8], _ delimiter: UInt8) -> [String] {
      TableFields.names(row, delimiter: delimiter).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  let ledger: LedgerID
  let madeAt: Timestamp
  let entry: Subjects.Entry
  /// What she is called outside; nil where that is lost.
  let identifier: String?
  let facts: SubjectFacts
  let consents: [Consent]
  let restrictions: [Restrictions.Restriction]
  /// When each matter that holds data of hers is looked at again.
  let reviews: [Timestamp]
  let waiting: [Erasures.Waiting]
  let parts: [Part]
  /// Where events stand that are sealed under a key of hers.
  let positions: [Position]
  let runs: [(id: EventID, story: RunStory?)]
  let reach: [SubjectLineage.Entry]
  let copies: [ErasurePlan.Copy]

  var keys: Set<KeyID> { Set(entry.keys.map(\.id)) }
  var contentCount: Int { parts.reduce(positions.count) { $0 + $1.lives.count } }

  /// Models that may have learned from her data.
  var models: [SubjectLineage.Entry] { reach.filter { $0.node.kind == .model } }
}

extension SubjectDossier {
  init(of id: KeyID, _ store: Store) async throws {
    try store.engine.catchUp()
    guard let entry = try store.subjects.entry(id) else { throw try store.erasures.unknown(id) }
    let keys = entry.keys.map(\.id)
    let keySets = try store.engine.read(DatasetProjection.kind) { connection in
      let reader = DatasetReader(connection)
      return Set(try keys.flatMap { try reader.keySets(with: $0) })
    }
    let positions = try store.engine.read(EventIndex.kind) {
      try EventIndex.positions(
        $0, type: nil, keys: keys, in: 0..<Int.max, reversed: false, limit: .max)
    }
    let touched = try store.lineage.touched(by: keySets)
    ledger = store.ledgerID
    madeAt = store.now
    self.entry = entry
    identifier = try await store.subjects.identifier(of: id)
    facts = try store.subjects.facts(of: id)
    consents = try store.consents.consents(of: id)
    restrictions = try store.restrictions.list().filter { $0.subject == id }
    reviews = try store.holds.heldKeys().matters(holding: keys).map(\.review).sorted()
    waiting = try store.erasures.waiting().filter { $0.subjects.contains(id) }
    parts = try Self.parts(keySets, store)
    self.positions = positions
    let planning = try ErasurePlanning(store)
    runs = try touched.runs.sorted().map { ($0, try store.runs.story(of: $0)) }
      .filter { try !planning.leavesOut(Set(keys), $1) }
    reach = try store.lineage.reach(of: .key(id)).entries
    copies = try planning.copies(
      of: [id], touched, Set(positions.map(\.value)))
  }

  private static func parts(_ keySets: Set<Int64>, _ store: Store) throws -> [Part] {
    let rows = try store.datasets.list { listing, _ in try listing.datasets() }
    return try rows.compactMap { row in
      let (lives, versions) = try store.datasets.read { reader in
        (try reader.lives(under: keySets, of: row.id), try reader.versions(of: row.id))
      }
      guard !lives.isEmpty else { return nil }
      let described = Dictionary(
        uniqueKeysWithValues: try store.datasets.versions(of: row.name).map { ($0.number, $0) })
      let having = try versions.compactMap { version -> Version? in
        let count = lives.count {
          $0.since <= version.number && $0.until.map { version.number < $0 } ?? true
        }
        guard count > 0, let known = described[version.number] else { return nil }
        return Version(
          row: version, records: count, source: try store.datasets.source(of: known),
          header: try header(row, version, store))
      }
      return Part(
        entry: try store.datasets.entry(row.name), row: row, versions: having,
        lives: lives.sorted { ($0.since, $0.ordinal) < ($1.since, $1.ordinal) })
    }
  }

  private static func header(
    _ row: DatasetRow, _ version: VersionRow, _ store: Store
  ) throws -> Header? {
    guard row.kind == Datasets.Kind.csv.rawValue else { return nil }
    let contents = try VersionContents(store: store, dataset: row, version: version)
    let frame = try TableFrame(parsing: contents.frame())
    guard let header = frame.header, let delimiter = frame.delimiter else { return nil }
    return Header(header, delimiter: delimiter)
  }
}
