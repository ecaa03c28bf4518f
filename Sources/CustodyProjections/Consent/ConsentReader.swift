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

/// The same as it is stored: what was said is sealed.
package struct SealedConsentRow: Sendable {
  fileprivate let subject: KeyID
  fileprivate let position: Int64
  fileprivate let id: EventID
  fileprivate let isGrant: Bool
  fileprivate let recordedAt: Timestamp
  fileprivate let content: [UInt8]
  /// The key that seals it.
  package let key: KeyID
}

/// Asks the table of ``ConsentProjection``; belongs to one connection.
package final class ConsentReader {
  private let connection: OpaquePointer

  package init(_ connection: OpaquePointer) { self.connection = connection }

  /// What was said below a position, by person and then in the order of the ledger.
  ///
  /// - Parameter subject: of whom; of everybody when nil.
  package func rows(of subject: KeyID? = nil, below end: Int = .max) throws -> [SealedConsentRow] {
    let query = try HotStatement(
      connection,
      """
      SELECT subject, position, id, is_grant, recorded_at, content, key_id FROM consent_1_event
      WHERE position < ?1 \(subject == nil ? "" : "AND subject = ?2") ORDER BY subject, position
      """)
    query.bind(1, Int64(end))
    if let subject { query.bind(2, subject) }
    var found: [SealedConsentRow] = []
    while try query.step() {
      found.append(
        SealedConsentRow(
          subject: try query.value(0), position: query.integer(1), id: try query.value(2),
          isGrant: query.integer(3) != 0,
          recordedAt: Timestamp(microseconds: query.integer(4)), content: Array(query.bytes(5)),
          key: try query.value(6)))
    }
    return found
  }
}

extension SealedConsentRow {
  /// What was said; nil when another process has destroyed the key since: then it is as if the row were
  /// gone.
  ///
  /// Cost: some microseconds.
  package func opened(_ columns: SealedColumns) throws -> ConsentRow? {
    let text = try content.withUnsafeBytes {
      try columns.open($0, in: ConsentProjection.contentColumn, [position])
    }
    guard let text else { return nil }
    let said: ConsentRow.Said? =
      isGrant
      ? ConsentGranted(content: text).map { .granted($0) }
      : ConsentWithdrawn(content: text).map { .withdrawn($0) }
    guard let said, position >= 0 else { throw DatasetReader.damaged }
    return ConsentRow(
      subject: subject, position: Position(Int(position)), id: id, recordedAt: recordedAt,
      said: said)
  }
}
