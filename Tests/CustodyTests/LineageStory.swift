import CustodyTesting
import Foundation

/// Events of OpenLineage by chance, as values: JSON is written from them, and a reference graph is
/// computed from them.
struct LineageStory {
  struct Name: Hashable, Comparable, CustomStringConvertible {
    let namespace: String
    let name: String

    var description: String { "\(namespace)/\(name)" }

    static func < (left: Name, right: Name) -> Bool {
      (left.namespace, left.name) < (right.namespace, right.name)
    }
  }

  struct ColumnInput {
    let dataset: Name
    let column: String
  }

  enum Columns {
    case said([(column: String, inputs: [ColumnInput])], all: [ColumnInput])
    case takenBack
  }

  enum Source {
    case dataset(Name, column: String?)
    /// The job of the event when nil.
    case job(Name?)
  }

  /// What something came from, said edge by edge.
  struct Stated {
    let sources: [Source]
    let columns: [(column: String, sources: [Source])]
  }

  struct Dataset {
    let name: Name
    var version: String?
    var schema: [String] = []
    var columns: Columns?
    var stated: Stated?
    var isStatedTakenBack = false
    var symlinks: [Name] = []
    var renamedFrom: Name?

    /// Leaves out what it says of columns.
    mutating func forgetColumns() { (columns, stated, isStatedTakenBack) = (nil, nil, false) }
  }

  struct Event {
    /// Nil for what is said of a job or a dataset.
    var type: String?
    /// In microseconds since 1970.
    let time: Int64
    let hasZone: Bool
    /// A UUID.
    var run: String?
    var job: Name?
    var dataset: Dataset?
    var inputs: [Dataset] = []
    var outputs: [Dataset] = []
    var parent: (run: String, job: Name)?
    /// The job's own word on edges: to a dataset, or to itself.
    var entries: [(target: Name?, stated: Stated)] = []
    var number: Int

    /// Its time as far as it orders anything.
    var ordering: Int64? { hasZone ? time : nil }
  }

  /// What may occur.
  struct Chances {
    /// Out of eight events that say no zone.
    var zoneless = 1
    /// Whether several events may be of one moment.
    var hasTies = true
    var eventCount = 28
  }

  private(set) var events: [Event] = []
  let runs: [(id: String, job: Name)]
  let datasets: [Name]

  static let columnNames = ["a", "b", "c"]
  private static let jobs = (0..<4).map { Name(namespace: "jobs\($0 % 2)", name: "j\($0)") }

  init(_ seed: Int, _ chances: Chances = Chances()) {
    var random = SeededGenerator(seed)
    runs = (0..<8).map { _ in
      let bytes = random.bytes(16)
      return (
        NSUUID(uuidBytes: bytes).uuidString.lowercased(), Self.jobs.randomElement(using: &random)!
      )
    }
    datasets = (0..<7).map { Name(namespace: "store\($0 % 3)", name: "d\($0)") }
    for number in 0..<chances.eventCount { events.append(event(number, chances, &random)) }
  }

  // MARK: - By chance

  private func event(
    _ number: Int, _ chances: Chances, _ random: inout SeededGenerator
  ) -> Event {
    let minute = Int64(Int.random(in: 0..<(chances.hasTies ? 40 : 1000), using: &random))
    let base: Int64 = 1_767_312_000_000_000
    let time = base + (chances.hasTies ? minute : minute * 100 + Int64(number)) * 60_000_000
    let hasZone = Int.random(in: 0..<8, using: &random) >= chances.zoneless
    var event = Event(time: time, hasZone: hasZone, number: number)
    switch Int.random(in: 0..<12, using: &random) {
    case 0:
      event.dataset = dataset(&random)
      event.dataset!.version = Bool.random(using: &random) ? nil : version(&random)
    case 1, 2:
      event.job = Self.jobs.randomElement(using: &random)!
      event.inputs = several(&random)
      event.outputs = several(&random)
    default:
      let run = runs.randomElement(using: &random)!
      event.type = ["START", "RUNNING", "COMPLETE", "COMPLETE", "FAIL"].randomElement(
        using: &random)!
      (event.run, event.job) = (run.id, run.job)
      event.inputs = several(&random)
      event.outputs = several(&random)
      if Int.random(in: 0..<5, using: &random) == 0 {
        let parent = runs.randomElement(using: &random)!
        if parent.id != run.id { event.parent = (parent.id, parent.job) }
      }
    }
    // Rows do not say by which facet of an event columns come from each other: one of each dataset.
    var seen: Set<Name> = []
    for index in event.inputs.indices where !seen.insert(event.inputs[index].name).inserted {
      event.inputs[index].forgetColumns()
    }
    for index in event.outputs.indices where !seen.insert(event.outputs[index].name).inserted {
      event.outputs[index].forgetColumns()
    }
    let hasColumns = event.datasets.contains { $0.columns != nil || $0.stated != nil }
    if event.job != nil, !hasColumns, Int.random(in: 0..<3, using: &random) == 0 {
      event.entries = (0..<Int.random(in: 1...2, using: &random)).map { _ in
        let target = event.outputs.randomElement(using: &random)?.name ?? datasets[0]
        let isItself = Int.random(in: 0..<5, using: &random) == 0
        return (isItself ? nil : target, stated(&random, hasJobs: true))
      }
    }
    return event
  }

  private func several(_ random: inout SeededGenerator) -> [Dataset] {
    (0..<[0, 0, 1, 1, 2].randomElement(using: &random)!).map { _ in dataset(&random) }
  }

  private func version(_ random: inout SeededGenerator) -> String {
    "v\(Int.random(in: 1...3, using: &random))"
  }

  private func dataset(_ random: inout SeededGenerator) -> Dataset {
    var made = Dataset(name: datasets.randomElement(using: &random)!)
    func isChosen(_ of: Int) -> Bool { Int.random(in: 0..<of, using: &random) == 0 }
    if isChosen(3) { made.version = version(&random) }
    if isChosen(5) { made.schema = Array(Self.columnNames.prefix(2)) }
    if isChosen(4) {
      made.columns = isChosen(5) ? .takenBack : columns(&random)
    }
    if made.columns == nil, isChosen(5) { made.stated = stated(&random, hasJobs: false) }
    if made.stated == nil, isChosen(20) { made.isStatedTakenBack = true }
    // Few, or all would be one dataset.
    if isChosen(14) { made.symlinks = [datasets.randomElement(using: &random)!] }
    if isChosen(20) { made.renamedFrom = datasets.randomElement(using: &random)! }
    return made
  }

  private func input(_ random: inout SeededGenerator) -> ColumnInput {
    ColumnInput(
      dataset: datasets.randomElement(using: &random)!,
      column: Self.columnNames.randomElement(using: &random)!)
  }

  private func columns(_ random: inout SeededGenerator) -> Columns {
    let targets = Self.columnNames.shuffled(using: &random).prefix(
      Int.random(in: 1...2, using: &random))
    return .said(
      targets.map { target in
        (target, (0..<Int.random(in: 0...2, using: &random)).map { _ in input(&random) })
      }, all: Int.random(in: 0..<4, using: &random) == 0 ? [input(&random)] : [])
  }

  private func stated(_ random: inout SeededGenerator, hasJobs: Bool) -> Stated {
    func source() -> Source {
      if hasJobs, Int.random(in: 0..<6, using: &random) == 0 {
        return .job(Bool.random(using: &random) ? nil : Self.jobs.randomElement(using: &random)!)
      }
      let isColumn = Int.random(in: 0..<3, using: &random) == 0
      return .dataset(
        datasets.randomElement(using: &random)!,
        column: isColumn ? Self.columnNames.randomElement(using: &random)! : nil)
    }
    return Stated(
      sources: (0..<Int.random(in: 0...2, using: &random)).map { _ in source() },
      columns: Int.random(in: 0..<3, using: &random) == 0
        ? [("a", (0..<Int.random(in: 0...2, using: &random)).map { _ in source() })] : [])
  }
}

extension NSUUID {
  fileprivate convenience init(uuidBytes bytes: [UInt8]) {
    self.init(uuidBytes: bytes.withUnsafeBufferPointer { $0.baseAddress! })
  }
}

// MARK: - As JSON

extension LineageStory.Event {
  private static let base =
    #""_producer":"https://example.com/p","_schemaURL":"https://example.com/s""#

  var json: String {
    var members = [
      #""eventTime":"\#(timeText)""#, #""producer":"https://example.com/\#(number)""#,
      #""schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json""#,
    ]
    if let type { members.append(#""eventType":"\#(type)""#) }
    if let run {
      var facets = ""
      if let parent {
        facets =
          #","facets":{"parent":{\#(Self.base),"run":{"runId":"\#(parent.run)"},"#
          + #""job":\#(Self.object(parent.job))}}"#
      }
      members.append(#""run":{"runId":"\#(run)"\#(facets)}"#)
    }
    if let job {
      var facets = ""
      if !entries.isEmpty {
        let texts = entries.map { entry in
          let target =
            entry.target.map { #"\#(Self.members($0)),"type":"DATASET""# } ?? #""type":"JOB""#
          return "{\(target),\(Self.text(entry.stated))}"
        }
        facets = #""lineage":{\#(Self.base),"entries":[\#(texts.joined(separator: ","))]}"#
      }
      members.append(#""job":{\#(Self.members(job)),"facets":{\#(facets)}}"#)
    }
    if let dataset { members.append(#""dataset":\#(Self.text(dataset))"#) }
    for (name, datasets) in [("inputs", inputs), ("outputs", outputs)] where !datasets.isEmpty {
      members.append(#""\#(name)":[\#(datasets.map(Self.text).joined(separator: ","))]"#)
    }
    return "{\(members.joined(separator: ","))}"
  }

  private var timeText: String {
    let formatter = ISO8601DateFormatter()
    let text = formatter.string(from: Date(timeIntervalSince1970: Double(time) / 1_000_000))
    return hasZone ? text : String(text.dropLast())
  }

  private static func members(_ name: LineageStory.Name) -> String {
    #""namespace":"\#(name.namespace)","name":"\#(name.name)""#
  }

  private static func object(_ name: LineageStory.Name) -> String { "{\(members(name))}" }

  private static func text(_ dataset: LineageStory.Dataset) -> String {
    var facets: [String] = []
    if let version = dataset.version {
      facets.append(#""version":{\#(base),"datasetVersion":"\#(version)"}"#)
    }
    if !dataset.schema.isEmpty {
      let fields = dataset.schema.map { #"{"name":"\#($0)"}"# }.joined(separator: ",")
      facets.append(#""schema":{\#(base),"fields":[\#(fields)]}"#)
    }
    switch dataset.columns {
    case .said(let columns, let all)?:
      let fields = columns.map { #""\#($0.column)":{"inputFields":[\#(inputs($0.inputs))]}"# }
      let whole = all.isEmpty ? "" : #","dataset":[\#(inputs(all))]"#
      facets.append(
        #""columnLineage":{\#(base),"fields":{\#(fields.joined(separator: ","))}\#(whole)}"#)
    case .takenBack?: facets.append(#""columnLineage":{\#(base),"_deleted":true}"#)
    case nil: break
    }
    if let stated = dataset.stated { facets.append(#""lineage":{\#(base),\#(text(stated))}"#) }
    if dataset.isStatedTakenBack { facets.append(#""lineage":{\#(base),"_deleted":true}"#) }
    if !dataset.symlinks.isEmpty {
      let names = dataset.symlinks.map { #"{\#(members($0)),"type":"TABLE"}"# }
      facets.append(#""symlinks":{\#(base),"identifiers":[\#(names.joined(separator: ","))]}"#)
    }
    if let before = dataset.renamedFrom {
      facets.append(
        #""lifecycleStateChange":{\#(base),"lifecycleStateChange":"RENAME","#
          + #""previousIdentifier":\#(object(before))}"#)
    }
    return #"{\#(members(dataset.name)),"facets":{\#(facets.joined(separator: ","))}}"#
  }

  private static func inputs(_ inputs: [LineageStory.ColumnInput]) -> String {
    inputs.map { #"{\#(members($0.dataset)),"field":"\#($0.column)"}"# }.joined(separator: ",")
  }

  private static func text(_ stated: LineageStory.Stated) -> String {
    func list(_ sources: [LineageStory.Source]) -> String {
      sources.map { source in
        switch source {
        case .dataset(let name, let column):
          #"{\#(members(name)),"type":"DATASET"\#(column.map { #","field":"\#($0)""# } ?? "")}"#
        case .job(let name): #"{\#(name.map { members($0) + "," } ?? "")"type":"JOB"}"#
        }
      }.joined(separator: ",")
    }
    var text = #""inputs":[\#(list(stated.sources))]"#
    if !stated.columns.isEmpty {
      let fields = stated.columns.map { #""\#($0.column)":{"inputs":[\#(list($0.sources))]}"# }
      text += #","fields":{\#(fields.joined(separator: ","))}"#
    }
    return text
  }
}
