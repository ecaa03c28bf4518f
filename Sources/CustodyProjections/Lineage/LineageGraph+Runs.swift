import CustodyLedger

extension LineageGraph {
  /// Which versions each run read and wrote.
  ///
  /// A read that names no version is of the last one written by the time it was reported; what says
  /// no zone could have read any.
  ///
  /// Cost: a pass over all uses; a million take about a second.
  package static func runs(_ reader: LineageReader) throws -> LineageGraph {
    let identities = try reader.identities()
    var uses = try reader.uses()
    if !identities.isEmpty {
      uses = try uses.map { use in
        LineageUse(
          run: use.run, isWrite: use.isWrite, dataset: identities.leader(of: use.dataset),
          version: use.version == 0 ? 0 : try reader.shared(use.version, identities),
          position: use.position, time: use.time)
      }
      uses.sort {
        ($0.run, $0.isWrite ? 1 : 0, $0.dataset, $0.version, $0.position)
          < ($1.run, $1.isWrite ? 1 : 0, $1.dataset, $1.version, $1.position)
      }
    }
    var builder = RunGraphBuilder(LineageGraph(.run, identities, reserving: uses.count))
    builder.gather(uses)
    // Sorted writes know their nodes.
    builder.connectWrites()
    func uuid(_ run: Int64) throws -> EventID { try reader.run(run)?.uuid ?? EventID() }
    try builder.order(by: uuid) { try reader.name($0).label }
    try builder.findReadVersions(by: uuid)
    builder.connectReads()
    try builder.connect(reader.edges().map { try $0.amongDatasets(reader) })
    for training in try reader.trainings() {
      let version = training.datasetVersion
      builder.connect(training, to: version == 0 ? 0 : try reader.shared(version, identities))
    }
    builder.graph.finish()
    return builder.graph
  }
}

/// Makes the graph of runs of what they were said to read and write.
private struct RunGraphBuilder {
  var graph: LineageGraph
  private var writes: [Access] = []
  private var reads: [Access] = []
  /// Where each dataset's writes with a time begin and end in `timed`, oldest first; by the dataset's
  /// number, because every read asks.
  private var ranges: [Range<Int32>] = []
  private var timed: [Access] = []
  private var untimed: [Int64: [Access]] = [:]
  /// The numbers of runs' nodes, by the runs' own.
  private var runs: [Int32] = []
  /// Runs whose outputs say themselves what they take.
  private var stated: Set<Stated> = []

  private struct Stated: Hashable {
    let run: Int64
    let target: Int64
  }

  /// That a run read or wrote one version of a dataset, over all events that say so.
  private struct Access {
    let run: Int64
    let dataset: Int64
    var version: LineageGraph.Version?
    /// The number of the version's node, once a write has one.
    var node: Int32 = -1
    /// The first event that says so.
    var position: Int64
    /// Of a read, when it was first said; of a write, when it was last.
    var time: Int64?
  }

  init(_ graph: LineageGraph) { self.graph = graph }

  /// Makes one access of all that is said of one.
  mutating func gather(_ uses: [LineageUse]) {
    var index = 0
    while index < uses.count {
      let first = uses[index]
      let start = index
      while index < uses.count, uses[index].run == first.run,
        uses[index].isWrite == first.isWrite, uses[index].dataset == first.dataset
      {
        index += 1
      }
      guard index > start + 1 else {
        let version: LineageGraph.Version? =
          first.version != 0
          ? .named(first.version) : first.isWrite ? .written(by: first.run) : nil
        let access = Access(
          run: first.run, dataset: first.dataset, version: version, position: first.position,
          time: first.time)
        if first.isWrite { writes.append(access) } else { reads.append(access) }
        continue
      }
      gather(uses[start..<index])
    }
  }

  /// What is said of a run and a dataset; what names no version means one that is named elsewhere.
  private mutating func gather(_ uses: ArraySlice<LineageUse>) {
    let first = uses.first!
    var found: [Access] = []
    var unnamed: Access?
    for use in uses {
      func merge(_ access: inout Access) {
        access.position = min(access.position, use.position)
        guard let time = use.time else { return }
        access.time =
          access.time.map { first.isWrite ? max($0, time) : min($0, time) } ?? time
      }
      var made = Access(
        run: first.run, dataset: first.dataset, version: nil, position: use.position,
        time: use.time)
      if use.version == 0 {
        if unnamed != nil { merge(&unnamed!) } else { unnamed = made }
      } else {
        made.version = .named(use.version)
        if found.last?.version == made.version {
          merge(&found[found.count - 1])
        } else {
          found.append(made)
        }
      }
    }
    if found.isEmpty, var unnamed {
      if first.isWrite { unnamed.version = .written(by: first.run) }
      found = [unnamed]
    } else if let unnamed, found.count == 1 {
      found[0].position = min(found[0].position, unnamed.position)
      if let time = unnamed.time {
        found[0].time =
          found[0].time.map { first.isWrite ? max($0, time) : min($0, time) } ?? time
      }
    }
    if first.isWrite { writes += found } else { reads += found }
  }

  /// Sorts the writes of each dataset by time.
  ///
  /// - Parameters:
  ///   - uuid: decides between runs that wrote at the same time.
  ///   - label: decides between versions that one of them wrote.
  mutating func order(
    by uuid: (Int64) throws -> EventID, _ label: (Int64) throws -> String
  ) rethrows {
    for write in writes where write.time == nil {
      untimed[write.dataset, default: []].append(write)
    }
    timed = writes.filter { $0.time != nil }
    try timed.sort { left, right in
      if left.dataset != right.dataset { return left.dataset < right.dataset }
      if left.time! != right.time! { return left.time! < right.time! }
      if left.run != right.run { return try uuid(left.run) < uuid(right.run) }
      guard case .named(let first)? = left.version, case .named(let second)? = right.version else {
        return false
      }
      return try label(first) < label(second)
    }
    let count = (timed.last?.dataset ?? -1) + 1
    ranges = Array(repeating: 0..<0, count: Int(count))
    var start = 0
    for index in timed.indices
    where index + 1 == timed.count || timed[index + 1].dataset != timed[index].dataset {
      ranges[Int(timed[index].dataset)] = Int32(start)..<Int32(index + 1)
      start = index + 1
    }
  }

  private mutating func number(_ dataset: Int64, _ version: LineageGraph.Version, _ time: Int64?)
    -> Int32
  {
    graph.number(of: .version(dataset: dataset, version), at: time)
  }

  /// The number of a run's node; most are asked for several times.
  private mutating func number(ofRun run: Int64, _ time: Int64?) -> Int32 {
    let place = Int(run)
    while runs.count <= place {
      runs.append(contentsOf: repeatElement(-1, count: max(1024, runs.count)))
    }
    if runs[place] < 0 { runs[place] = graph.number(of: .run(run), at: time) }
    graph.note(time, of: runs[place])
    return runs[place]
  }

  mutating func connectWrites() {
    for index in writes.indices {
      let write = writes[index]
      let version = number(write.dataset, write.version!, write.time)
      writes[index].node = version
      guard write.run != 0 else { continue }
      let run = number(ofRun: write.run, write.time)
      graph.connect(run, version, position: write.position, time: write.time)
    }
  }

  /// Of a version that nobody wrote under its name, the first read says which write it was.
  mutating func findReadVersions(by uuid: (Int64) throws -> EventID) rethrows {
    var found = reads.filter { read in
      guard let version = read.version else { return false }
      return graph.numbers[.version(dataset: read.dataset, version)] == nil
    }
    try found.sort { left, right in
      let (first, second) = (left.time ?? .max, right.time ?? .max)
      if first != second { return first < second }
      return left.run == right.run ? false : try uuid(left.run) < uuid(right.run)
    }
    for read in found { _ = version(read) }
  }

  mutating func connectReads() {
    for read in reads {
      let version = version(read)
      let run = number(ofRun: read.run, read.time)
      graph.connect(version, run, position: read.position, time: read.time)
    }
  }

  private mutating func version(_ read: Access) -> Int32 {
    guard let version = read.version else {
      return self.version(of: read.dataset, at: read.time, notBy: read.run, read.position)
    }
    let node = LineageGraph.Node.version(dataset: read.dataset, version)
    if let known = graph.numbers[node] { return known }
    // Its writer gave it no name: the last one before is taken for it.
    let made = graph.number(of: node)
    if let before = last(read.dataset, read.time, notBy: read.run), case .written = before.version {
      graph.connect(before.node, made, position: read.position, time: read.time)
    }
    return made
  }

  private mutating func version(
    of dataset: Int64, at time: Int64?, notBy run: Int64, _ position: Int64
  ) -> Int32 {
    if time != nil, let last = last(dataset, time, notBy: run) { return last.node }
    let untimed = untimed[dataset] ?? []
    let all = untimed + timed[range(of: dataset)]
    let candidates = time == nil ? all : untimed
    guard candidates.contains(where: { $0.run != run }) else {
      return number(dataset, .found, nil)
    }
    let node = LineageGraph.Node.version(dataset: dataset, .some)
    if let known = graph.numbers[node] { return known }
    let some = graph.number(of: node)
    for write in all {
      graph.connect(
        write.node, some, position: max(position, write.position), time: write.time)
    }
    return some
  }

  private func range(of dataset: Int64) -> Range<Int> {
    guard dataset < ranges.count else { return 0..<0 }
    let range = ranges[Int(dataset)]
    return Int(range.lowerBound)..<Int(range.upperBound)
  }

  /// The last write by a time of any run but one: nobody reads what he has not written yet.
  private func last(_ dataset: Int64, _ time: Int64?, notBy run: Int64) -> Access? {
    guard let time else { return nil }
    let range = range(of: dataset)
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if timed[middle].time! <= time { low = middle + 1 } else { high = middle }
    }
    var index = low - 1
    while index >= range.lowerBound {
      if timed[index].run != run { return timed[index] }
      index -= 1
    }
    return nil
  }

  // MARK: - What was said edge by edge

  /// Outputs that say what they take: a part of the run stands between just those.
  mutating func connect(_ edges: [LineageStatedEdge]) throws {
    guard !edges.isEmpty else { return }
    let written = Dictionary(grouping: writes.filter { $0.run != 0 }) {
      Stated(run: $0.run, target: $0.dataset)
    }
    let read = Dictionary(grouping: reads) { Stated(run: $0.run, target: $0.dataset) }
    var cut: Set<Int64> = []
    for edge in edges where edge.run != 0 {
      let target = graph.sameAs.leader(of: edge.target)
      guard let versions = written[Stated(run: edge.run, target: target)] else { continue }
      let part = graph.number(
        ofPart: .run(edge.run, writing: target), of: .run(edge.run), at: edge.time)
      if stated.insert(Stated(run: edge.run, target: target)).inserted {
        for version in versions {
          let node = number(target, version.version!, version.time)
          graph.connect(part, node, position: version.position, time: version.time)
          cut.insert(Int64(graph.numbers[.run(edge.run)]!) << 32 | Int64(node))
        }
      }
      guard edge.source != 0 else { continue }
      let source = graph.sameAs.leader(of: edge.source)
      let from =
        read[Stated(run: edge.run, target: source)]?.map { version($0) }
        ?? [version(of: source, at: edge.time, notBy: edge.run, edge.position)]
      for node in from { graph.connect(node, part, position: edge.position, time: edge.time) }
    }
    // The run as a whole leads there no more: it would claim every input.
    if !cut.isEmpty {
      graph.removeEdges { cut.contains(Int64($0.source) << 32 | Int64($0.target)) }
    }
  }

  // MARK: - Models

  /// - Parameter version: of the dataset that is named.
  mutating func connect(_ training: LineageTraining, to version: Int64) {
    let model = graph.number(
      of: .model(training.model, version: training.version), at: training.time)
    let source =
      training.run != 0
      ? graph.number(of: .run(training.run))
      : number(
        graph.sameAs.leader(of: training.dataset), .named(version), nil)
    graph.connect(source, model, position: training.position, time: training.time)
  }
}
