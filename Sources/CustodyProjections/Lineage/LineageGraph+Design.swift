import CustodyLedger

extension LineageGraph {
  /// Which datasets each job reads and writes, as of its last run that said so, or of what was said
  /// of the job itself since.
  ///
  /// Cost: a pass over all uses; a million take about a second.
  package static func design(_ reader: LineageReader) throws -> LineageGraph {
    let identities = try reader.identities()
    let jobs = try reader.jobsOfRuns()
    var builder = DesignGraphBuilder(LineageGraph(.design, identities))
    try builder.choose(reader.uses(), jobs: jobs) { try reader.run($0)?.uuid ?? EventID() }
    try builder.choose(reader.declarations())
    builder.connect()
    try builder.connect(reader.edges(), jobs: jobs) { try reader.name($0).kind == .job }
    for training in try reader.trainings() { builder.connect(training, jobs: jobs) }
    builder.graph.finish()
    return builder.graph
  }
}

/// Makes the graph of jobs of what their last runs were said to read and write.
private struct DesignGraphBuilder {
  var graph: LineageGraph
  private var chosen: [Int64: Choice] = [:]

  /// What a job reads and writes, and who said so.
  private struct Choice {
    /// 0: nobody's run, the job itself.
    var run: Int64
    /// Of the last word on it.
    var time: Int64?
    var uses: [Use]
  }

  private struct Use {
    let isWrite: Bool
    let dataset: Int64
    let position: Int64
    let time: Int64?
  }

  init(_ graph: LineageGraph) { self.graph = graph }

  mutating func choose(
    _ uses: [LineageUse], jobs: [Int64], uuid: (Int64) throws -> EventID
  ) throws {
    var index = uses.firstIndex { $0.run != 0 } ?? uses.count
    while index < uses.count {
      let run = uses[index].run
      let start = index
      var last: Int64?
      while index < uses.count, uses[index].run == run {
        if let time = uses[index].time { last = max(last ?? time, time) }
        index += 1
      }
      guard run < jobs.count, jobs[Int(run)] != 0 else { continue }
      let job = jobs[Int(run)]
      if let known = chosen[job] {
        let (old, new) = (known.time ?? .min, last ?? .min)
        guard try new > old || new == old && uuid(known.run) < uuid(run) else { continue }
      }
      chosen[job] = Choice(
        run: run, time: last,
        uses: uses[start..<index].map {
          Use(isWrite: $0.isWrite, dataset: $0.dataset, position: $0.position, time: $0.time)
        })
    }
  }

  /// What is said of a job itself replaces what its runs did before.
  mutating func choose(_ declarations: [LineageDeclaration]) {
    for (job, said) in Dictionary(grouping: declarations, by: \.job) {
      let last = said.compactMap(\.time).max()
      let (old, new) = (chosen[job]?.time ?? .min, last ?? .min)
      guard chosen[job] == nil || new > old else { continue }
      // Of several events of one time none is the last: all of them hold.
      chosen[job] = Choice(
        run: 0, time: last,
        uses: said.filter { $0.time == last }.map {
          Use(isWrite: $0.isWrite, dataset: $0.dataset, position: $0.position, time: $0.time)
        })
    }
  }

  mutating func connect() {
    for (job, choice) in chosen.sorted(by: { $0.key < $1.key }) {
      for use in choice.uses {
        let dataset = graph.number(of: .dataset(graph.sameAs.leader(of: use.dataset)))
        let node = graph.number(of: .job(job))
        if use.isWrite {
          graph.connect(node, dataset, position: use.position, time: use.time)
        } else {
          graph.connect(dataset, node, position: use.position, time: use.time)
        }
      }
    }
  }

  /// What was said edge by edge, of the runs that were chosen or of no run.
  ///
  /// - Parameter isJob: whether a name is that of a job.
  mutating func connect(
    _ edges: [LineageStatedEdge], jobs: [Int64], isJob: (Int64) throws -> Bool
  ) throws {
    var cut: Set<Int64> = []
    var isStarted: Set<LineageGraph.Node> = []
    // Of what was said of one thing in static events, the newest holds.
    let newest = Dictionary(grouping: edges.filter { $0.run == 0 }, by: \.target)
      .mapValues { $0.compactMap(\.time).max() }
    for edge in edges {
      let job = edge.run < jobs.count ? jobs[Int(edge.run)] : 0
      if edge.run == 0 {
        guard newest[edge.target] == edge.time else { continue }
      } else {
        guard job != 0, chosen[job]?.run == edge.run else { continue }
      }
      let target = graph.sameAs.leader(of: edge.target)
      if job != 0, let known = graph.numbers[.dataset(target)],
        chosen[job]!.uses.contains(where: {
          $0.isWrite && graph.sameAs.leader(of: $0.dataset) == target
        })
      {
        let node = LineageGraph.Node.job(job, writing: target)
        let part = graph.number(ofPart: node, of: .job(job), at: nil)
        if isStarted.insert(node).inserted {
          graph.connect(part, known, position: edge.position, time: edge.time)
          if let whole = graph.numbers[.job(job)] { cut.insert(Int64(whole) << 32 | Int64(known)) }
        }
        // What comes from the job itself comes from nothing else.
        if edge.source != job, let source = try number(of: edge.source, isJob) {
          graph.connect(source, part, position: edge.position, time: edge.time)
        }
      } else if let source = try number(of: edge.source, isJob),
        let end = try number(of: edge.target, isJob)
      {
        graph.connect(source, end, position: edge.position, time: edge.time)
      }
    }
    if !cut.isEmpty {
      graph.removeEdges { cut.contains(Int64($0.source) << 32 | Int64($0.target)) }
    }
  }

  /// The node of a name, which may be a job's; nil for nothing.
  private mutating func number(
    of name: Int64, _ isJob: (Int64) throws -> Bool
  ) rethrows -> Int32? {
    guard name != 0 else { return nil }
    return graph.number(
      of: try isJob(name) ? .job(name) : .dataset(graph.sameAs.leader(of: name)))
  }

  mutating func connect(_ training: LineageTraining, jobs: [Int64]) {
    let model = graph.number(
      of: .model(training.model, version: training.version), at: training.time)
    let job = training.run < jobs.count ? jobs[Int(training.run)] : 0
    let source: Int32
    if job != 0 {
      source = graph.number(of: .job(job))
    } else if training.dataset != 0 {
      source = graph.number(of: .dataset(graph.sameAs.leader(of: training.dataset)))
    } else {
      return
    }
    graph.connect(source, model, position: training.position, time: training.time)
  }
}
