/// The schemas of OpenLineage 2-0-2, as published: the files of the folder Schemas, compiled in.
///
/// They are others' work under the Apache License; NOTICE.txt beside this file says whose.
enum OpenLineageSchemas {
  /// By the name of the file.
  static let all: [(name: String, bytes: [UInt8])] = [
    ("BaseSubsetDatasetFacet", PackageResources.BaseSubsetDatasetFacet_json),
    ("CatalogDatasetFacet", PackageResources.CatalogDatasetFacet_json),
    ("ColumnLineageDatasetFacet", PackageResources.ColumnLineageDatasetFacet_json),
    ("DataQualityAssertionsDatasetFacet", PackageResources.DataQualityAssertionsDatasetFacet_json),
    ("DataQualityMetricsDatasetFacet", PackageResources.DataQualityMetricsDatasetFacet_json),
    (
      "DataQualityMetricsInputDatasetFacet",
      PackageResources.DataQualityMetricsInputDatasetFacet_json
    ),
    ("DatasetTypeDatasetFacet", PackageResources.DatasetTypeDatasetFacet_json),
    ("DatasetVersionDatasetFacet", PackageResources.DatasetVersionDatasetFacet_json),
    ("DatasourceDatasetFacet", PackageResources.DatasourceDatasetFacet_json),
    ("DocumentationDatasetFacet", PackageResources.DocumentationDatasetFacet_json),
    ("DocumentationJobFacet", PackageResources.DocumentationJobFacet_json),
    ("EnvironmentVariablesRunFacet", PackageResources.EnvironmentVariablesRunFacet_json),
    ("ErrorMessageRunFacet", PackageResources.ErrorMessageRunFacet_json),
    ("ExecutionParametersRunFacet", PackageResources.ExecutionParametersRunFacet_json),
    ("ExternalQueryRunFacet", PackageResources.ExternalQueryRunFacet_json),
    ("ExtractionErrorRunFacet", PackageResources.ExtractionErrorRunFacet_json),
    ("HierarchyDatasetFacet", PackageResources.HierarchyDatasetFacet_json),
    ("InputStatisticsInputDatasetFacet", PackageResources.InputStatisticsInputDatasetFacet_json),
    ("JobDependenciesRunFacet", PackageResources.JobDependenciesRunFacet_json),
    ("JobTypeJobFacet", PackageResources.JobTypeJobFacet_json),
    ("LifecycleStateChangeDatasetFacet", PackageResources.LifecycleStateChangeDatasetFacet_json),
    ("LineageFacet", PackageResources.LineageFacet_json),
    ("NominalTimeRunFacet", PackageResources.NominalTimeRunFacet_json),
    ("OpenLineage", PackageResources.OpenLineage_json),
    (
      "OutputStatisticsOutputDatasetFacet",
      PackageResources.OutputStatisticsOutputDatasetFacet_json
    ),
    ("OwnershipDatasetFacet", PackageResources.OwnershipDatasetFacet_json),
    ("OwnershipJobFacet", PackageResources.OwnershipJobFacet_json),
    ("ParentRunFacet", PackageResources.ParentRunFacet_json),
    ("ProcessingEngineRunFacet", PackageResources.ProcessingEngineRunFacet_json),
    ("SQLJobFacet", PackageResources.SQLJobFacet_json),
    ("SchemaDatasetFacet", PackageResources.SchemaDatasetFacet_json),
    ("SourceCodeJobFacet", PackageResources.SourceCodeJobFacet_json),
    ("SourceCodeLocationJobFacet", PackageResources.SourceCodeLocationJobFacet_json),
    ("StorageDatasetFacet", PackageResources.StorageDatasetFacet_json),
    ("SymlinksDatasetFacet", PackageResources.SymlinksDatasetFacet_json),
    ("TagsDatasetFacet", PackageResources.TagsDatasetFacet_json),
    ("TagsJobFacet", PackageResources.TagsJobFacet_json),
    ("TagsRunFacet", PackageResources.TagsRunFacet_json),
    ("TestRunFacet", PackageResources.TestRunFacet_json),
  ]
}
