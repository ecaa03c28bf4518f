/// What a job is asked to do, in SQL. Of a masked event, without its literals.
package struct SQLFacet: LineageFacet {
  package static let key = "sql"

  package let query: String
  package let dialect: String?

  package init?(_ value: JSONValue) {
    guard let query = value["query"]?.string else { return nil }
    self.query = query
    dialect = value["dialect"]?.string
  }
}

/// Where the code of a job is.
package struct SourceCodeLocationFacet: LineageFacet {
  package static let key = "sourceCodeLocation"

  package let type: String
  package let url: String
  package let repository: String?
  package let path: String?
  /// With git, the commit.
  package let version: String?
  package let tag: String?
  package let branch: String?

  package init?(_ value: JSONValue) {
    guard let type = value["type"]?.string, let url = value["url"]?.string else { return nil }
    self.type = type
    self.url = url
    repository = value["repoUrl"]?.string
    path = value["path"]?.string
    version = value["version"]?.string
    tag = value["tag"]?.string
    branch = value["branch"]?.string
  }
}

/// What kind of job it is.
package struct JobTypeFacet: LineageFacet {
  package static let key = "jobType"

  /// BATCH, STREAMING or SERVICE; runs of the latter two may never end.
  package let processingType: String
  /// SPARK, DBT, AIRFLOW and others.
  package let integration: String
  package let jobType: String?
  /// EVENT_BASED or PERIODIC.
  package let eventTrigger: String?
  /// ACCUMULATIVE: events of a run complete each other. COMPLETE_SNAPSHOT: each says everything.
  package let eventContentMode: String?

  package init?(_ value: JSONValue) {
    guard let processingType = value["processingType"]?.string,
      let integration = value["integration"]?.string
    else { return nil }
    self.processingType = processingType
    self.integration = integration
    jobType = value["jobType"]?.string
    eventTrigger = value["emissionPattern"]?["eventTrigger"]?.string
    eventContentMode = value["emissionPattern"]?["eventContentMode"]?.string
  }
}

// MARK: - Facets of jobs and of datasets

/// Who is responsible for a job or a dataset.
package struct OwnershipFacet: LineageFacet {
  package static let key = "ownership"

  package struct Owner: Hashable, Sendable {
    /// A principal.
    package let name: String
    /// MAINTAINER, OWNER and others.
    package let type: String?
  }

  package let owners: [Owner]

  package init?(_ value: JSONValue) {
    owners =
      value["owners"]?.elements.compactMap { value in
        value["name"]?.string.map { Owner(name: $0, type: value["type"]?.string) }
      } ?? []
  }
}

/// What a job or a dataset is, for people. Of a masked event, `?`.
package struct DocumentationFacet: LineageFacet {
  package static let key = "documentation"

  package let description: String
  package let contentType: String?

  package init?(_ value: JSONValue) {
    guard let description = value["description"]?.string else { return nil }
    self.description = description
    contentType = value["contentType"]?.string
  }
}

/// Labels of a run, a job, a dataset or a column.
package struct TagsFacet: LineageFacet {
  package static let key = "tags"

  package struct Tag: Hashable, Sendable {
    package let key: String
    /// Of a masked event, `?`.
    package let value: String
    /// The column; nil for the whole.
    package let field: String?
  }

  package let tags: [Tag]

  package init?(_ value: JSONValue) {
    tags =
      value["tags"]?.elements.compactMap { value in
        guard let key = value["key"]?.string, let text = value["value"]?.string else { return nil }
        return Tag(key: key, value: text, field: value["field"]?.string)
      } ?? []
  }
}
