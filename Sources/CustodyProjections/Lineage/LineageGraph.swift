/// The graph of one grain as of one moment, in memory: what its nodes are, and what leads where.
package struct LineageGraph: Sendable {
  package enum Grain: String, Sendable, CaseIterable {
    /// Jobs and datasets, as each job was last seen to work.
    case design
    /// Runs and the versions that they read and wrote.
    case run
    /// Columns.
    case column
  }

  /// What a node is. The numbers are of rows; see ``LineageReader``.
  package enum Node: Hashable, Sendable {
    case dataset(Int64)
    /// With a dataset: as far as it writes that one, where it said which inputs that takes.
    case job(Int64, writing: Int64? = nil)
    case run(Int64, writing: Int64? = nil)
    case version(dataset: Int64, Version)
    case column(Int64)
    case model(Int64, version: Int64)
  }

  /// Which version of a dataset.
  package enum Version: Hashable, Sendable {
    /// One with a name.
    case named(Int64)
    /// The one that a run wrote without giving it a name.
    case written(by: Int64)
    /// What was there before anybody is known to have written.
    case found
    /// One of them: nobody said when it was read, or when the others were written.
    case some
  }

  package let grain: Grain
  package private(set) var nodes: [Node] = []
  package private(set) var numbers: [Node: Int32] = [:]
  package private(set) var edges: [Adjacency.Edge] = []
  /// When each node is first known to have been there, in microseconds since 1970; nil when nobody
  /// said it with a zone.
  package private(set) var times: [Int64?] = []
  /// Names of one dataset, by each of its other names.
  package let sameAs: LineageIdentities
  /// What edges between columns say beyond that they are there.
  private var manners: [Pair: Manner] = [:]
  package private(set) var adjacency = Adjacency(nodeCount: 0, edges: [])

  private struct Pair: Hashable {
    let source: Int32
    let target: Int32
  }

  /// How a column comes from another.
  package struct Manner: Sendable {
    /// Whether it only decided which values there are: a filter, a join.
    package var isIndirect: Bool
    /// Whether the value cannot be told from the result.
    package var isMasked: Bool
  }

  /// How one column comes from another; nil where nothing is said, and for nodes of other kinds.
  package func manner(from source: Int32, to target: Int32) -> Manner? {
    manners[Pair(source: source, target: target)]
  }

  /// Notes how a column comes from another: directly when anybody says so.
  mutating func note(_ how: Int64, from source: Int32, to target: Int32) {
    let said = Manner(
      isIndirect: how & LineageColumnEdge.direct == 0, isMasked: how & LineageColumnEdge.masked != 0
    )
    let pair = Pair(source: source, target: target)
    guard let known = manners[pair] else { return manners[pair] = said }
    manners[pair] = Manner(
      isIndirect: known.isIndirect && said.isIndirect, isMasked: known.isMasked && said.isMasked)
  }

  init(_ grain: Grain, _ sameAs: LineageIdentities, reserving count: Int = 0) {
    self.grain = grain
    self.sameAs = sameAs
    nodes.reserveCapacity(count / 2)
    times.reserveCapacity(count / 2)
    numbers.reserveCapacity(count / 2)
    edges.reserveCapacity(count)
  }

  /// The number of a node, which is made when it is new.
  mutating func number(of node: Node, at time: Int64? = nil) -> Int32 {
    if let known = numbers[node] {
      note(time, of: known)
      return known
    }
    let number = Int32(nodes.count)
    numbers[node] = number
    nodes.append(node)
    times.append(time)
    return number
  }

  /// Says when a node was there, which may be earlier than was known.
  @inline(__always)
  mutating func note(_ time: Int64?, of number: Int32) {
    guard let time else { return }
    if let known = times[Int(number)], known <= time { return }
    times[Int(number)] = time
  }

  mutating func connect(_ source: Int32, _ target: Int32, position: Int64, time: Int64?) {
    edges.append(
      Adjacency.Edge(source: source, target: target, position: position, time: time ?? .max))
  }

  mutating func removeEdges(_ isMeant: (Adjacency.Edge) -> Bool) { edges.removeAll(where: isMeant) }

  /// Ends the making.
  mutating func finish() { adjacency = Adjacency(nodeCount: nodes.count, edges: edges) }

  /// All nodes that stand for the same thing: a run, and its parts that write something of their own.
  package func numbers(alike node: Node) -> [Int32] {
    let parts: [Node] =
      switch node {
      case .run(let run, _): parts[.run(run), default: []]
      case .job(let job, _): parts[.job(job), default: []]
      default: []
      }
    return ([node] + parts).compactMap { numbers[$0] }
  }

  /// Whether a run or job is more than one node.
  package var hasParts: Bool { !parts.isEmpty }

  /// The parts of runs and jobs.
  private var parts: [Node: [Node]] = [:]

  /// The number of a part of a run or job, by which its whole finds it.
  mutating func number(ofPart part: Node, of whole: Node, at time: Int64?) -> Int32 {
    if numbers[part] == nil { parts[whole, default: []].append(part) }
    return number(of: part, at: time)
  }
}

extension LineageGraph.Node {
  /// The run or job that a part belongs to; anything else itself.
  package var whole: LineageGraph.Node {
    switch self {
    case .run(let run, _): .run(run)
    case .job(let job, _): .job(job)
    default: self
    }
  }
}

/// Which names mean the same dataset: those of symlinks, and those before and after a renaming.
package struct LineageIdentities: Sendable {
  private var leaders: [Int64: Int64] = [:]
  /// The name to show: the newest of renamings, else the first that was used.
  private var shown: [Int64: Int64] = [:]
  private var members: [Int64: [Int64]] = [:]

  package var isEmpty: Bool { leaders.isEmpty }

  /// - Parameter order: a total order of names that does not depend on when they arrived.
  init(_ aliases: [LineageAlias], order: (Int64, Int64) throws -> Bool) rethrows {
    func find(_ id: Int64, _ leaders: inout [Int64: Int64]) -> Int64 {
      var at = id
      while let next = leaders[at], next != at { at = next }
      leaders[id] = at
      return at
    }
    for alias in aliases {
      let (left, right) = (find(alias.dataset, &leaders), find(alias.other, &leaders))
      leaders[left] = left
      leaders[right] = left
    }
    for id in Array(leaders.keys) {
      members[find(id, &leaders), default: []].append(id)
    }
    let renamings = Dictionary(grouping: aliases.filter(\.isRename)) { find($0.other, &leaders) }
    for (leader, ids) in members {
      members[leader] = try ids.sorted(by: order)
      let last = try renamings[leader]?.max { left, right in
        let times = (left.time ?? .min, right.time ?? .min)
        return try times.0 == times.1 ? order(left.dataset, right.dataset) : times.0 < times.1
      }
      // A symlink is another name for what the event itself calls it, which is the one to show.
      let linked = Set(aliases.filter { !$0.isRename }.map(\.other))
      shown[leader] =
        try last?.dataset ?? ids.filter { !linked.contains($0) }.min(by: order)
        ?? members[leader]![0]
    }
  }

  /// The one that stands for all names of a dataset.
  package func leader(of dataset: Int64) -> Int64 {
    guard !leaders.isEmpty, let leader = leaders[dataset] else { return dataset }
    return shown[leader] ?? leader
  }

  /// All names of a dataset.
  package func names(of dataset: Int64) -> [Int64] {
    leaders[dataset].flatMap { members[$0] } ?? [dataset]
  }
}
