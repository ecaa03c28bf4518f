/// The facets of the spec: where each stands, by which schema it is checked, what masking keeps.
///
/// A facet that is not here is unknown: kept in the sealed original, counted, shown by its key.
enum FacetCatalog {
  struct Known: Sendable {
    let key: StaticString
    let schema: JSONSchema.Reference
    let mask: FacetMask
  }

  private struct Entry {
    let places: [OpenLineageFacet.Place]
    let key: StaticString
    /// What comes after `https://openlineage.io/spec/facets/`.
    let schema: String
    let mask: FacetMask
  }

  static func known(
    _ place: OpenLineageFacet.Place, _ key: Int, in document: JSONDocument
  ) -> Known? {
    byPlace[place.rawValue].first { document.isEqual(key, $0.key) }
  }

  /// Compiled when the first facet is read.
  static let schema = compiled.schema
  private static let byPlace = compiled.byPlace

  private static let compiled: (schema: JSONSchema, byPlace: [[Known]]) = {
    let base = "https://openlineage.io/spec/facets/"
    let entries = runEntries + jobEntries + datasetEntries + inputAndOutputEntries
    let schema: JSONSchema
    do {
      schema = try JSONSchema(
        documents: OpenLineageSchemas.all.map(\.bytes),
        references: entries.map { base + $0.schema })
    } catch {
      // They are compiled into the program, and a test reads each.
      preconditionFailure("a schema of OpenLineage is not understood: \(error)")
    }
    let byPlace = OpenLineageFacet.Place.allCases.map { place in
      entries.filter { $0.places.contains(place) }.map { entry in
        Known(key: entry.key, schema: schema[base + entry.schema]!, mask: entry.mask)
      }
    }
    return (schema, byPlace)
  }()

  private static let runEntries: [Entry] = [
    Entry(
      places: [.run], key: "parent", schema: "1-2-0/ParentRunFacet.json#/properties/parent",
      mask: .object([
        "run": FacetMask.runID, "job": FacetMask.identity,
        "root": .object(["run": FacetMask.runID, "job": FacetMask.identity]),
      ])),
    Entry(
      places: [.run], key: "nominalTime",
      schema: "1-0-1/NominalTimeRunFacet.json#/properties/nominalTime",
      mask: .object(["nominalStartTime": .text, "nominalEndTime": .text])),
    Entry(
      places: [.run], key: "processing_engine",
      schema: "1-1-1/ProcessingEngineRunFacet.json#/properties/processing_engine",
      mask: .object(["version": .text, "name": .text, "openlineageAdapterVersion": .text])),
    Entry(
      places: [.run], key: "errorMessage",
      schema: "1-0-1/ErrorMessageRunFacet.json#/properties/errorMessage",
      mask: .object(["message": .hidden, "programmingLanguage": .word])),
    Entry(
      places: [.run], key: "externalQuery",
      schema: "1-0-2/ExternalQueryRunFacet.json#/properties/externalQuery",
      mask: .object(["externalQueryId": .hidden, "source": .nameOrURI])),
    Entry(
      places: [.run], key: "extractionError",
      schema: "1-1-2/ExtractionErrorRunFacet.json#/properties/extractionError",
      mask: .object(["totalTasks": .number, "failedTasks": .number, "errors": .emptyList])),
    Entry(
      places: [.run], key: "environmentVariables",
      schema: "1-0-0/EnvironmentVariablesRunFacet.json#/properties/environmentVariables",
      mask: .object(["environmentVariables": .emptyList])),
    Entry(
      places: [.run], key: "executionParameters",
      schema: "1-0-0/ExecutionParametersRunFacet.json#/properties/executionParameters",
      mask: .object([:])),
    Entry(
      places: [.run], key: "jobDependencies",
      schema: "1-0-1/JobDependenciesRunFacet.json#/properties/jobDependencies",
      mask: .object([
        "upstream": FacetMask.dependencies, "downstream": FacetMask.dependencies,
        "trigger_rule": .text,
      ])),
    Entry(
      places: [.run], key: "tags", schema: "1-0-0/TagsRunFacet.json#/properties/tags",
      mask: FacetMask.tags),
    Entry(
      places: [.run], key: "test", schema: "1-0-1/TestRunFacet.json#/properties/test",
      mask: .object([
        "tests": .list(
          .object(["name": .word, "status": .word, "severity": .word, "type": .word]))
      ])),
  ]

  private static let jobEntries: [Entry] = [
    Entry(
      places: [.job], key: "sql", schema: "1-1-0/SQLJobFacet.json#/properties/sql",
      mask: .object(["query": .sql, "dialect": .word])),
    Entry(
      places: [.job], key: "sourceCode",
      schema: "1-0-1/SourceCodeJobFacet.json#/properties/sourceCode",
      mask: .object(["language": .word, "sourceCode": .hidden])),
    Entry(
      places: [.job], key: "sourceCodeLocation",
      schema: "1-1-0/SourceCodeLocationJobFacet.json#/properties/sourceCodeLocation",
      mask: .object([
        "type": .text, "url": .uri, "repoUrl": .uri, "version": .text,
        "tag": .text, "branch": .text, "pullRequestNumber": .text,
      ])),
    Entry(
      places: [.job], key: "jobType", schema: "2-0-4/JobTypeJobFacet.json#/properties/jobType",
      mask: .object([
        "processingType": .word, "integration": .word, "jobType": .word,
        "emissionPattern": .object([
          "eventTrigger": .text, "eventContentMode": .text, "windowDuration": .number,
        ]),
      ])),
    Entry(
      places: [.job], key: "ownership",
      schema: "1-0-1/OwnershipJobFacet.json#/properties/ownership", mask: FacetMask.ownership),
    Entry(
      places: [.job], key: "documentation",
      schema: "1-1-0/DocumentationJobFacet.json#/properties/documentation",
      mask: FacetMask.documentation),
    Entry(
      places: [.job], key: "tags", schema: "1-0-0/TagsJobFacet.json#/properties/tags",
      mask: FacetMask.tags),
    Entry(
      places: [.job], key: "lineage", schema: "1-0-0/LineageFacet.json#/$defs/LineageJobFacet",
      mask: .object([
        "entries": .list(
          .object([
            "namespace": .namespace, "name": .text, "type": .text, "runId": .text,
            "inputs": FacetMask.lineageInputs, "fields": FacetMask.lineageFields,
          ]))
      ])),
  ]

  private static let datasetEntries: [Entry] = [
    Entry(
      places: [.dataset], key: "schema",
      schema: "1-2-0/SchemaDatasetFacet.json#/properties/schema",
      mask: .object([
        "fields": .list(
          .object([
            "name": .text, "type": .text, "ordinal_position": .number,
            "fields": .listOfAgain,
          ]))
      ])),
    Entry(
      places: [.dataset], key: "columnLineage",
      schema: "1-2-0/ColumnLineageDatasetFacet.json#/properties/columnLineage",
      mask: .object([
        "fields": .map(
          .object(["inputFields": FacetMask.inputFields, "transformationType": .text])),
        "dataset": FacetMask.inputFields,
      ])),
    Entry(
      places: [.dataset], key: "lineage",
      schema: "1-0-0/LineageFacet.json#/$defs/LineageDatasetFacet",
      mask: .object(["inputs": FacetMask.lineageInputs, "fields": FacetMask.lineageFields])),
    Entry(
      places: [.dataset], key: "dataSource",
      schema: "1-0-1/DatasourceDatasetFacet.json#/properties/dataSource",
      mask: .object(["name": .nameOrURI, "uri": .uri])),
    Entry(
      places: [.dataset], key: "version",
      schema: "1-0-1/DatasetVersionDatasetFacet.json#/properties/version",
      mask: .object(["datasetVersion": .text])),
    Entry(
      places: [.dataset], key: "lifecycleStateChange",
      schema: "1-0-1/LifecycleStateChangeDatasetFacet.json#/properties/lifecycleStateChange",
      mask: .object([
        "lifecycleStateChange": .text, "previousIdentifier": FacetMask.identity,
      ])),
    Entry(
      places: [.dataset], key: "symlinks",
      schema: "1-0-1/SymlinksDatasetFacet.json#/properties/symlinks",
      mask: .object([
        "identifiers": .list(.object(["namespace": .namespace, "name": .text, "type": .text]))
      ])),
    Entry(
      places: [.dataset], key: "storage",
      schema: "1-0-1/StorageDatasetFacet.json#/properties/storage",
      mask: .object(["storageLayer": .text, "fileFormat": .text])),
    Entry(
      places: [.dataset], key: "catalog",
      schema: "1-1-0/CatalogDatasetFacet.json#/properties/catalog",
      mask: .object(["framework": .text, "type": .text, "name": .text])),
    Entry(
      places: [.dataset], key: "datasetType",
      schema: "1-0-1/DatasetTypeDatasetFacet.json#/properties/datasetType",
      mask: .object(["datasetType": .text, "subType": .text])),
    Entry(
      places: [.dataset], key: "hierarchy",
      schema: "1-0-0/HierarchyDatasetFacet.json#/properties/hierarchy",
      mask: .object(["hierarchy": .list(.object(["type": .text, "name": .text]))])),
    Entry(
      places: [.dataset], key: "ownership",
      schema: "1-0-1/OwnershipDatasetFacet.json#/properties/ownership", mask: FacetMask.ownership),
    Entry(
      places: [.dataset], key: "documentation",
      schema: "1-1-0/DocumentationDatasetFacet.json#/properties/documentation",
      mask: FacetMask.documentation),
    Entry(
      places: [.dataset], key: "tags", schema: "1-0-0/TagsDatasetFacet.json#/properties/tags",
      mask: FacetMask.tags),
    Entry(
      places: [.dataset], key: "dataQualityMetrics",
      schema: "1-0-0/DataQualityMetricsDatasetFacet.json#/properties/dataQualityMetrics",
      mask: FacetMask.metrics),
  ]

  private static let inputAndOutputEntries: [Entry] = [
    // Its file calls it a facet of datasets, its schema one of inputs; producers do both.
    Entry(
      places: [.dataset, .input], key: "dataQualityAssertions",
      schema: "1-1-0/DataQualityAssertionsDatasetFacet.json#/properties/dataQualityAssertions",
      mask: FacetMask.assertions),
    Entry(
      places: [.input], key: "dataQualityMetrics",
      schema: "1-0-3/DataQualityMetricsInputDatasetFacet.json#/properties/dataQualityMetrics",
      mask: FacetMask.metrics),
    Entry(
      places: [.input], key: "inputStatistics",
      schema: "1-0-0/InputStatisticsInputDatasetFacet.json#/properties/inputStatistics",
      mask: FacetMask.statistics),
    Entry(
      places: [.input], key: "subset",
      schema: "1-0-0/BaseSubsetDatasetFacet.json#/$defs/InputSubsetInputDatasetFacet",
      mask: .object(["inputCondition": FacetMask.condition])),
    Entry(
      places: [.output], key: "outputStatistics",
      schema: "1-0-2/OutputStatisticsOutputDatasetFacet.json#/properties/outputStatistics",
      mask: FacetMask.statistics),
    Entry(
      places: [.output], key: "subset",
      schema: "1-0-0/BaseSubsetDatasetFacet.json#/$defs/OutputSubsetOutputDatasetFacet",
      mask: .object(["outputCondition": FacetMask.condition])),
  ]
}
