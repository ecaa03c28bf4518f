import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// Something that lineage should know and does not, or knows in two ways.
public struct LineageGap: Sendable {
  /// What kind of gap it is.
  public enum Kind: String, Sendable, CaseIterable {
    /// A run began and was not heard of again for longer than it should take.
    case noEnd = "no-end"
    /// A run ended of which nobody said that it began.
    case noStart = "no-start"
    /// A version of a dataset that no run wrote.
    case noRun = "no-run"
    /// A run whose inputs were erased since: it cannot be done again as it was.
    case erasedInput = "erased-input"
    /// A run that started others before, and this time none.
    case noChildren = "no-children"
    /// A run that others name as theirs, and that never reported itself.
    case noParent = "no-parent"
    /// Two events that cannot both be right.
    case contradiction
    /// What is written is read again on the way to it.
    case feedback
  }

  /// What kind of gap it is.
  public let kind: Kind
  /// What it is about.
  public let node: LineagePicture.Node
  /// When it began, by the events' own times.
  public let time: Timestamp?
  /// What was found, in words.
  public let finding: String
}

extension Lineage {
  /// What is missing, contradicts itself or runs in a circle.
  ///
  /// - Parameter kinds: which; all of them by default.
  ///
  /// Cost: a pass over all events and uses; a million take some seconds.
  public func gaps(_ kinds: Set<LineageGap.Kind> = Set(LineageGap.Kind.allCases)) throws
    -> [LineageGap]
  {
    try query { query in
      let now = moment.time ?? store.folder.environment.now().microseconds
      var finder = LineageGapFinder(query, now: now)
      if !kinds.isDisjoint(with: [.noEnd, .noStart, .contradiction, .noChildren, .noParent]) {
        try finder.lookAtRuns()
      }
      if kinds.contains(.noRun) { try finder.lookAtVersions() }
      if kinds.contains(.erasedInput) { try finder.lookAtErased() }
      if kinds.contains(.feedback) { try finder.lookForCircles() }
      return finder.gaps.filter { kinds.contains($0.kind) }
    }
  }
}

private struct LineageGapFinder {
  private let query: LineageQuery
  private let now: Int64
  private(set) var gaps: [LineageGap] = []
  /// Whether jobs are streams: asked for each run that has no end.
  private var streaming: [Int64: Bool] = [:]

  /// Without a history, a run should have ended after a day.
  private static let durationUnknown: Int64 = 24 * 3_600_000_000
  /// How many times as long as nearly all others it may take.
  private static let patience: Int64 = 3

  init(_ query: LineageQuery, now: Int64) {
    self.query = query
    self.now = now
  }

  private mutating func add(
    _ kind: LineageGap.Kind, _ node: LineageGraph.Node, _ time: Int64?, _ finding: String
  ) throws {
    gaps.append(
      LineageGap(
        kind: kind, node: try query.describe(node, at: time),
        time: time.map { Timestamp(microseconds: $0) }, finding: finding))
  }

  // MARK: - Runs

  /// What was heard of one run.
  private struct Heard {
    let run: Int64
    var job: Int64?
    var first: Int64?
    var last: Int64?
    var hasStart = false
    var ends: Set<OpenLineageEvent.EventType> = []
    var jobs: Set<Int64> = []
    /// Positions of events that say the same thing at the same time.
    var twins: [[Int64]] = []
  }

  mutating func lookAtRuns() throws {
    var runs: [Heard] = []
    var events: [LineageEventRow] = []
    func flush() {
      guard let first = events.first, first.run != 0 else { return events = [] }
      runs.append(Self.heard(events))
      events = []
    }
    try query.reader.forEachEvent { event in
      if let last = events.last, last.run != event.run { flush() }
      events.append(event)
    }
    flush()
    let usual = Self.usualDurations(runs)
    let parents = try query.reader.parents()
    for run in runs {
      try lookForEnd(run, usual)
      try lookForContradictions(run)
    }
    try lookAtParents(runs, parents)
  }

  private static func heard(_ events: [LineageEventRow]) -> Heard {
    var heard = Heard(run: events[0].run)
    var byMoment: [Int64: [LineageEventRow]] = [:]
    for event in events {
      if let time = event.time {
        heard.first = min(heard.first ?? time, time)
        heard.last = max(heard.last ?? time, time)
        byMoment[time, default: []].append(event)
      }
      if event.type == .start { heard.hasStart = true }
      if let type = event.type, type.isTerminal { heard.ends.insert(type) }
      if let job = event.job {
        heard.job = job
        heard.jobs.insert(job)
      }
    }
    for same in byMoment.values where same.count > 1 {
      for (type, events) in Dictionary(grouping: same, by: \.type) where events.count > 1 {
        // What comes along the way completes each other.
        guard let type, type == .start || type.isTerminal else { continue }
        heard.twins.append(events.map(\.position).sorted())
      }
    }
    return heard
  }

  /// How long nearly all runs of a job took that ended: the 95th percentile.
  private static func usualDurations(_ runs: [Heard]) -> [Int64: Int64] {
    var durations: [Int64: [Int64]] = [:]
    for run in runs where run.ends.contains(.complete) && run.hasStart {
      guard let job = run.job, let first = run.first, let last = run.last else { continue }
      durations[job, default: []].append(last - first)
    }
    return durations.mapValues { all in
      let sorted = all.sorted()
      // Nearest rank: the smallest that 95 of 100 do not exceed.
      return sorted[min(sorted.count - 1, (sorted.count * 95 + 99) / 100 - 1)]
    }
  }

  private mutating func lookForEnd(_ run: Heard, _ usual: [Int64: Int64]) throws {
    if !run.hasStart, !run.ends.isEmpty {
      try add(.noStart, .run(run.run), run.last, "it ended, and nobody said that it began")
    }
    guard run.hasStart, run.ends.isEmpty, let last = run.last, try !isStreaming(run) else { return }
    let known = run.job.flatMap { usual[$0] }
    let limit = known.map { Self.patience * $0 } ?? Self.durationUnknown
    guard now - (run.first ?? last) > limit, now - last > limit else { return }
    let basis =
      known.map { "19 of 20 runs of the job take at most \(Self.text($0))" }
      ?? "no run of the job has ended yet"
    try add(
      .noEnd, .run(run.run), run.first,
      "nothing was heard for \(Self.text(now - last)); \(basis)")
  }

  /// Streams may never end.
  private mutating func isStreaming(_ run: Heard) throws -> Bool {
    guard let job = run.job else { return false }
    if let known = streaming[job] { return known }
    var found = false
    if let facet = try query.reader.newest("job.jobType", of: [job]),
      let type = try query.event(at: facet.position)?.job?.facets[JobTypeFacet.self]
    {
      found = type.processingType != "BATCH"
    }
    streaming[job] = found
    return found
  }

  private static func text(_ microseconds: Int64) -> String {
    let seconds = Double(microseconds) / 1_000_000
    func shown(_ value: Double, _ unit: String) -> String {
      let rounded = (value * 10).rounded() / 10
      return "\(rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)) \(unit)"
    }
    if seconds < 60 { return shown(seconds, "s") }
    if seconds < 3600 { return shown(seconds / 60, "min") }
    return seconds < 172_800 ? shown(seconds / 3600, "h") : shown(seconds / 86_400, "days")
  }

  private mutating func lookForContradictions(_ run: Heard) throws {
    let time = run.first
    if run.ends.count > 1 {
      let ends = run.ends.map(\.rawValue).sorted().joined(separator: " and ")
      try add(.contradiction, .run(run.run), time, "it ended twice: \(ends)")
    }
    if run.jobs.count > 1 {
      let jobs = try run.jobs.map { try query.label(query.reader.name($0)) }.sorted()
      try add(
        .contradiction, .run(run.run), time,
        "it is said to be of several jobs: \(jobs.joined(separator: ", "))")
    }
    for positions in run.twins {
      // Events of Custody itself are one a moment.
      var bodies: [[UInt8]: Int64] = [:]
      for position in positions {
        guard let event = try query.event(at: position) else { continue }
        bodies[event.masked] = min(bodies[event.masked] ?? position, position)
      }
      guard bodies.count > 1 else { continue }
      let shown = bodies.values.sorted().prefix(5).map(String.init).joined(separator: " and ")
      let count = bodies.count == 2 ? "two" : "\(bodies.count)"
      try add(
        .contradiction, .run(run.run), time,
        "\(count) events of one type and time differ: positions \(shown)"
          + (bodies.count > 5 ? " and more" : ""))
    }
  }

  private mutating func lookAtParents(_ runs: [Heard], _ parents: [LineageParentRow]) throws {
    let heard = Set(runs.map(\.run))
    let known = Set(parents.filter { !$0.isRoot }.map(\.parent))
    var jobs: Set<Int64> = []
    for run in runs where known.contains(run.run) { if let job = run.job { jobs.insert(job) } }
    for parent in known.subtracting(heard).sorted() {
      let count = Set(parents.filter { $0.parent == parent }.map(\.run)).count
      try add(
        .noParent, .run(parent), nil,
        "\(count) \(count == 1 ? "run names" : "runs name") it as what started them; it never reported"
      )
    }
    for run in runs where !known.contains(run.run) {
      guard let job = run.job, jobs.contains(job), !run.ends.isEmpty else { continue }
      try add(
        .noChildren, .run(run.run), run.first,
        "other runs of the job started some, and this one none that reported")
    }
  }

  // MARK: - Versions

  mutating func lookAtVersions() throws {
    var found: [Int64: [LineageUse]] = [:]
    var written: Set<Int64> = []
    for use in try query.reader.uses() where use.isWrite {
      let dataset = try query.graphIdentities().leader(of: use.dataset)
      if use.run == 0 { found[dataset, default: []].append(use) } else { written.insert(dataset) }
    }
    for (dataset, uses) in found.sorted(by: { $0.key < $1.key }) {
      let names = try Self.versions(uses, query.reader)
      let shown = names.prefix(5).joined(separator: ", ")
      let isMade = written.contains(dataset)
      try add(
        .noRun, .dataset(dataset), uses.compactMap(\.time).min(),
        "\(names.count) \(names.count == 1 ? "version" : "versions") without a run: \(shown)"
          + (names.count > 5 ? " and more" : "")
          + (isMade ? "; others were written by runs" : "; this is where data comes in"))
    }
  }

  /// The versions that uses name, each once, oldest first.
  private static func versions(
    _ uses: [LineageUse], _ reader: LineageReader
  ) throws -> [String] {
    var first: [String: Int64] = [:]
    for use in uses {
      let label = try reader.name(use.version).label
      first[label] = min(first[label] ?? .max, use.time ?? .max)
    }
    return first.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
  }

  // MARK: - Erased inputs

  mutating func lookAtErased() throws {
    var lost: [Int64: [String]] = [:]
    // Many runs read one version.
    var counts: [String: Int] = [:]
    for use in try query.reader.uses() where !use.isWrite && use.run != 0 && use.version != 0 {
      guard let own = try query.ownVersion(of: use.dataset, use.version) else { continue }
      let name = "\(own.dataset)@v\(own.number)"
      let count =
        try counts[name]
        ?? query.erasures(of: own.dataset, own.number).reduce(0) { $0 + $1.records }
      counts[name] = count
      if count > 0 { lost[use.run, default: []].append("\(count) of \(name)") }
    }
    for (run, inputs) in lost.sorted(by: { $0.key < $1.key }) {
      try add(
        .erasedInput, .run(run), nil,
        "records that it read are erased: \(inputs.sorted().joined(separator: ", "))")
    }
  }

  // MARK: - Circles

  mutating func lookForCircles() throws {
    let graph = try query.graph(.design)
    for circle in graph.adjacency.circles() {
      // Datasets first, by name: the numbers of nodes tell only which event came first.
      let nodes = try Set(circle.map { graph.nodes[Int($0)].whole })
        .map { (node: $0, text: try text(of: $0)) }
        .sorted { $0.text < $1.text }
      // A version with tokens follows the one that has the values: nothing is fed back.
      let isPseudonymizing = nodes.contains { $0.text == "job \(Pseudonymization.job)" }
      if isPseudonymizing, nodes.count == 2 { continue }
      let names = nodes.prefix(6).map(\.text)
      try add(
        .feedback, nodes[0].node, nil,
        "goes round: \(names.joined(separator: ", "))"
          + (nodes.count > 6 ? " and \(nodes.count - 6) more" : ""))
    }
  }

  private func text(of node: LineageGraph.Node) throws -> String {
    let described = try query.describe(node)
    return "\(described.kind.rawValue) \(described.label)"
  }
}
