import CustodyLedger

/// The columns of a dataset.
package struct SchemaFacet: LineageFacet {
  package static let key = "schema"

  package struct Field: Equatable, Sendable {
    package let name: String
    package let type: String?
    /// From 1, where the producer counts; nil where it does not.
    package let position: Int?
    /// Of a struct, or the elements of an array or a map.
    package let fields: [Field]
  }

  package let fields: [Field]

  package init?(_ value: JSONValue) {
    fields = value["fields"]?.elements.compactMap(Field.init) ?? []
  }
}

extension SchemaFacet.Field {
  fileprivate init?(_ value: JSONValue) {
    guard let name = value["name"]?.string else { return nil }
    self.init(
      name: name, type: value["type"]?.string, position: value["ordinal_position"]?.integer,
      fields: value["fields"]?.elements.compactMap(Self.init) ?? [])
  }
}

/// Which version of a dataset was read or written, in the words of where it is stored.
package struct VersionFacet: LineageFacet {
  package static let key = "version"

  package let version: String

  package init?(_ value: JSONValue) {
    guard let version = value["datasetVersion"]?.string else { return nil }
    self.version = version
  }
}

/// Where a dataset's data is.
package struct DataSourceFacet: LineageFacet {
  package static let key = "dataSource"

  package let name: String?
  /// May have a user, a password and a query in the original.
  package let uri: String?

  package init?(_ value: JSONValue) {
    name = value["name"]?.string
    uri = value["uri"]?.string
  }
}

/// Other names of the same dataset.
package struct SymlinksFacet: LineageFacet {
  package static let key = "symlinks"

  package struct Identifier: Hashable, Sendable {
    package let name: LineageName
    /// TABLE, LOCATION and others.
    package let type: String
  }

  package let identifiers: [Identifier]

  package init?(_ value: JSONValue) {
    identifiers =
      value["identifiers"]?.elements.compactMap { value in
        guard let name = LineageName(value), let type = value["type"]?.string else { return nil }
        return Identifier(name: name, type: type)
      } ?? []
  }
}

/// What was done to a dataset as a whole.
package struct LifecycleStateChangeFacet: LineageFacet {
  package static let key = "lifecycleStateChange"

  package enum Change: String, CaseIterable, Sendable {
    case alter = "ALTER"
    case create = "CREATE"
    case drop = "DROP"
    case overwrite = "OVERWRITE"
    case rename = "RENAME"
    case truncate = "TRUNCATE"
  }

  package let change: Change
  /// What it was called before a RENAME.
  package let previous: LineageName?

  package init?(_ value: JSONValue) {
    guard let change = value["lifecycleStateChange"]?.string.flatMap(Change.init) else {
      return nil
    }
    self.change = change
    previous = value["previousIdentifier"].flatMap(LineageName.init)
  }
}

/// How a dataset is stored.
package struct StorageFacet: LineageFacet {
  package static let key = "storage"

  package let layer: String
  package let format: String?

  package init?(_ value: JSONValue) {
    guard let layer = value["storageLayer"]?.string else { return nil }
    self.layer = layer
    format = value["fileFormat"]?.string
  }
}

/// The catalog that a dataset is in.
package struct CatalogFacet: LineageFacet {
  package static let key = "catalog"

  package let framework: String
  package let type: String
  package let name: String

  package init?(_ value: JSONValue) {
    guard let framework = value["framework"]?.string, let type = value["type"]?.string,
      let name = value["name"]?.string
    else { return nil }
    self.framework = framework
    self.type = type
    self.name = name
  }
}
