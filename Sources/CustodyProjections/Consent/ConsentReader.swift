import CustodyLedger
import CustodyModel
import CustodyStore

/// One thing that was said of what is allowed of a person's data.
package struct ConsentRow: Sendable {
  package enum Said: Sendable {
    case granted(ConsentGranted)
    case withdrawn(ConsentWithdrawn)
  }

  /// The key id that names her.
  package let subject: KeyID
  package let position: Position
  /// The id of the event.
  package let id: EventID
  package let recordedAt: Timestamp
  package let said: Said
}

/// Asks the table of ``ConsentProjection``; belongs to one connection.
package final class ConsentReader {
  private let connection: OpaquePointer
  private let columns: SealedColumns

  package init(_ connection: OpaquePointer, _ columns: SealedColumns) {
    self.connection = connection
    self.columns = columns
  }

  /// What was said below a position, by person and then in the order of the ledger.
  ///
  /// - Parameter subject: of whom; of everybody when nil.
  ///
  /// Cost: opens each row, a few microseconds.
  package func rows(of subject: KeyID? = nil, below end: Int = .max) throws -> [ConsentRow] {
    let query = try HotStatement(
      connection,
      """
      SELECT subject, position, id, is_grant, recorded_at, content FROM consent_1_event
      WHERE position < ?1 \(subject == nil ? "" : "AND subject = ?2") ORDER BY subject, position
      """)
    query.bind(1, Int64(end))
    if let subject { query.bind(2, subject) }
    var found: [ConsentRow] = []
    while try query.step() {
      let position = query.integer(1)
      // Another process may have destroyed the key since: then it is as if the row were gone.
      guard
        let content = try columns.open(
          query.bytes(5), in: ConsentProjection.contentColumn, [position])
      else { continue }
      guard let said = Self.said(query.integer(3) != 0, content), position >= 0 else {
        throw DatasetReader.damaged
      }
      found.append(
        ConsentRow(
          subject: try query.value(0), position: Position(Int(position)), id: try query.value(2),
          recordedAt: Timestamp(microseconds: query.integer(4)), said: said))
    }
    return found
  }

  private static func said(_ isGrant: Bool, _ content: [UInt8]) -> ConsentRow.Said? {
    isGrant
      ? ConsentGranted(content: content).map { .granted($0) }
      : ConsentWithdrawn(content: content).map { .withdrawn($0) }
  }
}
