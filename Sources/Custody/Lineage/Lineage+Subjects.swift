import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// Where the data of one person went.
public struct SubjectLineage: Sendable {
  /// How sure it is that her data is in it.
  public enum Evidence: String, Sendable, CaseIterable {
    /// Records about her are in it.
    case holds
    /// It was made from records about her: a run said so, record by record.
    case derived
    /// It was made from something that has her data, and nobody said from which records.
    case possible
  }

  /// A version, a run or a model that her data reached.
  public struct Entry: Sendable {
    /// What it is.
    public let node: LineagePicture.Node
    /// How sure it is.
    public let evidence: Evidence
    /// How many records about her a version has; nil for others.
    public let records: Int?
  }

  /// Versions first, then runs, then models; the oldest first.
  public let entries: [Entry]
  /// How many nodes were looked at.
  public let visited: Int
  /// Whether everything was followed to its end.
  public let isComplete: Bool
  /// As of when, for people.
  public let moment: String
}

extension Lineage {
  /// Every version of every dataset, every run and every model that the data of a person reached.
  ///
  /// - Throws: `notFound` when there is no such person, also when she was erased and no record
  ///   names her keys.
  ///
  /// Cost: her records, the runs that read them, and a pass over all uses.
  public func reach(of subject: Subject) throws -> SubjectLineage {
    let filter = try RecordFilter(Datasets.Filter(subjects: [subject]), store)
    return try query { query in
      var search = try SubjectSearch(query, filter.keySets ?? [])
      try search.findHolding()
      try search.findDerived()
      try search.findPossible()
      return SubjectLineage(
        entries: try search.entries(), visited: search.visited, isComplete: search.isComplete,
        moment: momentText)
    }
  }
}

/// What records under some keys are in, and who touched them.
struct TouchedData {
  /// A version of one of Custody's own datasets.
  struct Version: Hashable {
    let dataset: String
    let number: Int
  }

  /// How many of the records each version has.
  var records: [Version: Int] = [:]
  /// Runs that read or wrote such a version.
  var runs: Set<EventID> = []
  /// Runs that read or wrote anything.
  var allRuns: Set<EventID> = []
  /// Records that were made from them, and are about nobody or about others.
  var derived: Set<RecordLineage.Record> = []
  /// Versions of models that may have learned from them, for example `emotion@3`.
  var models: Set<String> = []
  /// Versions that may have been made from them, of which nobody said from which records.
  var possible: Set<String> = []
}

extension Lineage {
  /// What the records are in that some sets of keys seal, and which runs read or wrote that.
  ///
  /// - Parameter takesUnknown: whether runs count that used versions which nobody can look into.
  ///
  /// Cost: the records, and a pass over all uses.
  func touched(by keySets: Set<Int64>, orUnknown takesUnknown: Bool = false) throws -> TouchedData {
    try query { query in
      var search = try SubjectSearch(query, keySets)
      try search.findHolding()
      var touched = TouchedData()
      for (node, count) in search.counts {
        guard case .version(let dataset, .named(let version)) = node,
          let own = try query.ownVersion(of: dataset, version)
        else { continue }
        touched.records[.init(dataset: own.dataset, number: own.number)] = count
      }
      let datasets = Set(touched.records.keys.map(\.dataset))
      var (users, touching): (Set<Int64>, Set<Int64>) = ([], [])
      for use in try query.reader.uses() where use.run != 0 {
        users.insert(use.run)
        let name = try query.reader.name(use.dataset).name
        guard name.namespace == query.ownNamespace else { continue }
        let isTouching: Bool
        if use.version == 0 {
          // What others report of a dataset without a version may have been any.
          isTouching = datasets.contains(name.name) || takesUnknown
        } else if let own = try query.ownVersion(of: use.dataset, use.version) {
          isTouching = touched.records[.init(dataset: own.dataset, number: own.number)] != nil
        } else {
          isTouching = takesUnknown
        }
        if isTouching { touching.insert(use.run) }
      }
      touched.runs = try query.reader.uuids(ofRuns: touching)
      touched.allRuns = try query.reader.uuids(ofRuns: users)
      try search.findDerived()
      touched.derived = search.derived
      try search.findPossible()
      for entry in try search.entries() {
        let name = entry.node.version.map { "\(entry.node.name)@\($0)" } ?? entry.node.name
        if entry.node.kind == .model { touched.models.insert(name) }
        if entry.node.kind == .version, entry.evidence == .possible {
          touched.possible.insert(name)
        }
      }
      return touched
    }
  }
}

private struct SubjectSearch {
  private let query: LineageQuery
  private let keySets: Set<Int64>
  private let graph: LineageGraph
  private let records: RecordLineage
  private var evidence: [LineageGraph.Node: SubjectLineage.Evidence] = [:]
  private(set) var counts: [LineageGraph.Node: Int] = [:]
  private var starts: [RecordLineage.Record] = []
  /// Records that were made from hers and are not among them.
  private(set) var derived: Set<RecordLineage.Record> = []
  private(set) var visited = 0
  private(set) var isComplete = true

  init(_ query: LineageQuery, _ keySets: Set<Int64>) throws {
    self.query = query
    self.keySets = keySets
    graph = try query.graph(.run)
    records = try RecordLineage(query)
  }

  private func node(_ dataset: String, _ number: Int) throws -> LineageGraph.Node? {
    let name = LineageName(namespace: query.ownNamespace, name: dataset)
    guard let id = try query.reader.id(of: .dataset, name),
      let version = try query.reader.id(of: .version, owner: id, Array("v\(number)".utf8))
    else { return nil }
    return .version(dataset: id, .named(version))
  }

  /// Versions that have records about her.
  mutating func findHolding() throws {
    for (name, row) in try query.ownDatasets().sorted(by: { $0.key < $1.key }) {
      let (lives, versions) = try query.store.engine.readUncaught { connection in
        let reader = DatasetReader(connection)
        return (try reader.lives(under: keySets, of: row.id), try reader.versions(of: row.id))
      }
      let known = Set(versions.filter { query.isKnown($0) }.map(\.number))
      starts += lives.filter { known.contains($0.since) }.map {
        RecordLineage.Record(dataset: name, ordinal: $0.ordinal, since: $0.since)
      }
      for version in versions where known.contains(version.number) {
        let count = lives.count {
          $0.since <= version.number && $0.until.map { version.number < $0 } ?? true
        }
        guard count > 0, let node = try node(name, version.number) else { continue }
        evidence[node] = .holds
        counts[node] = count
      }
    }
  }

  /// What runs said, record by record.
  mutating func findDerived() throws {
    let found = try records.reach(from: starts, .downstream, depth: nil)
    visited += found.nodes.count + starts.count
    isComplete = isComplete && found.isComplete
    let trainings = try query.reader.trainings()
    for (node, _) in found.nodes {
      switch node {
      case .run(let run): evidence[.run(run)] = found.unsaid.contains(run) ? .possible : .derived
      case .model(let model, let version):
        let run = trainings.first {
          $0.model == model && $0.version == version && $0.run != 0
        }?.run
        // As sure as it is of the run that trained it.
        evidence[.model(model, version: version)] =
          run.map { found.unsaid.contains($0) } == true ? .possible : .derived
      case .record(let record):
        derived.insert(record)
        guard let node = try self.node(record.dataset, record.since), evidence[node] == nil else {
          continue
        }
        evidence[node] = .derived
      }
    }
    derived.subtract(starts)
  }

  /// Everything downstream of what has her data.
  mutating func findPossible() throws {
    let holding = Set(evidence.keys)
    let numbers = holding.flatMap { graph.numbers(alike: $0) }
    let found = graph.adjacency.reach(from: numbers, .downstream)
    visited += found.nodes.count
    for number in found.nodes {
      let node = graph.nodes[Int(number)].whole
      if evidence[node] == nil { evidence[node] = .possible }
    }
  }

  func entries() throws -> [SubjectLineage.Entry] {
    func rank(_ kind: LineagePicture.Kind) -> Int { kind == .model ? 2 : kind == .run ? 1 : 0 }
    var entries: [(entry: SubjectLineage.Entry, time: Int64)] = []
    for (node, evidence) in evidence {
      let time = graph.numbers(alike: node).compactMap { graph.times[Int($0)] }.min()
      let described = try query.describe(node, at: time)
      entries.append(
        (
          SubjectLineage.Entry(node: described, evidence: evidence, records: counts[node]),
          described.startedAt?.microseconds ?? time ?? .min
        ))
    }
    entries.sort { left, right in
      let ranks = (rank(left.entry.node.kind), rank(right.entry.node.kind))
      if ranks.0 != ranks.1 { return ranks.0 < ranks.1 }
      if left.time != right.time { return left.time < right.time }
      let (a, b) = (left.entry.node, right.entry.node)
      return (a.name, a.version ?? a.id ?? "") < (b.name, b.version ?? b.id ?? "")
    }
    return entries.map(\.entry)
  }
}
