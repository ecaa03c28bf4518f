import Custody
import CustodyModel

/// What is known of a node of lineage, in words.
struct LineageAboutText {
  struct Row {
    let title: String
    let lines: [String]
  }

  let heading: String
  private(set) var rows: [Row] = []
  private(set) var hasNaiveTimes = false
  private let thing: LineageAbout
  private let limit: Int

  /// - Parameter limit: fields and columns that are shown; 0 for all.
  init(_ thing: LineageAbout, limit: Int) {
    self.thing = thing
    self.limit = limit
    heading = Self.heading(thing.node)
    addNode()
    for fact in thing.facts { add(Self.title(fact.name), fact.value.shown) }
    let facets = thing.facets.enumerated().sorted { left, right in
      let ranks = (Self.rank(left.element.key), Self.rank(right.element.key))
      return ranks.0 == ranks.1 ? left.offset < right.offset : ranks.0 < ranks.1
    }
    for (_, facet) in facets { add(facet) }
    addKept()
  }

  /// Facets in the order in which people ask for them; those that are not here come last.
  private static let order = [
    "documentation", "ownership", "tags", "jobType", "sourceCodeLocation", "sql", "parent",
    "nominalTime", "processing_engine", "errorMessage", "test", "datasetType", "version",
    "lifecycleStateChange", "symlinks", "dataSource", "storage", "catalog", "schema",
    "columnLineage", "lineage", "dataQualityMetrics", "dataQualityAssertions", "inputStatistics",
    "outputStatistics",
  ]

  private static func rank(_ key: String) -> Int { order.firstIndex(of: key) ?? order.count }

  private static func heading(_ node: LineagePicture.Node) -> String {
    switch node.kind {
    case .run: "run \(node.shortID ?? "") of \(node.label)"
    case .version, .model, .record:
      "\(node.kind.rawValue) \(node.label)" + (node.version.map { "@\($0)" } ?? "")
    default: "\(node.kind.rawValue) \(node.label)"
    }
  }

  /// `trainedOn` as people write it.
  private static func title(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? " \($1.lowercased())" : String($1) }
  }

  private mutating func add(_ title: String, _ lines: String...) {
    add(title, lines)
  }

  private mutating func add(_ title: String, _ lines: [String]) {
    let lines = lines.filter { !$0.isEmpty }
    if !lines.isEmpty { rows.append(Row(title: title, lines: lines)) }
  }

  // MARK: - The node

  private mutating func addNode() {
    let node = thing.node
    if let id = node.id { add("id", id) }
    let name = node.namespace.isEmpty ? node.name : "\(node.namespace)/\(node.name)"
    add(node.kind == .run ? "job" : "name", name)
    let symlinks = thing.facets.first { $0.key == SymlinksFacet.key }?.value(SymlinksFacet.self)
    let linked = Set(symlinks?.identifiers.map(\.name.whole) ?? [])
    add("also", thing.alsoCalled.filter { !linked.contains($0) })
    if let state = node.state { add("state", state.text) }
    let (began, ended) = (time(node.startedAt, node.naiveStart), time(node.endedAt, node.naiveEnd))
    add(node.kind == .run ? "began" : "written", began)
    add("ended", ended)
    add(
      "erased",
      node.erasures.map { erasure in
        "\(erasure.records.counted("record")) at \(erasure.time.toTheSecond), position "
          + "\(erasure.position.value)"
      })
    if node.kind != .run, let first = thing.firstSeen, let last = thing.lastSeen {
      let times = [first, last].map { time(thing.isNaive ? nil : $0, $0) }
      add("seen", times[0] == times[1] ? times[0] : "\(times[0]) to \(times[1])")
    }
    if let actor = node.actor { add("by", actor) }
    let hasOwnership = thing.facets.contains { $0.key == "ownership" }
    if !hasOwnership { add("owners", node.owners.joined(separator: ", ")) }
  }

  private mutating func time(_ time: Timestamp?, _ naive: Timestamp?) -> String {
    if let time { return time.toTheSecond }
    guard let naive else { return "" }
    hasNaiveTimes = true
    return naive.toTheSecond.dropLast() + "~"
  }

  private mutating func time(_ time: LineageTime) -> String {
    self.time(time.hasZone ? time.timestamp : nil, time.timestamp)
  }

  // MARK: - Facets

  /// What is kept of each facet and of those that nobody here understands.
  private mutating func addKept() {
    if !thing.unknownFacets.isEmpty {
      let keys = thing.unknownFacets.map { "\($0.key) \($0.count)" }
      add("kept", "not understood, with how many events say it: \(keys.joined(separator: ", "))")
    }
    let sealed = thing.facets.filter(\.isSealed)
    let positions = Set(sealed.compactMap(\.original)).sorted()
    var lines = positions.map { position in
      let keys = Set(sealed.filter { $0.original == position }.map(\.key)).sorted()
      return "\(keys.joined(separator: ", ")): custody show \(position.value) --content"
    }
    let gone = Set(sealed.filter { $0.original == nil }.map(\.key)).sorted()
    if !gone.isEmpty { lines.append("\(gone.joined(separator: ", ")): the original is erased") }
    add("sealed", lines)
  }

  private mutating func add(_ facet: LineageAbout.Facet) {
    if thing.node.kind == .column { return addOfColumn(facet) }
    switch facet.place {
    case "run": addOfRun(facet)
    case "job": addOfJob(facet)
    case "input", "output": addOfUse(facet)
    default: addOfDataset(facet)
    }
  }

  private mutating func addOfRun(_ facet: LineageAbout.Facet) {
    if let parent = facet.value(ParentFacet.self), facet.key == ParentFacet.key {
      add("parent", Self.text(parent.parent))
      if let root = parent.root { add("root", Self.text(root)) }
    } else if let nominal = facet.value(NominalTimeFacet.self), facet.key == NominalTimeFacet.key {
      let start = time(nominal.start)
      add("nominal", nominal.end.map { "\(start) to \(time($0))" } ?? start)
    } else if let engine = facet.value(ProcessingEngineFacet.self),
      facet.key == ProcessingEngineFacet.key
    {
      let name = [engine.name, engine.version].compactMap { $0 }.joined(separator: " ")
      add("engine", Self.list(name, engine.adapterVersion.map { "OpenLineage \($0)" }))
    } else if let error = facet.value(ErrorMessageFacet.self), facet.key == ErrorMessageFacet.key {
      add("error", "sealed, \(error.programmingLanguage)")
    } else if let test = facet.value(TestFacet.self), facet.key == TestFacet.key {
      add("tests", limited(test.tests.map { Self.list("\($0.status) \($0.name)", $0.severity) }))
    } else {
      addShared(facet)
    }
  }

  private static func text(_ ancestor: ParentFacet.Ancestor) -> String {
    "\(ancestor.job.whole), run \(ancestor.run)"
  }

  private mutating func addOfJob(_ facet: LineageAbout.Facet) {
    if let sql = facet.value(SQLFacet.self), facet.key == SQLFacet.key {
      let lines = sql.query.split(whereSeparator: \.isNewline).map(String.init)
      add(sql.dialect.map { "sql, \($0)" } ?? "sql", limited(lines))
    } else if let code = facet.value(SourceCodeLocationFacet.self),
      facet.key == SourceCodeLocationFacet.key
    {
      add(
        "code",
        Self.list(
          "\(code.type) \(code.url)", code.repository.map { "repository \($0)" }, code.path,
          code.version.map { "version \($0)" }, code.tag.map { "tag \($0)" },
          code.branch.map { "branch \($0)" }))
    } else if let type = facet.value(JobTypeFacet.self), facet.key == JobTypeFacet.key {
      add(
        "type",
        Self.list(
          type.processingType, type.integration, type.jobType, type.eventTrigger,
          type.eventContentMode))
    } else if facet.key == JobLineageFacet.key, let lineage = facet.value(JobLineageFacet.self) {
      add("edges", "said one by one for \(lineage.entries.count.counted("target"))")
    } else {
      addShared(facet)
    }
  }

  private mutating func addOfDataset(_ facet: LineageAbout.Facet) {
    switch facet.key {
    case SchemaFacet.key:
      guard let schema = facet.value(SchemaFacet.self) else { return }
      add("fields", limited(Self.fields(schema.fields, depth: 0)))
    case VersionFacet.key: add("version", facet.value(VersionFacet.self)?.version ?? "")
    case DataSourceFacet.key:
      let source = facet.value(DataSourceFacet.self)
      // Some producers give the address as the name as well.
      add("source", Self.list(source?.name, source?.uri == source?.name ? nil : source?.uri))
    case SymlinksFacet.key:
      add(
        "symlinks",
        facet.value(SymlinksFacet.self)?.identifiers.map { "\($0.name.whole), \($0.type)" } ?? [])
    case LifecycleStateChangeFacet.key:
      guard let change = facet.value(LifecycleStateChangeFacet.self) else { return }
      add(
        "lifecycle",
        change.change.rawValue + (change.previous.map { ", before it \($0.whole)" } ?? ""))
    case StorageFacet.key:
      let storage = facet.value(StorageFacet.self)
      add("storage", Self.list(storage?.layer, storage?.format))
    case CatalogFacet.key:
      let catalog = facet.value(CatalogFacet.self)
      add("catalog", Self.list(catalog?.name, catalog?.framework, catalog?.type))
    case ColumnLineageFacet.key:
      guard let columns = facet.value(ColumnLineageFacet.self) else { return }
      add("columns", "said where \(columns.fields.count.counted("column")) came from")
    case DatasetLineageFacet.key:
      guard let edges = facet.value(DatasetLineageFacet.self)?.edges else { return }
      add("edges", "said one by one from \((edges.inputs?.count ?? 0).counted("source"))")
    default: addQuality(facet)
    }
  }

  private mutating func addOfUse(_ facet: LineageAbout.Facet) {
    let title = facet.place == "input" ? "read" : "wrote"
    let size: [String?]
    if facet.place == "input", facet.key == InputStatisticsFacet.key,
      let found = facet.value(InputStatisticsFacet.self)
    {
      size = Self.size(found.rowCount, found.size, found.fileCount)
    } else if facet.key == OutputStatisticsFacet.key,
      let found = facet.value(OutputStatisticsFacet.self)
    {
      size = Self.size(found.rowCount, found.size, found.fileCount)
    } else {
      return addQuality(facet)
    }
    var text = size.compactMap { $0 }.joined(separator: ", ")
    if let dataset = facet.dataset {
      text = "\(dataset): \(text)"
    } else if let run = facet.run {
      text += " by run \(run.suffix(8))"
    }
    add(title, text)
  }

  private mutating func addQuality(_ facet: LineageAbout.Facet) {
    let prefix = facet.dataset.map { "\($0): " } ?? ""
    if facet.key == DataQualityMetricsFacet.key,
      let metrics = facet.value(DataQualityMetricsFacet.self)
    {
      let size = Self.size(metrics.rowCount, metrics.bytes, metrics.fileCount)
      let updated = metrics.lastUpdated.map { "updated \(time($0))" }
      let columns = metrics.columns.map { "\($0.name): \(Self.counts($0))" }
      add(
        "metrics",
        [(size + [updated]).compactMap { $0 }.joined(separator: ", ")].filter { !$0.isEmpty }
          .map { prefix + $0 } + limited(columns.map { prefix + $0 }))
    } else if facet.key == DataQualityAssertionsFacet.key,
      let found = facet.value(DataQualityAssertionsFacet.self)
    {
      add("asserted", limited(found.assertions.map { prefix + Self.text($0) }))
    } else {
      addShared(facet)
    }
  }

  private mutating func addShared(_ facet: LineageAbout.Facet) {
    if facet.key == OwnershipFacet.key, let ownership = facet.value(OwnershipFacet.self) {
      let owners = ownership.owners.map { owner in
        owner.name + (owner.type.map { " (\($0))" } ?? "")
      }
      add("owners", owners.joined(separator: ", "))
    } else if facet.key == DocumentationFacet.key, facet.value(DocumentationFacet.self) != nil {
      add("documented", "sealed")
    } else if facet.key == TagsFacet.key, let tags = facet.value(TagsFacet.self) {
      add(
        "tags",
        limited(
          tags.tags.map { tag in
            (tag.field.map { "\($0): " } ?? "") + tag.key
          }))
    } else {
      add(facet.key, Self.members(facet))
    }
  }

  /// What a facet says that has no words of its own here, member by member.
  private static func members(_ facet: LineageAbout.Facet) -> [String] {
    guard let document = try? JSONDocument(Array(facet.json.utf8)) else { return [] }
    let members = document.root.members.filter { !$0.name.hasPrefix("_") }.map { name, value in
      let text = value.string ?? String(decoding: value.json, as: UTF8.self)
      return "\(name): \(text == "?" || text == "[]" ? "sealed" : text)"
    }
    return members.isEmpty ? [facet.isSealed ? "sealed" : "said"] : members
  }

  // MARK: - Of a column

  private mutating func addOfColumn(_ facet: LineageAbout.Facet) {
    let name = String(
      thing.node.name.split(separator: "#", omittingEmptySubsequences: false).last ?? "")
    switch facet.key {
    case SchemaFacet.key:
      guard let field = facet.value(SchemaFacet.self)?.fields.first(where: { $0.name == name })
      else { return }
      add("type", field.type ?? "")
      if let position = field.position { add("place", "\(position)") }
      add("fields", limited(Self.fields(field.fields, depth: 0)))
    case TagsFacet.key:
      add("tags", facet.value(TagsFacet.self)?.tags.filter { $0.field == name }.map(\.key) ?? [])
    case DataQualityMetricsFacet.key:
      let column = facet.value(DataQualityMetricsFacet.self)?.columns.first { $0.name == name }
      add("metrics", column.map(Self.counts) ?? "")
    case DataQualityAssertionsFacet.key:
      let found = facet.value(DataQualityAssertionsFacet.self)?.assertions ?? []
      add("asserted", found.filter { $0.column == name }.map(Self.text))
    default: break
    }
  }

  // MARK: - Words

  private func limited(_ lines: [String]) -> [String] {
    guard limit > 0, lines.count > limit else { return lines }
    return lines.prefix(limit) + ["and \(lines.count - limit) more: --limit 0"]
  }

  private static func list(_ texts: String?...) -> String {
    texts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", ")
  }

  private static func fields(_ fields: [SchemaFacet.Field], depth: Int) -> [String] {
    let width = min(40, fields.map(\.name.columnCount).max() ?? 0)
    let margin = String(repeating: "  ", count: depth)
    return fields.flatMap { field -> [String] in
      let padding = String(repeating: " ", count: max(0, width - field.name.columnCount) + 2)
      let text = field.type.map { "\(margin)\(field.name)\(padding)\($0)" } ?? margin + field.name
      return [text] + Self.fields(field.fields, depth: depth + 1)
    }
  }

  private static func size(_ rows: Int?, _ bytes: Int?, _ files: Int?) -> [String?] {
    [rows?.counted("row"), bytes?.asBytes, files?.counted("file")]
  }

  private static func counts(_ column: DataQualityMetricsFacet.Column) -> String {
    let counts = [
      column.count.map { "\(Int(exactly: $0).map(String.init) ?? "\($0)") counted" },
      column.nullCount.map { "\($0) null" }, column.distinctCount.map { "\($0) distinct" },
    ]
    let text = counts.compactMap { $0 }.joined(separator: ", ")
    return text.isEmpty ? "sealed" : text
  }

  private static func text(_ assertion: DataQualityAssertionsFacet.Assertion) -> String {
    list(
      (assertion.isMet ? "met " : "not met ") + assertion.assertion, assertion.column,
      assertion.severity)
  }
}
