import CustodyLedger
import CustodyModel
import CustodyStore

/// A dataset, as its creation says.
package struct DatasetRow: Sendable {
  package let id: Int64
  package let position: Position
  private let about: DatasetCreated

  init(id: Int64, position: Position, about: DatasetCreated) {
    self.id = id
    self.position = position
    self.about = about
  }

  package var name: String { about.dataset }
  package var kind: String { about.kind }
  package var key: String? { about.key }
  package var subject: String { about.subject }
  package var dataClass: String { about.dataClass }
  package var owner: String? { about.owner }
  package var tags: [String] { about.tags }
}

/// Asks the tables of ``DatasetProjection`` for what was said of datasets and versions, which is
/// sealed; belongs to one connection.
package final class DatasetListing {
  private let connection: OpaquePointer
  private let columns: SealedColumns

  package init(_ connection: OpaquePointer, _ columns: SealedColumns) {
    self.connection = connection
    self.columns = columns
  }

  package func datasets() throws -> [DatasetRow] {
    let query = try HotStatement(
      connection, "SELECT id, position, about FROM dataset_1_dataset ORDER BY name")
    var found: [DatasetRow] = []
    while try query.step() { found.append(try dataset(query)) }
    return found
  }

  package func dataset(_ name: String) throws -> DatasetRow? {
    let query = try HotStatement(
      connection, "SELECT id, position, about FROM dataset_1_dataset WHERE name = ?")
    query.bind(1, name)
    return try query.step() ? try dataset(query) : nil
  }

  private func dataset(_ row: HotStatement) throws -> DatasetRow {
    let id = row.integer(0)
    let about = try text(row.bytes(2), in: DatasetProjection.aboutColumn, id)
    guard let created = DatasetCreated(content: about) else { throw DatasetReader.damaged }
    return DatasetRow(id: id, position: Position(Int(max(0, row.integer(1)))), about: created)
  }

  /// Tags with their versions, as they stood below a position.
  package func tags(
    of dataset: Int64, below position: Int = .max
  ) throws -> [(tag: String, number: Int)] {
    // https://www.sqlite.org/lang_select.html#bareagg: "the bare columns in the result set take
    // values from the input row which also contains the minimum or maximum"
    let query = try HotStatement(
      connection,
      """
      SELECT tag, number, max(position) FROM dataset_1_tag
      WHERE dataset = ?1 AND position < ?2 GROUP BY tag
      """)
    query.bind(1, dataset)
    query.bind(2, Int64(position))
    var found: [(tag: String, number: Int)] = []
    while try query.step() {
      let tag = try text(query.bytes(0), in: DatasetProjection.tagColumn, dataset)
      found.append((String(decoding: tag, as: UTF8.self), Int(query.integer(1))))
    }
    return found.sorted { $0.tag < $1.tag }
  }

  /// What was said of a version when it was committed; nil when nothing was.
  package func message(of number: Int, _ dataset: Int64) throws -> String? {
    let query = try HotStatement(
      connection, "SELECT message FROM dataset_1_version WHERE dataset = ? AND number = ?")
    query.bind(1, dataset)
    query.bind(2, Int64(number))
    guard try query.step(), !query.isNull(0) else { return nil }
    let message = try text(
      query.bytes(0), in: DatasetProjection.messageColumn, dataset, Int64(number))
    return String(decoding: message, as: UTF8.self)
  }

  private func text(
    _ value: UnsafeRawBufferPointer, in column: String, _ row: Int64...
  ) throws -> [UInt8] {
    guard let text = try columns.open(value, in: column, row) else {
      throw CustodyError(
        .keyDestroyed,
        "The key that seals what was said of datasets is gone. Use the current keys.sqlite.")
    }
    return text
  }
}
