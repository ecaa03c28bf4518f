import CustodyModel

extension LineageRows {
  /// What an event of OpenLineage says.
  mutating func add(_ said: OpenLineageEvent, _ event: ProjectedEvent) throws {
    let source = Source(event, said.time)
    let job = try said.job.map { try name(.job, $0.name, source) }
    var run: Int64 = 0
    if let found = said.run {
      run = try runID(found.id, source)
      try addFacets(found.facets, of: -run, source)
      if let parent = found.facets[ParentFacet.self] {
        try addParent(parent.parent, of: run, isRoot: false, source)
        if let root = parent.root { try addParent(root, of: run, isRoot: true, source) }
      }
    }
    for (datasets, isWrite) in [(said.inputs, false), (said.outputs, true)] {
      for dataset in datasets {
        let id = try add(dataset, run: run, source)
        guard said.kind == .run else {
          if let job { try addDeclaration(job: job, isWrite: isWrite, id, source) }
          continue
        }
        let version = try version(of: id, dataset, source)
        try addUse(run: run, isWrite: isWrite, id, version: version ?? 0, source)
      }
    }
    if let job, let facets = said.job?.facets {
      try addFacets(facets, of: job, source)
      if let edges = facets[JobLineageFacet.self] {
        for entry in edges.entries { try add(entry, job: job, run: run, source) }
      }
    }
    var dataset: Int64?
    if let found = said.dataset {
      let id = try add(found, run: 0, source)
      dataset = id
      if let version = try version(of: id, found, source) {
        try addUse(run: 0, isWrite: true, id, version: version, source)
      }
    }
    try addEvent(run: run, job: job, dataset: dataset, said.eventType, source)
  }

  private mutating func version(
    of dataset: Int64, _ said: OpenLineageEvent.Dataset, _ source: Source
  ) throws -> Int64? {
    try said.facets[VersionFacet.self].map {
      try name(.version, of: dataset, $0.version, source)
    }
  }

  private mutating func add(
    _ dataset: OpenLineageEvent.Dataset, run: Int64, _ source: Source
  ) throws -> Int64 {
    let id = try name(.dataset, dataset.name, source)
    let facets = dataset.facets
    try addFacets(facets, of: id, source)
    if let usage = dataset.usage { try addFacets(usage, of: id, source) }
    if let symlinks = facets[SymlinksFacet.self] {
      for other in symlinks.identifiers where other.name != dataset.name {
        try addAlias(id, try name(.dataset, other.name, source), isRename: false, source)
      }
    }
    if let change = facets[LifecycleStateChangeFacet.self], change.change == .rename,
      let previous = change.previous, previous != dataset.name
    {
      try addAlias(id, try name(.dataset, previous, source), isRename: true, source)
    }
    // So that each can be asked about, also one of which nobody says where it comes from.
    for field in facets[SchemaFacet.self]?.fields ?? [] {
      _ = try name(.column, of: id, field.name, source)
    }
    if let columns = facets[ColumnLineageFacet.self] { try add(columns, of: id, source) }
    if let lineage = facets[DatasetLineageFacet.self] {
      try add(lineage.edges, to: id, columnsOf: id, run: run, job: nil, source)
    }
    return id
  }

  // MARK: - Facets

  private mutating func addFacets(
    _ facets: OpenLineageFacets, of about: Int64, _ source: Source
  ) throws {
    for facet in facets.all {
      let name = try name(.facet, "\(facet.place).\(facet.key)", source)
      let state: LineageFacetState =
        facet.fault != nil ? .faulty : facet.isDeleted ? .takenBack : .said
      try addFacet(of: about, name, state, source)
    }
  }

  private mutating func addParent(
    _ ancestor: ParentFacet.Ancestor, of run: Int64, isRoot: Bool, _ source: Source
  ) throws {
    let job = try name(.job, ancestor.job, source)
    let parent = try runID(ancestor.run, source)
    try addParent(run: run, parent, isRoot: isRoot, job: job, source)
  }

  // MARK: - Edges

  private mutating func add(
    _ columns: ColumnLineageFacet, of dataset: Int64, _ source: Source
  ) throws {
    for field in columns.fields {
      let target = try name(.column, of: dataset, field.name, source)
      for input in field.inputs {
        try addColumn(
          of: dataset, to: target, from: try column(input.dataset, input.field, source),
          how: Self.how(input.transformations), source)
      }
    }
    for input in columns.dataset {
      try addColumn(
        of: dataset, to: dataset, from: try column(input.dataset, input.field, source),
        how: Self.how(input.transformations), source)
    }
  }

  private mutating func column(
    _ dataset: LineageName, _ field: String, _ source: Source
  ) throws -> Int64 {
    try name(.column, of: try name(.dataset, dataset, source), field, source)
  }

  private static func how(_ transformations: [LineageTransformation]) -> Int64 {
    // Version 1-0-0 of the facet knew direct ones only.
    guard !transformations.isEmpty else { return LineageColumnEdge.direct }
    var how: Int64 = 0
    for transformation in transformations {
      how |=
        transformation.type == "INDIRECT" ? LineageColumnEdge.indirect : LineageColumnEdge.direct
    }
    return transformations.allSatisfy { $0.masks == true } ? how | LineageColumnEdge.masked : how
  }

  private mutating func add(
    _ entry: JobLineageFacet.Entry, job: Int64, run: Int64, _ source: Source
  ) throws {
    let target = try id(of: entry.to, job: job, source)
    var dataset: Int64?
    if case .dataset = entry.to { dataset = target }
    try add(entry.edges, to: target, columnsOf: dataset, run: run, job: job, source)
  }

  private mutating func id(
    of node: LineageEdge.Node, job: Int64?, _ source: Source
  ) throws -> Int64 {
    switch node {
    case .dataset(let dataset): try name(.dataset, dataset, source)
    // Without a name it is the job of the event.
    case .job(let named, _): try named.map { try name(.job, $0, source) } ?? job ?? 0
    }
  }

  private mutating func add(
    _ edges: LineageEdges, to target: Int64, columnsOf dataset: Int64?, run: Int64, job: Int64?,
    _ source: Source
  ) throws {
    if let inputs = edges.inputs, target != 0 {
      if inputs.isEmpty { try addEdge(run: run, to: target, from: 0, source) }
      for input in inputs {
        try addEdge(run: run, to: target, from: try id(of: input.from, job: job, source), source)
      }
    }
    guard let dataset else { return }
    for input in edges.inputs ?? [] {
      try addColumn(of: dataset, to: dataset, from: input, source)
    }
    for field in edges.fields {
      let column = try name(.column, of: dataset, field.name, source)
      for input in field.inputs { try addColumn(of: dataset, to: column, from: input, source) }
    }
  }

  /// An edge from a named column; one from a whole dataset is none between columns.
  private mutating func addColumn(
    of dataset: Int64, to target: Int64, from edge: LineageEdge, _ source: Source
  ) throws {
    guard case .dataset(let origin) = edge.from, let field = edge.field else { return }
    try addColumn(
      of: dataset, to: target, from: try column(origin, field, source),
      how: Self.how(edge.transformations), source)
  }
}

/// How a column came from another, as rows have it.
package enum LineageColumnEdge {
  package static let direct: Int64 = 1
  package static let indirect: Int64 = 2
  package static let masked: Int64 = 4
}
