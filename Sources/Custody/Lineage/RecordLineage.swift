import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// Which records came from which, over the runs of Custody, by what each run said or its natural keys
/// told.
final class RecordLineage {
  /// A record as it is from one version on.
  struct Record: Hashable {
    let dataset: String
    let ordinal: Int
    let since: Int
  }

  enum Node: Hashable {
    case record(Record)
    /// The row of a run.
    case run(Int64)
    /// Names of a model and its version.
    case model(Int64, version: Int64)
  }

  struct Found {
    var nodes: [(node: Node, depth: Int)] = []
    /// In the direction in which data flows.
    var edges: [(source: Node, target: Node)] = []
    var isComplete = true
    /// Runs that read such records and said of no output which come from them.
    var unsaid: Set<Int64> = []
  }

  /// Records that are followed; what lies behind makes an answer incomplete.
  static let recordCountMax = 200_000

  private struct Access {
    let run: Int64
    let number: Int
  }

  private let query: LineageQuery
  private let store: Store
  private let rows: [String: DatasetRow]
  private var readers: [String: [Access]] = [:]
  private var stories: [Int64: RunStory?] = [:]
  /// Whether something of a run could not be read.
  private var lacksStory = false
  private var lists: [String: [DerivationList.Run]] = [:]
  private var versions: [String: [VersionRow]] = [:]
  private let objects: StoredObjects

  init(_ query: LineageQuery) throws {
    self.query = query
    store = query.store
    rows = try query.ownDatasets()
    objects = try StoredObjects(folder: query.store.folder)
    // Of the graph of runs, where also a read that named no version has one.
    let graph = try query.graph(.run)
    for edge in graph.edges {
      guard case .run(let run, _) = graph.nodes[Int(edge.target)],
        case .version(let dataset, .named(let version)) = graph.nodes[Int(edge.source)]
      else { continue }
      guard let own = try query.ownVersion(of: dataset, version) else { continue }
      readers[own.dataset, default: []].append(Access(run: run, number: own.number))
    }
  }

  func reach(
    from starts: [Record], _ direction: Lineage.Direction, depth: Int?
  ) throws -> Found {
    var found = Found()
    var seen: Set<Node> = Set(starts.map { .record($0) })
    var frontier = starts
    var distance = 0
    while !frontier.isEmpty {
      if let depth, distance >= depth {
        // What lies behind is not looked for, only whether there is something.
        found.isComplete = try next(frontier, direction, &found.unsaid).allSatisfy(
          \.records.isEmpty)
        break
      }
      var following: [Record] = []
      for step in try next(frontier, direction, &found.unsaid) {
        let run = Node.run(step.run)
        for record in step.from { found.edges.append(Self.edge(.record(record), run, direction)) }
        for record in step.records {
          found.edges.append(Self.edge(run, .record(record), direction))
        }
        if seen.insert(.run(step.run)).inserted {
          found.nodes.append((.run(step.run), distance + 1))
        }
        for record in step.records where seen.insert(.record(record)).inserted {
          found.nodes.append((.record(record), distance + 2))
          following.append(record)
        }
      }
      guard seen.count <= Self.recordCountMax else {
        found.isComplete = false
        break
      }
      frontier = following
      distance += 2
    }
    if direction == .downstream { try addModels(starts, depth, &found) }
    if lacksStory { found.isComplete = false }
    return found
  }

  /// The models that were trained on what has such records.
  private func addModels(_ starts: [Record], _ depth: Int?, _ found: inout Found) throws {
    let all = starts.map { (Node.record($0), 0) } + found.nodes.map { ($0.node, $0.depth) }
    let depths = Dictionary(all, uniquingKeysWith: min)
    let records = Dictionary(
      grouping: all.compactMap { node, _ in
        if case .record(let record) = node { record } else { nil }
      }, by: \.dataset)
    var models: [Node: Int] = [:]
    for training in try query.reader.trainings() {
      let model = Node.model(training.model, version: training.version)
      var sources: [Node] = []
      if training.run != 0 {
        sources = [.run(training.run)]
      } else {
        guard let own = try query.ownVersion(of: training.dataset, training.datasetVersion)
        else { continue }
        let reached = records[own.dataset] ?? []
        let present = Set(try present(reached, own.dataset, in: own.number))
        sources = reached.filter { present.contains($0.ordinal) && $0.since <= own.number }
          .map { .record($0) }
      }
      for source in sources {
        guard let before = depths[source] else { continue }
        guard depth.map({ before < $0 }) ?? true else {
          found.isComplete = false
          continue
        }
        models[model] = min(models[model] ?? .max, before + 1)
        found.edges.append((source, model))
      }
    }
    found.nodes += models.map { ($0.key, $0.value) }
    found.nodes.sort { $0.depth < $1.depth }
  }

  private static func edge(
    _ near: Node, _ far: Node, _ direction: Lineage.Direction
  ) -> (source: Node, target: Node) {
    direction == .downstream ? (near, far) : (far, near)
  }

  private struct Step {
    let run: Int64
    /// Those of which the others come, or that come of them.
    let from: [Record]
    let records: [Record]
  }

  private func next(
    _ records: [Record], _ direction: Lineage.Direction, _ unsaid: inout Set<Int64>
  ) throws -> [Step] {
    direction == .downstream ? try fed(records, &unsaid) : try sources(records)
  }

  // MARK: - Downstream

  private func fed(_ records: [Record], _ unsaid: inout Set<Int64>) throws -> [Step] {
    var steps: [Step] = []
    for (dataset, records) in Dictionary(grouping: records, by: \.dataset).sorted(by: {
      $0.key < $1.key
    }) {
      for access in readers[dataset] ?? [] {
        let read = try present(records, dataset, in: access.number)
        guard !read.isEmpty else { continue }
        guard let story = try story(access.run) else {
          // Other tools name no records.
          unsaid.insert(access.run)
          steps.append(Step(run: access.run, from: records, records: []))
          continue
        }
        var made: [Record] = []
        var isSaid = false
        for output in story.completed?.outputs ?? [] {
          guard let said = output.derivations.first(where: { $0.dataset == dataset }) else {
            continue
          }
          isSaid = true
          var ordinals: Set<Int> = []
          for run in try derivations(said) {
            for input in read where run.input <= input && input < run.input + run.count {
              ordinals.insert(run.output + input - run.input)
            }
          }
          made += try self.records(ordinals.sorted(), output.dataset, in: output.number)
        }
        if !isSaid, story.completed != nil { unsaid.insert(access.run) }
        let from = records.filter { read.contains($0.ordinal) }
        steps.append(Step(run: access.run, from: from, records: made))
      }
    }
    return steps
  }

  /// The ordinals of those records that a version has as they are.
  private func present(_ records: [Record], _ dataset: String, in number: Int) throws -> [Int] {
    guard let row = rows[dataset] else { return [] }
    return try store.engine.readUncaught { connection in
      let reader = DatasetReader(connection)
      return try records.filter { record in
        try record.since <= number
          && reader.record(record.ordinal, of: row.id, in: number)?.since == record.since
      }.map(\.ordinal)
    }
  }

  /// Records with some ordinals as a version has them.
  func records(_ ordinals: [Int], _ dataset: String, in number: Int) throws -> [Record] {
    guard let row = rows[dataset], !ordinals.isEmpty else { return [] }
    return try store.engine.readUncaught { connection in
      let reader = DatasetReader(connection)
      return try ordinals.compactMap { ordinal in
        try reader.record(ordinal, of: row.id, in: number).map {
          Record(dataset: dataset, ordinal: ordinal, since: $0.since)
        }
      }
    }
  }

  // MARK: - Upstream

  private func sources(_ records: [Record]) throws -> [Step] {
    struct Made: Hashable {
      let dataset: String
      let since: Int
    }
    var steps: [Step] = []
    let groups = Dictionary(grouping: records) { Made(dataset: $0.dataset, since: $0.since) }
    for (made, records) in groups.sorted(by: {
      ($0.key.dataset, $0.key.since) < ($1.key.dataset, $1.key.since)
    }) {
      guard let version = try version(made.since, of: made.dataset), let text = version.run,
        let id = EventID(uuid: text), let run = try query.reader.run(id),
        let story = try story(run.id)
      else { continue }
      let output = story.completed?.outputs.first { $0.dataset == made.dataset }
      var found: [Record] = []
      for said in output?.derivations ?? [] {
        guard let input = story.started.inputs.first(where: { $0.dataset == said.dataset }) else {
          continue
        }
        var ordinals: Set<Int> = []
        for run in try derivations(said) {
          for record in records
          where run.output <= record.ordinal && record.ordinal < run.output + run.count {
            ordinals.insert(run.input + record.ordinal - run.output)
          }
        }
        found += try self.records(ordinals.sorted(), said.dataset, in: input.number)
      }
      steps.append(Step(run: run.id, from: records, records: found))
    }
    return steps
  }

  private func version(_ number: Int, of dataset: String) throws -> VersionRow? {
    if versions[dataset] == nil, let row = rows[dataset] {
      versions[dataset] = try store.engine.readUncaught {
        try DatasetReader($0).versions(of: row.id)
      }
    }
    return versions[dataset]?.first { $0.number == number && query.isKnown($0) }
  }

  // MARK: - Runs

  /// Nil for a run of another tool, and for one of which something cannot be read: both name no records.
  private func story(_ run: Int64) throws -> RunStory? {
    if let known = stories[run] { return known }
    var story: RunStory?
    do {
      story = try query.reader.run(run).flatMap { try Runs(store: store).story(of: $0.uuid) }
    } catch let error as CustodyError where error.code == .damaged {
      lacksStory = true
    }
    stories[run] = .some(story)
    return story
  }

  private func derivations(_ said: RunCompleted.Derivation) throws -> [DerivationList.Run] {
    try said.objects.flatMap { text -> [DerivationList.Run] in
      if let known = lists[text] { return known }
      let runs = try objects.derivations(at: text)
      lists[text] = runs
      return runs
    }
  }

  // MARK: - What is shown

  func describe(_ record: Record) throws -> LineagePicture.Node {
    var node = LineagePicture.Node(
      kind: .record, namespace: query.ownNamespace, name: record.dataset,
      version: "v\(record.since)")
    guard let row = rows[record.dataset],
      let version = try version(record.since, of: record.dataset)
    else { return node }
    node.startedAt = version.recordedAt
    let entry = try RecordScan(store: store, dataset: row, version: version)
      .entries([record.ordinal])[0]
    if let key = entry?.key {
      node.name = "\(record.dataset) \(key)"
    } else {
      node.name = "\(record.dataset) #\(record.ordinal)"
      node.state = .erased
      node.erasures = try query.erasures(
        ofRecord: record.ordinal, since: record.since, of: record.dataset)
      node.invalidatedAt = node.erasures.first?.time
    }
    node.label = node.name
    node.owners = row.owner.map { [$0] } ?? []
    return node
  }
}

extension Lineage {
  /// What one record of a dataset was made of, or fed, models included.
  ///
  /// - Parameters:
  ///   - key: its natural key.
  ///   - dataset: one of Custody's own.
  ///   - reference: the version whose record is meant.
  ///   - direction: along which edges.
  ///   - depth: how many edges to follow; all when nil.
  ///   - limit: how many steps to describe; all when nil.
  /// - Throws: `notFound` when the version has no such record.
  ///
  /// Cost: a few look-ups for each record and each run that read its dataset.
  public func reach(
    fromRecord key: String, of dataset: String, at reference: String = "head",
    _ direction: Direction, depth: Int? = nil, limit: Int? = nil
  ) throws -> LineageReach {
    try reach(fromRecord: key, of: dataset, at: reference, [direction], depth: depth, limit: limit)[
      0]
  }

  /// The same in several directions, for the price of finding the record once.
  package func reach(
    fromRecord key: String, of dataset: String, at reference: String, _ directions: [Direction],
    depth: Int?, limit: Int?
  ) throws -> [LineageReach] {
    try query { query in
      let lineage = try RecordLineage(query)
      let starts = try query.start(record: key, of: dataset, reference, lineage, momentText)
      return try directions.map { direction in
        let found = try lineage.reach(from: starts, direction, depth: depth)
        var counts: [Int] = []
        var steps: [LineageReach.Step] = []
        for (node, depth) in found.nodes {
          while counts.count < depth { counts.append(0) }
          counts[depth - 1] += 1
          guard limit.map({ steps.count < $0 }) ?? true else { continue }
          steps.append(
            .init(node: try query.describe(node, lineage, unsaid: found.unsaid), depth: depth))
        }
        return LineageReach(
          starts: try starts.map(lineage.describe), steps: steps, counts: counts,
          isComplete: found.isComplete && found.unsaid.isEmpty,
          visited: found.nodes.count + starts.count, startCount: starts.count, moment: momentText)
      }
    }
  }
}

extension LineageQuery {
  /// The record that a natural key names, where a version has it.
  ///
  /// - Throws: `notFound` when there is no such record, or was none at the moment.
  func start(
    record key: String, of dataset: String, _ reference: String, _ lineage: RecordLineage,
    _ moment: String
  ) throws -> [RecordLineage.Record] {
    let row = try datasets.existing(dataset)
    let version = try datasets.version(row, reference)
    guard isKnown(version) else {
      throw CustodyError(
        .notFound, "\(dataset) had no such version \(moment): it was committed later.")
    }
    let ordinal = try VersionContents(store: store, dataset: row, version: version)
      .ordinals(of: [key])[0]
    return try lineage.records([ordinal], dataset, in: version.number)
  }

  /// - Parameter unsaid: runs that did not say which records come from which.
  func describe(
    _ node: RecordLineage.Node, _ lineage: RecordLineage, unsaid: Set<Int64> = []
  ) throws -> LineagePicture.Node {
    switch node {
    case .record(let record): return try lineage.describe(record)
    case .run(let run):
      var made = try describe(.run(run))
      if unsaid.contains(run) {
        made.facts.append(("derivations", "it did not say which records come from which"))
      }
      return made
    case .model(let model, let version): return try describe(.model(model, version: version))
    }
  }
}
