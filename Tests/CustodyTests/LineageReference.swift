import CustodyTesting
import Foundation

/// What a graph should be, made from events by the documented rules as plainly as can be; what can
/// be reached in it, SQLite says.
///
/// Nodes are texts: `job jobs/j`, `version store/d@v1`, `run UUID`, and for the part of a run that
/// writes something of its own, `run UUID|store/d`.
struct LineageReference {
  typealias Name = LineageStory.Name
  typealias Event = LineageStory.Event

  private(set) var nodes: Set<String> = []
  private var edges: Set<Edge> = []
  private let events: [Event]
  private let identities: Identities

  private struct Edge: Hashable {
    let source: String
    let target: String
  }

  enum Grain: String, CaseIterable { case design, run, column }

  init(_ grain: Grain, _ events: [Event]) {
    self.events = events
    identities = Identities(events)
    switch grain {
    case .design: makeDesign()
    case .run: makeRuns()
    case .column: makeColumns()
    }
  }

  /// Whether something stands for a part of a run or a job.
  var hasParts: Bool { nodes.contains { $0.contains("|") } }

  private mutating func connect(_ source: String, _ target: String) {
    nodes.formUnion([source, target])
    edges.insert(Edge(source: source, target: target))
  }

  private func leader(_ name: Name) -> Name { identities.leader(of: name) }

  // MARK: - Names

  /// Which names mean one dataset.
  struct Identities {
    private var groups: [Set<Name>] = []
    private var leaders: [Name: Name] = [:]

    init(_ events: [Event]) {
      var pairs: [(dataset: Name, other: Name, isRename: Bool, time: Int64)] = []
      for event in events {
        for dataset in event.datasets {
          for other in dataset.symlinks where other != dataset.name {
            pairs.append((dataset.name, other, false, event.ordering ?? .min))
          }
          if let before = dataset.renamedFrom, before != dataset.name {
            pairs.append((dataset.name, before, true, event.ordering ?? .min))
          }
        }
      }
      for pair in pairs {
        let touched = groups.filter { $0.contains(pair.dataset) || $0.contains(pair.other) }
        groups.removeAll { touched.contains($0) }
        groups.append(touched.reduce([pair.dataset, pair.other]) { $0.union($1) })
      }
      for group in groups {
        let renamings = pairs.filter { $0.isRename && group.contains($0.dataset) }
        let linked = Set(pairs.filter { !$0.isRename }.map(\.other))
        let newest = renamings.max { ($0.time, $0.dataset) < ($1.time, $1.dataset) }?.dataset
        let leader = newest ?? group.subtracting(linked).min() ?? group.min()!
        for name in group { leaders[name] = leader }
      }
    }

    func leader(of name: Name) -> Name { leaders[name] ?? name }
  }

  // MARK: - Runs

  private struct Access: Hashable {
    /// Empty for a version that no run wrote.
    let run: String
    let dataset: Name
    let version: String?
    let time: Int64?
  }

  private func accesses(isWrite: Bool) -> [Access] {
    struct Use: Hashable {
      let run: String
      let dataset: Name
    }
    var said: [Use: [(version: String?, time: Int64?)]] = [:]
    for event in events {
      if let run = event.run {
        for dataset in isWrite ? event.outputs : event.inputs {
          said[Use(run: run, dataset: leader(dataset.name)), default: []]
            .append((dataset.version, event.ordering))
        }
      } else if isWrite, let dataset = event.dataset, let version = dataset.version {
        said[Use(run: "", dataset: leader(dataset.name)), default: []]
          .append((version, event.ordering))
      }
    }
    return said.flatMap { use, words -> [Access] in
      let versions = Set(words.compactMap(\.version)).sorted()
      func access(_ version: String?, _ isMeant: (String?) -> Bool) -> Access {
        let times = words.filter { isMeant($0.version) }.compactMap(\.time)
        return Access(
          run: use.run, dataset: use.dataset, version: version,
          time: isWrite ? times.max() : times.min())
      }
      switch versions.count {
      case 0: return [access(nil) { _ in true }]
      case 1: return [access(versions[0]) { _ in true }]
      default: return versions.map { version in access(version) { $0 == version } }
      }
    }
  }

  private static func node(written access: Access) -> String {
    "version \(access.dataset)@\(access.version ?? "by \(access.run.suffix(8))")"
  }

  private mutating func makeRuns() {
    let writes = accesses(isWrite: true)
    let reads = accesses(isWrite: false).sorted {
      ($0.time ?? .max, $0.run, $0.version ?? "") < ($1.time ?? .max, $1.run, $1.version ?? "")
    }
    let named = Set(writes.map(Self.node(written:)))
    for write in writes {
      let node = Self.node(written: write)
      nodes.insert(node)
      if !write.run.isEmpty { connect("run \(write.run)", node) }
    }
    func last(_ dataset: Name, _ time: Int64?, notBy run: String) -> Access? {
      guard let time else { return nil }
      return writes.filter {
        $0.dataset == dataset && $0.run != run && $0.time.map { $0 <= time } ?? false
      }.max { ($0.time!, $0.run, $0.version ?? "") < ($1.time!, $1.run, $1.version ?? "") }
    }
    /// What an unnamed read is of, with edges to what stands for several.
    func read(_ dataset: Name, _ time: Int64?, by run: String) -> (String, from: [String]) {
      if let found = last(dataset, time, notBy: run) { return (Self.node(written: found), []) }
      let all = writes.filter { $0.dataset == dataset }
      let isOpen = all.contains { $0.run != run && ($0.time == nil || time == nil) }
      return isOpen
        ? ("version \(dataset)@one of them", all.map(Self.node(written:)))
        : ("version \(dataset)@as found", [])
    }
    var sources: [String: [Name: [String]]] = [:]
    for access in reads {
      var node = "version \(access.dataset)@\(access.version ?? "")"
      if access.version == nil {
        let found = read(access.dataset, access.time, by: access.run)
        node = found.0
        for source in found.from { connect(source, node) }
      } else if !named.contains(node), !nodes.contains(node),
        let before = last(access.dataset, access.time, notBy: access.run), before.version == nil
      {
        connect(Self.node(written: before), node)
      }
      connect(node, "run \(access.run)")
      sources[access.run, default: [:]][access.dataset, default: []].append(node)
    }
    for event in events {
      guard let run = event.run else { continue }
      for (target, stated) in event.statedOfDatasets {
        let target = leader(target)
        let made = writes.filter { $0.run == run && $0.dataset == target }
        guard !made.isEmpty else { continue }
        let part = "run \(run)|\(target)"
        for version in made.map(Self.node(written:)) {
          connect(part, version)
          edges.remove(Edge(source: "run \(run)", target: version))
        }
        for case .dataset(let name, _) in stated.sources {
          let source = leader(name)
          if let known = sources[run]?[source] {
            for node in known { connect(node, part) }
          } else {
            let found = read(source, event.ordering, by: run)
            for node in found.from { connect(node, found.0) }
            connect(found.0, part)
          }
        }
      }
    }
  }

  // MARK: - Jobs

  private mutating func makeDesign() {
    struct Choice {
      /// Nil: the job itself.
      let run: String?
      let time: Int64
      let inputs: [Name]
      let outputs: [Name]
    }
    var chosen: [Name: Choice] = [:]
    let byRun = Dictionary(grouping: events.filter { $0.run != nil }, by: { $0.run! })
    for (run, said) in byRun {
      let using = said.filter { !$0.inputs.isEmpty || !$0.outputs.isEmpty }
      guard let job = using.first?.job else { continue }
      let time = using.compactMap(\.ordering).max() ?? .min
      if let known = chosen[job], (known.time, known.run!) > (time, run) { continue }
      chosen[job] = Choice(
        run: run, time: time, inputs: using.flatMap { $0.inputs.map(\.name) },
        outputs: using.flatMap { $0.outputs.map(\.name) })
    }
    let ofJobs = events.filter {
      $0.run == nil && $0.job != nil && !($0.inputs.isEmpty && $0.outputs.isEmpty)
    }
    for (job, said) in Dictionary(grouping: ofJobs, by: { $0.job! }) {
      let time = said.compactMap(\.ordering).max() ?? .min
      if let known = chosen[job], known.time >= time { continue }
      // Of one moment, all are the last word.
      let last = said.filter { ($0.ordering ?? .min) == time }
      chosen[job] = Choice(
        run: nil, time: time, inputs: last.flatMap { $0.inputs.map(\.name) },
        outputs: last.flatMap { $0.outputs.map(\.name) })
    }
    for (job, choice) in chosen {
      for name in choice.inputs { connect("dataset \(leader(name))", "job \(job)") }
      for name in choice.outputs { connect("job \(job)", "dataset \(leader(name))") }
    }
    func node(_ source: LineageStory.Source, _ own: Name?) -> String? {
      switch source {
      case .dataset(let name, _): "dataset \(leader(name))"
      case .job(let name): (name ?? own).map { "job \($0)" }
      }
    }
    var newest: [String: Int64] = [:]
    for event in events where event.run == nil {
      for (target, _) in event.stated {
        newest[target, default: .min] = max(newest[target] ?? .min, event.ordering ?? .min)
      }
    }
    for event in events {
      for (target, stated) in event.stated {
        if event.run == nil {
          guard newest[target] == event.ordering ?? .min else { continue }
        } else {
          guard chosen[event.job!]?.run == event.run else { continue }
        }
        let name = event.names[target]!
        let end = target.hasPrefix("job") ? target : "dataset \(leader(name))"
        let isWritten =
          event.run != nil && !target.hasPrefix("job")
          && chosen[event.job!]!.outputs.contains { leader($0) == leader(name) }
        guard isWritten else {
          for source in stated.sources.compactMap({ node($0, event.job) }) { connect(source, end) }
          continue
        }
        let (job, part) = ("job \(event.job!)", "job \(event.job!)|\(leader(name))")
        connect(part, end)
        edges.remove(Edge(source: job, target: end))
        for source in stated.sources.compactMap({ node($0, event.job) }) where source != job {
          connect(source, part)
        }
      }
    }
  }

  // MARK: - Columns

  private mutating func makeColumns() {
    var last: [String: Int64] = [:]
    var said: [(facet: String, time: Int64, isSaid: Bool, dataset: Name, Event)] = []
    for event in events {
      let time = event.ordering ?? .min
      var words: [String: (isSaid: Bool, Name)] = [:]
      for dataset in event.datasets {
        if let columns = dataset.columns {
          if case .said = columns { words["columns \(dataset.name)"] = (true, dataset.name) }
          if case .takenBack = columns { words["columns \(dataset.name)"] = (false, dataset.name) }
        }
        if dataset.stated != nil { words["stated \(dataset.name)"] = (true, dataset.name) }
        if dataset.isStatedTakenBack { words["stated \(dataset.name)"] = (false, dataset.name) }
      }
      if let job = event.job, !event.entries.isEmpty { words["entries \(job)"] = (true, job) }
      for (facet, word) in words {
        last[facet] = max(last[facet] ?? .min, time)
        said.append((facet, time, word.isSaid, word.1, event))
      }
    }
    var targets: [Name: Set<String>] = [:]
    var whole: Set<Name> = []
    func column(_ dataset: Name, _ name: String) -> String { "column \(leader(dataset))#\(name)" }
    func add(_ dataset: Name, _ target: String?, _ source: String) {
      guard let target else {
        whole.insert(leader(dataset))
        return connect(source, "dataset \(leader(dataset))")
      }
      targets[leader(dataset), default: []].insert(target)
      connect(source, column(dataset, target))
    }
    func add(_ dataset: Name, _ stated: LineageStory.Stated) {
      for case .dataset(let name, let field?) in stated.sources {
        add(dataset, nil, column(name, field))
      }
      for (target, sources) in stated.columns {
        for case .dataset(let name, let field?) in sources {
          add(dataset, target, column(name, field))
        }
      }
    }
    for (facet, time, isSaid, name, event) in said where isSaid && last[facet] == time {
      if facet.hasPrefix("entries") {
        for entry in event.entries {
          if let target = entry.target { add(target, entry.stated) }
        }
        continue
      }
      for dataset in event.datasets where dataset.name == name {
        if facet.hasPrefix("stated") { if let stated = dataset.stated { add(name, stated) } }
        guard facet.hasPrefix("columns"), case .said(let columns, let all)? = dataset.columns else {
          continue
        }
        for (target, inputs) in columns {
          for input in inputs { add(name, target, column(input.dataset, input.column)) }
        }
        for input in all { add(name, nil, column(input.dataset, input.column)) }
      }
    }
    for dataset in whole {
      for target in targets[dataset] ?? [] {
        connect("dataset \(dataset)", column(dataset, target))
      }
    }
  }

  // MARK: - Reaching

  /// What is reached from everything whose text is or begins so, with the least depth.
  func reach(
    from starts: [Set<String>], _ isDownstream: Bool
  ) throws -> [[String: Int]] {
    let path = NSTemporaryDirectory() + "custody-lineage-\(UUID().uuidString).sqlite"
    try Data().write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    let database = try RawDatabase(path)
    try database.execute("PRAGMA synchronous = OFF; CREATE TABLE edge (a TEXT, b TEXT)")
    try database.execute("BEGIN")
    for edge in edges {
      let (a, b) = isDownstream ? (edge.source, edge.target) : (edge.target, edge.source)
      try database.execute("INSERT INTO edge VALUES ('\(a)', '\(b)')")
    }
    try database.execute("COMMIT; CREATE INDEX edge_a ON edge (a)")
    return try starts.map { starts in
      guard !starts.isEmpty else { return [:] }
      let values = starts.sorted().map { "('\($0)', 0)" }.joined(separator: ", ")
      let rows = try database.rows(
        """
        WITH RECURSIVE reached(node, depth) AS (
          VALUES \(values)
          UNION
          SELECT edge.b, depth + 1 FROM reached JOIN edge ON edge.a = node
          WHERE depth < \(nodes.count)
        ) SELECT node, min(depth) FROM reached GROUP BY node
        """)
      var found: [String: Int] = [:]
      let wholes = Set(starts.map(Self.whole))
      for row in rows {
        guard case .text(let bytes) = row[0], case .integer(let depth) = row[1] else {
          preconditionFailure("\(row)")
        }
        let node = String(decoding: bytes, as: UTF8.self)
        let whole = Self.whole(node)
        guard !starts.contains(node), !wholes.contains(whole) else { continue }
        found[whole] = min(found[whole] ?? .max, Int(depth))
      }
      return found
    }
  }

  /// Without the part of it that is meant.
  static func whole(_ node: String) -> String { String(node.prefix { $0 != "|" }) }

  /// What a name of a dataset, job or run stands for.
  func nodes(of kind: String, _ name: String, _ story: LineageStory) -> Set<String> {
    switch kind {
    case "dataset":
      let named = story.datasets.first { "\($0)" == name }!
      return nodes.filter {
        $0 == "dataset \(leader(named))" || $0.hasPrefix("version \(leader(named))@")
      }
    case "column":
      let parts = name.split(separator: "#")
      let named = story.datasets.first { "\($0)" == parts[0] }!
      return nodes.intersection(["column \(leader(named))#\(parts[1])"])
    case "job":
      let runs = Set(story.runs.filter { "\($0.job)" == name }.map { "run \($0.id)" })
      return nodes.filter { Self.whole($0) == "job \(name)" || runs.contains(Self.whole($0)) }
    default: return nodes.filter { Self.whole($0) == "run \(name)" }
    }
  }
}

extension LineageStory.Event {
  /// Every dataset that it tells something of.
  var datasets: [LineageStory.Dataset] { inputs + outputs + [dataset].compactMap { $0 } }

  /// What it says edge by edge: of datasets by their facets and by the job's, of jobs by the job's.
  var stated: [(target: String, LineageStory.Stated)] {
    statedOfDatasets.map { ("dataset \($0.0)", $0.1) }
      + entries.filter { $0.target == nil }.map { ("job \(job!)", $0.stated) }
  }

  var statedOfDatasets: [(LineageStory.Name, LineageStory.Stated)] {
    datasets.compactMap { dataset in dataset.stated.map { (dataset.name, $0) } }
      + entries.compactMap { entry in entry.target.map { ($0, entry.stated) } }
  }

  /// What ``stated`` means, by its texts.
  var names: [String: LineageStory.Name] {
    var names = Dictionary(
      statedOfDatasets.map { ("dataset \($0.0)", $0.0) }, uniquingKeysWith: { $1 })
    if let job { names["job \(job)"] = job }
    return names
  }
}
