/// What is kept of a facet's value when everything that can carry personal data is removed.
///
/// A list of what is kept, not of what is removed: what a later version of a facet adds is
/// removed until somebody has looked at it.
indirect enum FacetMask: Sendable {
  typealias Members = KeyValuePairs<StaticString, FacetMask>

  /// A text as it is: names, types, kinds, versions, times.
  case text
  /// A short text of letters and digits, as names of languages are; `?` for any other.
  case word
  case number
  case flag
  /// Without user, password and query; `?` for what is no URI and no word either.
  case uri
  /// A name that may be a URI: what has two slashes is masked as one.
  case nameOrURI
  /// Without user and password.
  case namespace
  /// With its literals replaced; the dialect is a member beside it.
  case sql
  /// A text that the schema asks for, but that is not to be kept: `?`.
  case hidden
  /// A list that the schema asks for, but whose elements are not to be kept.
  case emptyList
  case list(FacetMask)
  /// An object whose names are names of columns.
  case map(FacetMask)
  /// These members, in this order.
  case object(Members)
  /// The object that this is within, or a list of it: fields have fields.
  case again
  case listOfAgain

  /// Whether a text that the facet has is replaced, or nothing kept of it.
  var isHiding: Bool {
    switch self {
    case .hidden, .emptyList, .sql: true
    case .list(let element), .map(let element): element.isHiding
    case .object(let members): members.isEmpty || members.contains { $0.value.isHiding }
    default: false
    }
  }

  // MARK: - Shapes that several facets share

  static let identity = FacetMask.object(["namespace": .namespace, "name": .text])

  static let runID = FacetMask.object(["runId": .text])

  static let transformations = FacetMask.list(
    .object(["type": .text, "subtype": .text, "masking": .flag]))

  static let inputFields = FacetMask.list(
    .object([
      "namespace": .namespace, "name": .text, "field": .text, "transformations": transformations,
    ]))

  static let lineageInputs = FacetMask.list(
    .object([
      "namespace": .namespace, "name": .text, "type": .text, "runId": .text, "field": .text,
      "transformations": transformations,
    ]))

  static let lineageFields = FacetMask.map(.object(["inputs": lineageInputs]))

  static let ownership = FacetMask.object([
    "owners": .list(.object(["name": .text, "type": .text]))
  ])

  static let documentation = FacetMask.object(["description": .hidden])

  static let tags = FacetMask.object([
    "tags": .list(.object(["key": .word, "value": .hidden, "field": .text]))
  ])

  /// Smallest and largest values, sums and quantiles are values of somebody.
  static let metrics = FacetMask.object([
    "rowCount": .number, "bytes": .number, "fileCount": .number, "lastUpdated": .text,
    "columnMetrics": .map(
      .object(["nullCount": .number, "distinctCount": .number, "count": .number])),
  ])

  static let assertions = FacetMask.object([
    "assertions": .list(
      .object(["assertion": .word, "success": .flag, "column": .text, "severity": .word]))
  ])

  static let statistics = FacetMask.object([
    "rowCount": .number, "size": .number, "fileCount": .number,
  ])

  static let dependencies = FacetMask.list(
    .object([
      "job": identity, "run": runID, "dependency_type": .text, "sequence_trigger_rule": .text,
      "status_trigger_rule": .text,
    ]))

  /// The form of a condition; the places and values in it are not kept.
  static let condition = FacetMask.object([
    "type": .text, "operator": .text, "comparison": .text, "field": .text, "value": .hidden,
    "left": .again, "right": .again, "locations": .list(.hidden),
    "partitions": .list(.object(["dimensions": .object([:])])),
  ])
}
