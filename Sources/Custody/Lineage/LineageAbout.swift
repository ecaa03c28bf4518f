import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// What is known of one thing by itself: since when, and what its newest facets say.
///
/// ```swift
/// for about in try store.lineage.about("orders") {
///   for facet in about.facets { print(facet.key, facet.json) }
/// }
/// ```
public struct LineageAbout: Sendable {
  /// What a facet of OpenLineage says, as the newest event has it.
  public struct Facet: Sendable {
    /// What it is said of: `run`, `job`, `dataset`, or `input` and `output` of what one run read and
    /// wrote.
    public let place: String
    /// The facet's key, as `schema`.
    public let key: String
    /// The dataset that it is about, where it is shown with a run; nil for the thing itself.
    public let dataset: String?
    /// The UUID of the run that said it.
    public let run: String?
    /// The facet, JSON, without what may be about somebody.
    public let json: String
    /// Whether the original says more than is shown here.
    public let isSealed: Bool
    /// When it was said; nil where the event names no zone.
    public let saidAt: Timestamp?
    /// Where the original stands in the ledger; nil when it is erased.
    public let original: Position?

    let facets: OpenLineageFacets

    /// The facet by its members.
    package func value<Value: LineageFacet>(_ type: Value.Type) -> Value? { facets[type] }
  }

  /// Something that Custody itself knows.
  public struct Fact: Sendable {
    /// What it is called: a word, as programs write it.
    public let name: String
    /// What it is.
    public let value: Value

    /// What can be known.
    public enum Value: Sendable {
      /// A name, or a text.
      case text(String)
      /// How many.
      case count(Int)
      /// How many bytes.
      case bytes(Int)
      /// How long, in milliseconds.
      case duration(Int)
      /// When.
      case time(Timestamp)
      /// Several names.
      case list([String])
    }
  }

  /// What it is.
  public internal(set) var node: LineagePicture.Node
  /// When it was first spoken of, by the events' own times; nil when nobody says when.
  public internal(set) var firstSeen: Timestamp?
  /// When it was last spoken of.
  public internal(set) var lastSeen: Timestamp?
  /// Whether those times were said without a time zone: read as UTC, and nothing is ordered by them.
  public internal(set) var isNaive = false
  /// Other names of the same dataset.
  public internal(set) var alsoCalled: [String] = []
  /// What Custody itself knows of it: of its own datasets, versions, runs and models, and how often a
  /// job ran.
  public internal(set) var facts: [Fact] = []
  /// What its newest facets say, by place and key.
  public internal(set) var facets: [Facet] = []
  /// Facets that the specification does not have, by key, and how many events say each: they are kept
  /// in the originals.
  public internal(set) var unknownFacets: [(key: String, count: Int)] = []

  init(_ node: LineagePicture.Node) { self.node = node }

  mutating func add(_ name: String, _ value: Fact.Value?) {
    if let value { facts.append(Fact(name: name, value: value)) }
  }

  mutating func see(_ sightings: LineageSightings, _ query: LineageQuery) throws {
    if let first = sightings.first, let last = sightings.last {
      firstSeen = Timestamp(microseconds: first)
      lastSeen = Timestamp(microseconds: last)
    } else if let untimed = sightings.untimed {
      let times = try [untimed.first, untimed.last].compactMap { try query.naiveTime(at: $0) }
      firstSeen = times.min()
      lastSeen = times.max()
      isNaive = true
    }
  }
}

extension Lineage {
  /// What is known of one thing by itself, as of the moment.
  ///
  /// - Parameter name: what is asked about; see the help of `custody lineage`.
  /// - Returns: one, or of a model one for each of its versions.
  /// - Throws: `notFound` with the nearest names; `usage` where a name is not clear.
  ///
  /// Cost: a pass over all uses for a dataset, and an event opened for each few of its facets.
  public func about(_ name: String) throws -> [LineageAbout] {
    try query { query in
      try LineageFinder(query: query).find(name).nodes.map { try query.about($0) }
    }
  }

  /// What is known of the record that a natural key names.
  package func about(
    record key: String, of dataset: String, at reference: String
  ) throws -> [LineageAbout] {
    try query { query in
      let lineage = try RecordLineage(query)
      return try query.start(record: key, of: dataset, reference, lineage, momentText).map {
        LineageAbout(try lineage.describe($0))
      }
    }
  }
}

extension LineageQuery {
  func about(_ node: LineageGraph.Node) throws -> LineageAbout {
    var about = LineageAbout(try describe(node))
    switch node {
    case .dataset(let id):
      let names = try graphIdentities().names(of: id)
      about.alsoCalled = try names.filter { $0 != id }.map { try reader.name($0).name.whole }
      try about.see(reader.sightings(ofDataset: names), self)
      try about.addOwnDataset(self)
      try addFacets(to: &about, of: names) { _ in true }
    case .version(let dataset, let version): try addVersion(to: &about, dataset, version)
    case .job(let id, _):
      let seen = try reader.sightings(ofJob: id)
      try about.see(seen.sightings, self)
      try about.addRuns(seen.runs, self)
      try addFacets(to: &about, of: [id]) { _ in true }
    case .run(let id, _): try addRun(to: &about, id)
    case .column(let id):
      let row = try reader.name(id)
      let owner = row.kind == .column ? row.owner : id
      let names = try graphIdentities().names(of: owner)
      try about.see(reader.sightings(ofDataset: names), self)
      try addFacets(to: &about, of: names) { _ in true }
      // Of the dataset's facets only some speak of its columns.
      about.facets.removeAll { !Self.ofColumns.contains($0.key) }
      about.unknownFacets = []
    case .model: try about.addModel(self)
    }
    return about
  }

  private static let ofColumns: Set = [
    "schema", "tags", "dataQualityMetrics", "dataQualityAssertions",
  ]

  private func addVersion(
    to about: inout LineageAbout, _ dataset: Int64, _ version: LineageGraph.Version
  ) throws {
    let names = try graphIdentities().names(of: dataset)
    var versions: [Int64] = []
    var writer: Int64?
    switch version {
    case .named(let id):
      let label = Array(try reader.name(id).label.utf8)
      versions = try names.compactMap { try reader.id(of: .version, owner: $0, label) }
    case .written(let run): writer = run
    case .found, .some: break
    }
    var seen = LineageSightings()
    var positions: Set<Int64> = []
    var written: Int64?
    for use in try reader.uses(ofVersions: versions, writtenBy: writer, of: names) {
      seen.add(use.position, use.time)
      positions.insert(use.position)
      guard use.isWrite, let time = use.time else { continue }
      written = max(written ?? time, time)
    }
    try about.see(seen, self)
    if let written { about.node.startedAt = Timestamp(microseconds: written) }
    try about.addOwnVersion(self)
    try addFacets(to: &about, of: names) { positions.contains($0) }
  }

  private func addRun(to about: inout LineageAbout, _ run: Int64) throws {
    var seen = LineageSightings()
    let events = try reader.events(of: run)
    for event in events { seen.add(event.position, event.time) }
    try about.see(seen, self)
    try about.addOwnRun(self)
    try addFacets(to: &about, of: [-run]) { _ in true }
    // What it said of its inputs and outputs is true of this run only.
    let positions = Set(events.map(\.position))
    var datasets: [Int64: [Int64]] = [:]
    for use in try reader.uses(ofRun: run) {
      let leader = try graphIdentities().leader(of: use.dataset)
      if datasets[leader]?.contains(use.dataset) != true {
        datasets[leader, default: []].append(use.dataset)
      }
    }
    for (leader, names) in datasets.sorted(by: { $0.key < $1.key }) {
      var other = LineageAbout(about.node)
      try addFacets(
        to: &other, of: names, as: label(reader.name(leader)), places: ["input", "output"]
      ) { positions.contains($0) }
      about.facets += other.facets
    }
  }

  // MARK: - Facets

  /// Adds the newest facets that events at some positions say.
  ///
  /// - Parameters:
  ///   - subjects: names of a dataset or a job, or a run below zero.
  ///   - dataset: what they are about where that is not the thing itself.
  ///   - places: of which kinds; all of them by default.
  private func addFacets(
    to about: inout LineageAbout, of subjects: [Int64], as dataset: String? = nil,
    places: Set<String>? = nil, where isMeant: (Int64) -> Bool
  ) throws {
    var newest: [Int64: LineageFacetRow] = [:]
    var counts: [Int64: Set<Int64>] = [:]
    for (name, word) in try reader.facets(of: subjects)
    where isMeant(word.position) {
      counts[name, default: []].insert(word.position)
      if let known = newest[name], known.isNewer(than: word) { continue }
      newest[name] = word
    }
    var unknown: [String: Int] = [:]
    // Most facets of a thing are in one event.
    var originals: [Int64: (position: Position, event: OpenLineageEvent)?] = [:]
    for (name, word) in newest where word.state == .said {
      let label = try reader.name(name).label
      guard let dot = label.firstIndex(of: ".") else { continue }
      let (place, key) = (String(label[..<dot]), String(label[label.index(after: dot)...]))
      guard places?.contains(place) ?? true, let event = try event(at: word.position),
        let found = try facets(of: word.about, place, key, in: event)
      else { continue }
      guard let json = found.json(key) else {
        unknown[key, default: 0] += counts[name]?.count ?? 0
        continue
      }
      let original = try originals[word.position] ?? original(ofRecordedAt: word.position)
      originals[word.position] = .some(original)
      let source = try original.flatMap { try facets(of: word.about, place, key, in: $0.event) }
      about.facets.append(
        LineageAbout.Facet(
          place: place, key: key, dataset: dataset, run: event.run.map { "\($0.id)" },
          json: String(decoding: json, as: UTF8.self), isSealed: found.isMasked(key, of: source),
          saidAt: word.time.map { Timestamp(microseconds: $0) }, original: original?.position,
          facets: found))
    }
    about.facets.sort { ($0.place, $0.key) < ($1.place, $1.key) }
    about.unknownFacets = unknown.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The facets of a place among which an event says one of something.
  private func facets(
    of about: Int64, _ place: String, _ key: String, in event: OpenLineageEvent
  ) throws -> OpenLineageFacets? {
    let all: [OpenLineageFacets?]
    switch place {
    case "run": all = [event.run?.facets]
    case "job": all = [event.job?.facets]
    default:
      let datasets =
        switch place {
        case "input": event.inputs
        case "output": event.outputs
        default: [event.dataset].compactMap { $0 } + event.inputs + event.outputs
        }
      all = try datasets.filter { try reader.id(of: .dataset, $0.name) == about }
        .map { place == "dataset" ? $0.facets : $0.usage }
    }
    return all.compactMap { $0 }.last { facets in
      facets.all.contains { $0.key == key && !$0.isDeleted && $0.fault == nil }
    }
  }

  /// The original of what was recorded at a position; nil when its key is gone.
  func original(
    ofRecordedAt position: Int64
  ) throws -> (position: Position, event: OpenLineageEvent)? {
    guard let source = try recorded(at: position)?.source, let event = try store.event(id: source),
      let content = try store.content(of: event)
    else { return nil }
    return (event.position, try OpenLineageEvent(reading: content, facets: .known))
  }
}
