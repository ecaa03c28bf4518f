import CustodyLedger

/// A part of the lineage graph, as it is drawn and exported.
///
/// A value without a store behind it: the same picture gives the same bytes in every format. Edges
/// whose ends are no nodes are left out of all of them.
public struct LineagePicture: Sendable {
  /// What a node stands for.
  public enum Kind: String, Sendable, CaseIterable {
    /// A dataset, with all its versions.
    case dataset
    /// A dataset at one moment.
    case version
    /// A column of a table.
    case column
    /// One record of a dataset.
    case record
    /// What is run again and again.
    case job
    /// A job run once.
    case run
    /// What a training run made.
    case model
  }

  /// How far a run got, or that what a node stands for is gone.
  public enum State: String, Sendable, CaseIterable {
    /// It goes on.
    case running
    /// It did what it should.
    case completed
    /// It did not.
    case failed
    /// Nobody knows how it ended.
    case aborted
    /// Its content exists no more.
    case erased
    /// Some of its records exist no more.
    case partlyErased = "partly-erased"

    /// The state in words.
    public var text: String { self == .partlyErased ? "erased in part" : rawValue }
  }

  /// That keys were destroyed, without which nobody can read some of it any more.
  public struct Erasure: Sendable, Hashable {
    /// Where the event that says so stands in the ledger.
    public var position: Position
    /// When that was recorded.
    public var time: Timestamp
    /// Why the keys were destroyed: `erasure` or `expiry`; nil where nobody says.
    public var reason: String?
    /// Where the request stands that it answers; nil without one.
    public var request: Position?
    /// How many records of this version went.
    public var records: Int

    /// An erasure of so many records.
    public init(
      position: Position, time: Timestamp, reason: String? = nil, request: Position? = nil,
      records: Int
    ) {
      self.position = position
      self.time = time
      self.reason = reason
      self.request = request
      self.records = records
    }
  }

  /// A thing that data comes from or goes to.
  public struct Node: Sendable {
    /// What it stands for.
    public var kind: Kind
    /// Where its name is unique; empty for what has no namespace.
    public var namespace: String
    /// The whole name, as OpenLineage has it.
    public var name: String
    /// What is drawn: the name, shortened while it is unambiguous.
    public var label: String
    /// Which version of the dataset: `v3`, or its producer's own name for it.
    public var version: String?
    /// The UUID of a run.
    public var id: String?
    /// How far a run got, or that it is erased.
    public var state: State?
    /// When a run began; when a version was written.
    public var startedAt: Timestamp?
    /// When a run ended.
    public var endedAt: Timestamp?
    /// When it began or was written, where no event says that with a time zone: read as UTC, and
    /// nothing is ordered by it.
    public var naiveStart: Timestamp?
    /// When it ended, where no event says that with a time zone.
    public var naiveEnd: Timestamp?
    /// When what it stands for was erased, or the first part of it.
    public var invalidatedAt: Timestamp?
    /// What erased it, in the order of the ledger, where that is known.
    public var erasures: [Erasure] = []
    /// Who answers for it.
    public var owners: [String]
    /// Who acted.
    public var actor: String?
    /// What it is folded into where the picture is too large: a namespace, a parent job.
    public var group: String?
    /// What else people may want to know.
    public var facts: [(name: String, value: String)]

    /// A node; what is not said is unknown, and `label` is the name.
    public init(
      kind: Kind, namespace: String = "", name: String, label: String? = nil,
      version: String? = nil, id: String? = nil, state: State? = nil,
      startedAt: Timestamp? = nil, endedAt: Timestamp? = nil, invalidatedAt: Timestamp? = nil,
      owners: [String] = [], actor: String? = nil, group: String? = nil,
      facts: [(name: String, value: String)] = []
    ) {
      self.kind = kind
      self.namespace = namespace
      self.name = name
      self.label = label ?? name
      self.version = version
      self.id = id
      self.state = state
      self.startedAt = startedAt
      self.endedAt = endedAt
      self.invalidatedAt = invalidatedAt
      self.owners = owners
      self.actor = actor
      self.group = group
      self.facts = facts
    }
  }

  /// How data flows from one node to another.
  public enum EdgeKind: String, Sendable, CaseIterable {
    /// A run reads a dataset.
    case reads
    /// A run writes a dataset.
    case writes
    /// One is made from the other.
    case derives
    /// One decides about the other without being part of it: a filter, an order.
    case indirect
    /// A model is trained on it.
    case trains
    /// One is part of the other, or a version of it, or a run of it.
    case contains
  }

  /// A flow of data between two nodes.
  public struct Edge: Sendable {
    /// Where the data comes from: an index of ``LineagePicture/nodes``.
    public var source: Int
    /// Where it goes: an index of ``LineagePicture/nodes``.
    public var target: Int
    /// How.
    public var kind: EdgeKind
    /// When it came to be.
    public var time: Timestamp?
    /// What else is said of it.
    public var label: String?

    /// An edge between two nodes.
    public init(
      source: Int, target: Int, kind: EdgeKind, time: Timestamp? = nil, label: String? = nil
    ) {
      self.source = source
      self.target = target
      self.kind = kind
      self.time = time
      self.label = label
    }
  }

  /// What the picture shows.
  public var title: String
  /// As of when, for people: `now`, or a time.
  public var moment: String
  /// What there is.
  public var nodes: [Node]
  /// How data flows.
  public var edges: [Edge]
  /// What was asked about: indices of ``nodes``.
  public var focus: [Int]
  /// Whether nothing was left out.
  public var isComplete: Bool
  /// How many nodes were looked at, those left out included.
  public var visited: Int

  /// A picture of these nodes and edges; when nothing else is said, everything was looked at.
  public init(
    title: String, moment: String = "now", nodes: [Node], edges: [Edge], focus: [Int] = [],
    isComplete: Bool = true, visited: Int? = nil
  ) {
    self.title = title
    self.moment = moment
    self.nodes = nodes
    self.edges = edges
    self.focus = focus
    self.isComplete = isComplete
    self.visited = visited ?? nodes.count
  }
}

extension LineagePicture {
  /// The edges whose ends are nodes.
  package var drawnEdges: [Edge] {
    edges.filter { nodes.indices.contains($0.source) && nodes.indices.contains($0.target) }
  }

  /// The groups in the order in which they first occur, with the nodes of each.
  ///
  /// Names that differ in bytes are different groups, even where Swift says that they are equal.
  package var groups: [(name: String, members: [Int])] {
    var places: [[UInt8]: Int] = [:]
    var groups: [(name: String, members: [Int])] = []
    for (index, node) in nodes.enumerated() {
      guard let name = node.group else { continue }
      let key = Array(name.utf8)
      if let place = places[key] {
        groups[place].members.append(index)
      } else {
        places[key] = groups.count
        groups.append((name, [index]))
      }
    }
    return groups
  }
}

extension LineagePicture.Node {
  /// The last digits of a run's id: the first ones of two runs in one minute are the same.
  public var shortID: String? { id.map { String($0.suffix(8)) } }

  /// When it began or was written, to the minute: with a `~` where nobody says the zone.
  package var writtenStart: String? {
    startedAt?.minute ?? naiveStart.map { "\($0.minute)~" }
  }

  /// The lines under the label: what it is, which version, how it went and when.
  package var details: String {
    var parts = [kind.rawValue]
    if let version { parts[0] += " " + version }
    if let state { parts.append(state.text) }
    if let time = writtenStart { parts.append(time) }
    return parts.joined(separator: " · ")
  }
}

extension Timestamp {
  /// The time to the minute, in UTC: what fits on a drawing.
  package var minute: String {
    let text = description
    guard let separator = text.firstIndex(of: "T") else { return text }
    return text[..<separator] + " " + text[text.index(after: separator)...].prefix(5)
  }
}
