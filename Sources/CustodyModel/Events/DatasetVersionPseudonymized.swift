/// A version has tokens instead of values: in which columns, and what leads back from them.
package struct DatasetVersionPseudonymized: VersionedEvent {
  package static let type = "dataset.version.pseudonymized"
  package static let version: UInt16 = 2

  /// Where tokens come from.
  package enum Tokens: Equatable, Sendable {
    /// From chance: a table, which is a dataset, has them beside their values.
    case table(String)
    /// From a key, by its id as hexadecimal digits, which is kept for one purpose.
    case keyed(purpose: String, key: String)
  }

  package struct Column: Equatable, Sendable {
    package let name: String
    package let tokens: Tokens

    package init(name: String, tokens: Tokens) {
      self.name = name
      self.tokens = tokens
    }
  }

  package let dataset: String
  package let number: Int
  /// The version that has the values.
  package let sourceDataset: String
  package let sourceNumber: Int
  /// Every column of the version that has tokens, those included that the source had already.
  package let columns: [Column]
  /// In which order the records stand.
  package let order: Order

  /// The order of records, which says which is which where nothing else does.
  package enum Order: String, Sendable {
    /// That of the version that has the values.
    case kept
    /// That of the tokens of the natural key.
    case tokens
  }

  package init(
    dataset: String, number: Int, sourceDataset: String, sourceNumber: Int, columns: [Column],
    order: Order
  ) {
    self.dataset = dataset
    self.number = number
    self.sourceDataset = sourceDataset
    self.sourceNumber = sourceNumber
    self.columns = columns
    self.order = order
  }

  /// Version 1 had all but the last member: the order was kept.
  package func content(version: UInt16) -> [UInt8] {
    var writer = JSONWriter()
    writer.member("dataset", dataset)
    writer.member("version", number)
    writer.member("sourceDataset", sourceDataset)
    writer.member("sourceVersion", sourceNumber)
    writer.member("columns", columns) { column, object in
      object.member("column", column.name)
      switch column.tokens {
      case .table(let table):
        object.member("tokens", "random")
        object.member("table", table)
      case .keyed(let purpose, let key):
        object.member("tokens", "keyed")
        object.member("purpose", purpose)
        object.member("key", key)
      }
    }
    if version > 1 { writer.member("order", order.rawValue) }
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8], version: UInt16) {
    guard (1...Self.version).contains(version), let reader = MemberReader(content),
      let dataset = reader.string("dataset"), let number = reader.integer("version"),
      let sourceDataset = reader.string("sourceDataset"),
      let sourceNumber = reader.integer("sourceVersion"), let columns = reader.objects("columns"),
      let order = version > 1 ? reader.string("order").flatMap(Order.init) : .kept,
      number > 0, sourceNumber > 0
    else { return nil }
    let read = columns.compactMap(Column.init)
    guard read.count == columns.count else { return nil }
    self.init(
      dataset: dataset, number: number, sourceDataset: sourceDataset, sourceNumber: sourceNumber,
      columns: read, order: order)
  }

  package static let example = DatasetVersionPseudonymized(
    dataset: "released", number: 1, sourceDataset: "counseling", sourceNumber: 2,
    columns: [
      Column(name: "client", tokens: .table("counseling.pseudonyms")),
      Column(
        name: "id", tokens: .keyed(purpose: "research", key: String(repeating: "1", count: 32))),
    ], order: .tokens)
}

extension DatasetVersionPseudonymized.Column {
  fileprivate init?(_ reader: MemberReader) {
    guard let name = reader.string("column") else { return nil }
    switch reader.string("tokens") {
    case "random":
      guard let table = reader.string("table") else { return nil }
      self.init(name: name, tokens: .table(table))
    case "keyed":
      guard let purpose = reader.string("purpose"), let key = reader.string("key") else {
        return nil
      }
      self.init(name: name, tokens: .keyed(purpose: purpose, key: key))
    default: return nil
    }
  }
}
