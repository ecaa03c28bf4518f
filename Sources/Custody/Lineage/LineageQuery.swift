import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// Answers questions about lineage; belongs to one connection, and knows what it found before.
final class LineageQuery {
  let store: Store
  let reader: LineageReader
  let ownNamespace: String
  private var graphs: [LineageGraph.Grain: LineageGraph] = [:]
  private var events: [Int64: OpenLineageEvent?] = [:]
  private var ambiguous: [LineageName: Bool] = [:]
  private var owners: [Int64: [String]] = [:]
  private var runs: [Int64: RunFacts] = [:]
  private var ownRows: [String: DatasetRow]?
  /// Of each dataset of Custody's own, the records that no key opens any more.
  var erasedLives: [String: [(destroyed: Position, life: DatasetReader.Life)]] = [:]
  var destructions: [Position: Destruction?] = [:]
  private var untimedVersions: [Int64: Int64]?

  /// What is known of one run.
  struct RunFacts {
    let row: LineageRunRow
    let state: LineagePicture.State
    let startedAt: Timestamp?
    let endedAt: Timestamp?
    /// When it began and ended where no event says that with a zone.
    let naiveStart: Timestamp?
    let naiveEnd: Timestamp?
    /// Who acted, as asserted: of Custody's own runs only, for who imports a report did not run it.
    let actor: String?
  }

  init(_ store: Store, _ reader: LineageReader) {
    self.store = store
    self.reader = reader
    ownNamespace = LineageProjection.ownNamespace(store.ledgerID)
  }

  func graph(_ grain: LineageGraph.Grain) throws -> LineageGraph {
    if let known = graphs[grain] { return known }
    let made =
      switch grain {
      case .design: try LineageGraph.design(reader)
      case .run: try LineageGraph.runs(reader)
      case .column: try LineageGraph.columns(reader)
      }
    graphs[grain] = made
    return made
  }

  /// Custody's own datasets, as the ledger knew them.
  var datasets: Datasets { Datasets(store: store, end: Int(reader.moment.below)) }

  /// Which version of which of Custody's own datasets names stand for; nil for those of others.
  func ownVersion(
    of dataset: Int64, _ version: Int64
  ) throws -> (dataset: String, number: Int)? {
    let name = try reader.name(dataset).name
    guard name.namespace == ownNamespace,
      let number = Int(try reader.name(version).label.dropFirst())
    else { return nil }
    return (name.name, number)
  }

  /// Whether a version of Custody's own was there at the moment.
  func isKnown(_ version: VersionRow) -> Bool {
    Int64(version.position.value) < reader.moment.below
      && reader.moment.time.map { version.recordedAt.microseconds <= $0 } ?? true
  }

  // MARK: - Runs

  func run(_ id: Int64) throws -> RunFacts? {
    if let known = runs[id] { return known }
    guard let row = try reader.run(id) else { return nil }
    let events = try reader.events(of: id)
    var state = LineagePicture.State.running
    // Of several ends the last one counts, whatever order they came in.
    let ends = events.filter { $0.type?.isTerminal == true }
    let end = ends.max { ($0.time ?? .min, $0.position) < ($1.time ?? .min, $1.position) }
    switch end?.type {
    case .complete: state = .completed
    case .fail: state = .failed
    case .abort: state = .aborted
    default: break
    }
    let start = events.compactMap(\.time).min()
    let facts = RunFacts(
      row: row, state: state, startedAt: start.map { Timestamp(microseconds: $0) },
      endedAt: end?.time.map { Timestamp(microseconds: $0) },
      naiveStart: start == nil
        ? try events.compactMap { try naiveTime(at: $0.position) }.min() : nil,
      naiveEnd: end?.time == nil ? try end.flatMap { try naiveTime(at: $0.position) } : nil,
      actor: try actor(of: events.first))
    runs[id] = facts
    return facts
  }

  /// The time that an event says without a zone.
  func naiveTime(at position: Int64) throws -> Timestamp? {
    guard let time = try event(at: position)?.time, !time.hasZone else { return nil }
    return time.timestamp
  }

  private func actor(of first: LineageEventRow?) throws -> String? {
    guard let position = first?.position,
      let claim = try store.event(at: Position(Int(position)))?.header.claim,
      claim.type.text == RunStarted.type
    else { return nil }
    return claim.actor.text
  }

  // MARK: - What is shown of a node

  func describe(_ node: LineageGraph.Node, at time: Int64? = nil) throws -> LineagePicture.Node {
    switch node {
    case .dataset(let id): return try named(.dataset, id)
    case .job(let id, _): return try named(.job, id)
    case .column(let id):
      let row = try reader.name(id)
      guard row.kind == .column else { return try named(.dataset, id) }
      var made = try named(.column, graphIdentities().leader(of: row.owner))
      made.name += "#\(row.label)"
      made.label += "#\(row.label)"
      return made
    case .model(let id, let version):
      var made = try named(.model, id)
      made.version = try reader.name(version).label
      made.startedAt = time.map { Timestamp(microseconds: $0) }
      return made
    case .version(let dataset, let version):
      var made = try named(.version, dataset)
      made.startedAt = time.map { Timestamp(microseconds: $0) }
      switch version {
      case .named(let id):
        made.version = try reader.name(id).label
        if time == nil { made.naiveStart = try naiveTime(ofVersion: id) }
        try addErasures(to: &made, dataset, id)
      case .written(let run):
        guard run != 0, let run = try self.run(run) else { break }
        made.version = "by \(run.row.uuid.uuid.suffix(8))"
        // Producers name outputs when a run begins: what came of one that failed is not sure.
        if run.state != .completed { made.state = run.state }
        if time == nil { made.naiveStart = run.naiveEnd ?? run.naiveStart }
      case .found: made.version = "as found"
      case .some: made.version = "one of them"
      }
      return made
    case .run(let id, _):
      guard let run = try run(id) else { throw DatasetReader.damaged }
      var made =
        try run.row.job.map { try named(.run, $0) }
        ?? LineagePicture.Node(kind: .run, name: run.row.uuid.uuid)
      made.id = run.row.uuid.uuid
      made.state = run.state
      made.startedAt = run.startedAt
      made.endedAt = run.endedAt
      made.naiveStart = run.naiveStart
      made.naiveEnd = run.naiveEnd
      made.actor = run.actor
      return made
    }
  }

  private func naiveTime(ofVersion id: Int64) throws -> Timestamp? {
    let known = try untimedVersions ?? reader.untimedVersions()
    untimedVersions = known
    return try known[id].flatMap { try naiveTime(at: $0) }
  }

  private func named(_ kind: LineagePicture.Kind, _ id: Int64) throws -> LineagePicture.Node {
    let row = try reader.name(id)
    let name = row.name
    return LineagePicture.Node(
      kind: kind, namespace: name.namespace, name: name.name, label: try label(row),
      owners: try owners(of: row))
  }

  /// A name as short as nothing else has it.
  func label(_ row: LineageNameRow) throws -> String {
    let name = row.name
    let isAmbiguous: Bool
    if let known = ambiguous[name] {
      isAmbiguous = known
    } else {
      isAmbiguous =
        try [LineageNameKind.dataset, .job, .model].reduce(0) {
          try $0 + reader.ids(of: $1, named: name.name).count
        } > 1
      ambiguous[name] = isAmbiguous
    }
    guard isAmbiguous, name.namespace != ownNamespace else { return name.name }
    return "\(name.namespace)/\(name.name)"
  }

  /// Who answers for a dataset or a job.
  private func owners(of row: LineageNameRow) throws -> [String] {
    if let known = owners[row.id] { return known }
    let name = row.name
    var found: [String] = []
    if row.kind == .dataset, name.namespace == ownNamespace {
      found = try ownDatasets()[name.name]?.owner.map { [$0] } ?? []
    } else if row.kind == .model {
      found = try store.models.versions(of: name.name).compactMap(\.owner).suffix(1)
    } else if row.kind == .dataset || row.kind == .job {
      found = try ownership(of: row)?.owners.map(\.name) ?? []
    }
    owners[row.id] = found
    return found
  }

  func ownDatasets() throws -> [String: DatasetRow] {
    if let ownRows { return ownRows }
    let rows = try store.datasets.list { listing, _ in try listing.datasets() }
    let made = Dictionary(rows.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    ownRows = made
    return made
  }

  private func ownership(of row: LineageNameRow) throws -> OwnershipFacet? {
    let ids =
      row.kind == .dataset ? try graphIdentities().names(of: row.id) : [row.id]
    let facet = row.kind == .dataset ? "dataset.ownership" : "job.ownership"
    guard let newest = try reader.newest(facet, of: ids),
      let event = try event(at: newest.position)
    else { return nil }
    let facets =
      row.kind == .job
      ? event.job?.facets
      : try ([event.dataset].compactMap { $0 } + event.inputs + event.outputs).last { dataset in
        try reader.id(of: .dataset, dataset.name) == newest.about
          && dataset.facets[OwnershipFacet.self] != nil
      }?.facets
    return facets?[OwnershipFacet.self]
  }

  private var identities: LineageIdentities?

  func graphIdentities() throws -> LineageIdentities {
    if let identities { return identities }
    let made = try reader.identities()
    identities = made
    return made
  }

  /// The masked event of OpenLineage at a position; nil when it is not readable.
  func event(at position: Int64) throws -> OpenLineageEvent? {
    if let known = events[position] { return known }
    let found = try recorded(at: position).flatMap { try? OpenLineageEvent(reading: $0.event) }
    if events.count > 4096 { events.removeAll(keepingCapacity: true) }
    events[position] = found
    return found
  }

  /// What was recorded of an event of OpenLineage.
  func recorded(at position: Int64) throws -> LineageRecorded? {
    guard let stored = try store.event(at: Position(Int(position))),
      stored.header.claim.type.text == LineageRecorded.type,
      let content = try store.content(of: stored)
    else { return nil }
    return LineageRecorded(content: content, version: stored.header.claim.typeVersion)
  }

  // MARK: - Groups

  /// The parent run of each run.
  private var parents: [Int64: Int64]?

  private func parentRuns() throws -> [Int64: Int64] {
    if let parents { return parents }
    let made = Dictionary(
      try reader.parents().filter { !$0.isRoot }.map { ($0.run, $0.parent) },
      uniquingKeysWith: min)
    parents = made
    return made
  }

  /// What a node is folded into: its namespace, or the job that started it.
  func group(
    of node: LineageGraph.Node, _ described: LineagePicture.Node, _ grouping: Lineage.Grouping
  ) throws -> String? {
    guard grouping == .parent else {
      return described.namespace.isEmpty ? nil : described.namespace
    }
    let parents = try parentRuns()
    let run: Int64?
    switch node {
    case .run(let id, _): run = id
    case .job(let id, _): run = try reader.runs(ofJob: id).last { parents[$0.id] != nil }?.id
    default: run = nil
    }
    guard let run, let parent = parents[run], let job = try reader.run(parent)?.job else {
      return nil
    }
    return try label(reader.name(job))
  }
}
