/// Every projection there is; a new one, or a new version of one, is a line here.
package enum ProjectionCatalog {
  package static let all: [ProjectionKind] = [
    AnonymityProjection.kind, ConsentProjection.kind, DatasetProjection.kind, EventIndex.kind,
    LineageProjection.kind,
    RunProjection.kind,
  ]
}
