import CustodyLedger

/// What was counted in a dataset.
package struct DataQualityMetricsFacet: LineageFacet {
  package static let key = "dataQualityMetrics"

  package struct Column: Equatable, Sendable {
    package let name: String
    package let nullCount: Int?
    package let distinctCount: Int?
    package let count: Double?
  }

  package let rowCount: Int?
  package let bytes: Int?
  package let fileCount: Int?
  package let lastUpdated: LineageTime?
  /// In the order of their names' bytes.
  package let columns: [Column]

  package init?(_ value: JSONValue) {
    rowCount = value["rowCount"]?.integer
    bytes = value["bytes"]?.integer
    fileCount = value["fileCount"]?.integer
    lastUpdated = LineageTime(value["lastUpdated"])
    columns = (value["columnMetrics"]?.members ?? []).map { name, value in
      Column(
        name: name, nullCount: value["nullCount"]?.integer,
        distinctCount: value["distinctCount"]?.integer, count: value["count"]?.number)
    }
    .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}

/// What a dataset was expected to be, and whether it was.
package struct DataQualityAssertionsFacet: LineageFacet {
  package static let key = "dataQualityAssertions"

  package struct Assertion: Hashable, Sendable {
    /// not_null, unique and others.
    package let assertion: String
    package let isMet: Bool
    /// Nil for one about the whole dataset.
    package let column: String?
    package let severity: String?
  }

  package let assertions: [Assertion]

  package init?(_ value: JSONValue) {
    assertions =
      value["assertions"]?.elements.compactMap { value in
        guard let assertion = value["assertion"]?.string, let isMet = value["success"]?.boolean
        else { return nil }
        return Assertion(
          assertion: assertion, isMet: isMet, column: value["column"]?.string,
          severity: value["severity"]?.string)
      } ?? []
  }
}

/// How much a run read of a dataset.
package struct InputStatisticsFacet: LineageFacet {
  package static let key = "inputStatistics"

  package let rowCount: Int?
  /// In bytes.
  package let size: Int?
  package let fileCount: Int?

  package init?(_ value: JSONValue) {
    rowCount = value["rowCount"]?.integer
    size = value["size"]?.integer
    fileCount = value["fileCount"]?.integer
  }
}

/// How much a run wrote of a dataset.
package struct OutputStatisticsFacet: LineageFacet {
  package static let key = "outputStatistics"

  package let rowCount: Int?
  /// In bytes.
  package let size: Int?
  package let fileCount: Int?

  package init?(_ value: JSONValue) {
    rowCount = value["rowCount"]?.integer
    size = value["size"]?.integer
    fileCount = value["fileCount"]?.integer
  }
}
