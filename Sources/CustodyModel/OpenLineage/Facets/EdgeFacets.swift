import CustodyLedger

/// How a column or a dataset came from another.
package struct LineageTransformation: Hashable, Sendable {
  /// DIRECT: the value was made from it. INDIRECT: it decided which values there are.
  package let type: String
  /// IDENTITY, AGGREGATION, FILTER, JOIN and others.
  package let subtype: String?
  /// Whether the value cannot be told from the result; nil when nobody says.
  package let masks: Bool?

  static func list(_ value: JSONValue?) -> [LineageTransformation] {
    value?.elements.compactMap { value in
      value["type"]?.string.map {
        LineageTransformation(
          type: $0, subtype: value["subtype"]?.string, masks: value["masking"]?.boolean)
      }
    } ?? []
  }
}

/// Which columns of the inputs each column of an output came from.
package struct ColumnLineageFacet: LineageFacet {
  package static let key = "columnLineage"

  package struct Input: Hashable, Sendable {
    package let dataset: LineageName
    package let field: String
    package let transformations: [LineageTransformation]
  }

  package struct Field: Equatable, Sendable {
    package let name: String
    package let inputs: [Input]
    /// What producers before version 1-1-0 wrote in place of transformations.
    package let transformationType: String?
  }

  /// In the order of their names' bytes: the order in the text means nothing.
  package let fields: [Field]
  /// What all columns depend on: a filter, a join, an order.
  package let dataset: [Input]

  package init?(_ value: JSONValue) {
    fields = (value["fields"]?.members ?? []).map { name, value in
      Field(
        name: name, inputs: Self.inputs(value["inputFields"]),
        transformationType: value["transformationType"]?.string)
    }
    .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    dataset = Self.inputs(value["dataset"])
  }

  private static func inputs(_ value: JSONValue?) -> [Input] {
    value?.elements.compactMap { value in
      guard let dataset = LineageName(value), let field = value["field"]?.string else {
        return nil
      }
      return Input(
        dataset: dataset, field: field,
        transformations: LineageTransformation.list(value["transformations"]))
    } ?? []
  }
}

/// Something that an explicit edge comes from or goes to.
package struct LineageEdge: Hashable, Sendable {
  package enum Node: Hashable, Sendable {
    case dataset(LineageName)
    /// Without a name, the job of the event; without an id, any run of it.
    case job(LineageName?, run: LineageRunID?)
  }

  package let from: Node
  /// Of the dataset that it comes from; nil for the whole.
  package let field: String?
  package let transformations: [LineageTransformation]
}

extension LineageEdge.Node {
  fileprivate init?(_ value: JSONValue) {
    let name = LineageName(value)
    switch (value["type"]?.string, name) {
    case ("DATASET", let name?): self = .dataset(name)
    case ("JOB", _): self = .job(name, run: LineageRunID(value["runId"]))
    default: return nil
    }
  }
}

/// What something came from, said edge by edge.
package struct LineageEdges: Equatable, Sendable {
  package struct Field: Equatable, Sendable {
    package let name: String
    package let inputs: [LineageEdge]
  }

  /// Nil: nothing is said. Empty: it came from nowhere.
  package let inputs: [LineageEdge]?
  /// In the order of their names' bytes.
  package let fields: [Field]

  init(_ value: JSONValue) {
    inputs = value["inputs"].map(Self.list)
    fields = (value["fields"]?.members ?? []).map { name, value in
      Field(name: name, inputs: value["inputs"].map(Self.list) ?? [])
    }
    .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private static func list(_ value: JSONValue) -> [LineageEdge] {
    value.elements.compactMap { value in
      LineageEdge.Node(value).map {
        LineageEdge(
          from: $0, field: value["field"]?.string,
          transformations: LineageTransformation.list(value["transformations"]))
      }
    }
  }
}

/// What the dataset came from.
package struct DatasetLineageFacet: LineageFacet {
  package static let key = "lineage"

  package let edges: LineageEdges

  package init?(_ value: JSONValue) { edges = LineageEdges(value) }
}

/// What several datasets and jobs came from.
package struct JobLineageFacet: LineageFacet {
  package static let key = "lineage"

  package struct Entry: Equatable, Sendable {
    package let to: LineageEdge.Node
    package let edges: LineageEdges
  }

  package let entries: [Entry]

  package init?(_ value: JSONValue) {
    entries =
      value["entries"]?.elements.compactMap { value in
        LineageEdge.Node(value).map { Entry(to: $0, edges: LineageEdges(value)) }
      } ?? []
  }
}
