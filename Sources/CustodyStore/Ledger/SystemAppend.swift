import CustodyLedger

extension PendingEvent {
  /// An event of the library itself: on stream `ledger`, its content in the open.
  package static func system(
    _ event: SystemEvent, ledgerID: LedgerID, actor: Name, environment: Environment
  ) throws -> PendingEvent {
    let now = environment.now()
    let claim = try Claim(
      ledgerID: ledgerID, eventID: environment.eventID(at: now), occurredAt: now,
      stream: try Name(SystemEvent.stream), type: try Name(event.type),
      typeVersion: SystemEvent.typeVersion, actor: actor, keyIDs: [], nonce: Nonce())
    let content = event.content
    return PendingEvent(
      claim: claim, claimBytes: claim.bytes, seal: ContentSealer().sealOpenly(content),
      body: content, content: content, expected: .any, isIDGiven: false,
      isOccurredAtGiven: false)
  }
}

extension Environment {
  /// A fresh id for an event of this moment.
  package func eventID(at time: Timestamp) -> EventID {
    let bytes = random(16)
    return bytes.withUnsafeBytes {
      EventID(
        at: time,
        random: (
          $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
          $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        ))
    }
  }
}
