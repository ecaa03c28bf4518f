import CustodyModel

/// All that the graph is made of, to be compared between an event and the same one masked.
struct LineageFacts: Equatable {
  struct Dataset: Equatable {
    let name: LineageName
    let schema: SchemaFacet?
    let version: VersionFacet?
    let columnLineage: ColumnLineageFacet?
    let lineage: DatasetLineageFacet?
    let ownership: OwnershipFacet?
    let change: LifecycleStateChangeFacet?
    let symlinks: SymlinksFacet?
    let storage: StorageFacet?
    let catalog: CatalogFacet?
    let tags: [String]?
    let metrics: DataQualityMetricsFacet?
    let assertions: DataQualityAssertionsFacet?
    let usageMetrics: DataQualityMetricsFacet?
    let usageAssertions: DataQualityAssertionsFacet?
    let input: InputStatisticsFacet?
    let output: OutputStatisticsFacet?
    let isDeleted: Bool

    init(_ dataset: OpenLineageEvent.Dataset) {
      name = dataset.name
      schema = dataset.facets[SchemaFacet.self]
      version = dataset.facets[VersionFacet.self]
      columnLineage = dataset.facets[ColumnLineageFacet.self]
      lineage = dataset.facets[DatasetLineageFacet.self]
      ownership = dataset.facets[OwnershipFacet.self]
      change = dataset.facets[LifecycleStateChangeFacet.self]
      symlinks = dataset.facets[SymlinksFacet.self]
      storage = dataset.facets[StorageFacet.self]
      catalog = dataset.facets[CatalogFacet.self]
      tags = dataset.facets[TagsFacet.self]?.tags.map { "\($0.key) \($0.field ?? "")" }
      metrics = dataset.facets[DataQualityMetricsFacet.self]
      assertions = dataset.facets[DataQualityAssertionsFacet.self]
      usageMetrics = dataset.usage?[DataQualityMetricsFacet.self]
      usageAssertions = dataset.usage?[DataQualityAssertionsFacet.self]
      input = dataset.usage?[InputStatisticsFacet.self]
      output = dataset.usage?[OutputStatisticsFacet.self]
      isDeleted = dataset.facets.isDeleted(SchemaFacet.self)
    }
  }

  let kind: OpenLineageEvent.Kind
  let eventType: OpenLineageEvent.EventType?
  let time: LineageTime
  let run: LineageRunID?
  let parent: ParentFacet?
  let nominalTime: NominalTimeFacet?
  let engine: ProcessingEngineFacet?
  let tests: TestFacet?
  let hasError: Bool
  let job: LineageName?
  let jobType: JobTypeFacet?
  let edges: JobLineageFacet?
  let ownership: OwnershipFacet?
  let commit: String?
  let datasets: [Dataset]
  /// Where each facet that can be used stands.
  let facets: Set<String>

  init(_ event: OpenLineageEvent) {
    kind = event.kind
    eventType = event.eventType
    time = event.time
    run = event.run?.id
    parent = event.run?.facets[ParentFacet.self]
    nominalTime = event.run?.facets[NominalTimeFacet.self]
    engine = event.run?.facets[ProcessingEngineFacet.self]
    tests = event.run?.facets[TestFacet.self]
    hasError = event.run?.facets[ErrorMessageFacet.self] != nil
    job = event.job?.name
    jobType = event.job?.facets[JobTypeFacet.self]
    edges = event.job?.facets[JobLineageFacet.self]
    ownership = event.job?.facets[OwnershipFacet.self]
    commit = event.job?.facets[SourceCodeLocationFacet.self]?.version
    datasets = ([event.dataset].compactMap { $0 } + event.inputs + event.outputs).map(Dataset.init)
    facets = Set(
      event.facets.filter { $0.fault == nil }.map {
        "\($0.entity) \($0.place) \($0.key) \($0.isUnderstood) \($0.isDeleted)"
      })
  }
}
