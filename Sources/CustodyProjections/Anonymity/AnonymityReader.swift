import CustodyLedger
import CustodyModel
import CustodyStore

/// What was said last of one version as to whom it is about.
package struct AnonymityFacts: Sendable {
  package var tokens: DatasetVersionPseudonymized?
  package var measured: (said: DatasetAnonymityMeasured, position: Position)?
  package var claimed: (said: DatasetAnonymityClaimed, position: Position)?
}

/// Asks the tables of ``AnonymityProjection``; belongs to one connection.
package final class AnonymityReader {
  private let connection: OpaquePointer
  private let columns: SealedColumns

  package init(_ connection: OpaquePointer, _ columns: SealedColumns) {
    self.connection = connection
    self.columns = columns
  }

  /// What was said of each version of a dataset below a position; of others nothing was.
  package func versions(
    of dataset: String, below end: Int = .max
  ) throws -> [Int: AnonymityFacts] {
    let query = try HotStatement(
      connection,
      """
      SELECT number, position, type, about FROM anonymity_1_version
      WHERE dataset = ?1 AND position < ?2 ORDER BY number, position
      """)
    query.bind(1, dataset)
    query.bind(2, Int64(end))
    var found: [Int: AnonymityFacts] = [:]
    while try query.step() {
      let position = query.integer(1)
      guard
        let about = try columns.open(
          query.bytes(3), in: AnonymityProjection.aboutColumn, [position])
      else {
        throw CustodyError(
          .keyDestroyed,
          "The key that seals what was said of datasets is gone. Use the current keys.sqlite.")
      }
      try found[Int(query.integer(0)), default: AnonymityFacts()].take(
        query.text(2), about, Position(Int(max(0, position))))
    }
    return found
  }

  /// Where the ledger says that a key is destroyed; nil while it lives.
  package func destruction(of key: KeyID, below end: Int = .max) throws -> Position? {
    let query = try HotStatement(
      connection, "SELECT destroyed FROM anonymity_1_key WHERE key_id = ? AND destroyed < ?")
    query.bind(1, key)
    query.bind(2, Int64(end))
    return try query.step() ? Position(Int(max(0, query.integer(0)))) : nil
  }
}

extension AnonymityFacts {
  fileprivate mutating func take(_ type: String, _ about: [UInt8], _ position: Position) throws {
    func decoded<Event: ModelEvent>(_: Event.Type) throws -> Event {
      let versions = (1...Event.version).reversed()
      guard let said = versions.lazy.compactMap({ Event(content: about, version: $0) }).first else {
        throw DatasetReader.damaged
      }
      return said
    }
    switch type {
    case DatasetVersionPseudonymized.type: tokens = try decoded(DatasetVersionPseudonymized.self)
    case DatasetAnonymityMeasured.type:
      measured = (try decoded(DatasetAnonymityMeasured.self), position)
    case DatasetAnonymityClaimed.type:
      claimed = (try decoded(DatasetAnonymityClaimed.self), position)
    default: throw DatasetReader.damaged
    }
  }
}
