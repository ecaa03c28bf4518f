/// One value as the database gave it: its storage class is part of what is verified.
///
/// The pointers are the database's and valid until its next step.
package enum AuditValue {
  case null
  case integer(Int64)
  case real
  case text(UnsafeRawBufferPointer)
  case bytes(UnsafeRawBufferPointer)
}

/// A row of the view `audit_event`, unverified.
package struct AuditRow {
  package var position: AuditValue
  package var eventID: AuditValue
  package var correlationID: AuditValue
  package var causationID: AuditValue
  package var occurredAt: AuditValue
  package var stream: AuditValue
  package var type: AuditValue
  package var typeVersion: AuditValue
  package var actor: AuditValue
  package var keyIDs: AuditValue
  package var flags: AuditValue
  package var nonce: AuditValue
  package var body: AuditValue
  package var bodyLength: AuditValue
  package var bodyHash: AuditValue
  package var commitment: AuditValue
  package var recordedAt: AuditValue
  package var revision: AuditValue
  package var leaf: AuditValue

  package init(
    position: AuditValue, eventID: AuditValue, correlationID: AuditValue, causationID: AuditValue,
    occurredAt: AuditValue, stream: AuditValue, type: AuditValue, typeVersion: AuditValue,
    actor: AuditValue, keyIDs: AuditValue, flags: AuditValue, nonce: AuditValue, body: AuditValue,
    bodyLength: AuditValue, bodyHash: AuditValue, commitment: AuditValue, recordedAt: AuditValue,
    revision: AuditValue, leaf: AuditValue
  ) {
    self.position = position
    self.eventID = eventID
    self.correlationID = correlationID
    self.causationID = causationID
    self.occurredAt = occurredAt
    self.stream = stream
    self.type = type
    self.typeVersion = typeVersion
    self.actor = actor
    self.keyIDs = keyIDs
    self.flags = flags
    self.nonce = nonce
    self.body = body
    self.bodyLength = bodyLength
    self.bodyHash = bodyHash
    self.commitment = commitment
    self.recordedAt = recordedAt
    self.revision = revision
    self.leaf = leaf
  }
}

/// The row of the view `audit_ledger`, unverified.
package struct AuditLedger: Sendable {
  package let id: LedgerID?
  package let origin: String?
  package let incarnation: Int?
  package let format: Int?

  package init(id: LedgerID?, origin: String?, incarnation: Int?, format: Int?) {
    self.id = id
    self.origin = origin
    self.incarnation = incarnation
    self.format = format
  }

  /// The only format this program verifies.
  package static let format = 1
}
