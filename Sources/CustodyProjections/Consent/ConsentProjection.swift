import CustodyLedger
import CustodyModel
import CustodyStore

/// What people allowed of their data and took back, by person.
///
/// Rows are what was said; what it amounts to at a time is computed when somebody asks.
package struct ConsentProjection: Projection {
  package static let kind = ProjectionKind(ConsentProjection.self)

  package static let declaration = ProjectionDeclaration(
    name: "consent", version: 1, summary: "what people allowed and took back",
    tables: [.init("consent_1_event", positionColumn: "position")],
    contentTypes: [ConsentGranted.type, ConsentWithdrawn.type])

  static let contentColumn = "event.content"

  private let insert: HotStatement
  private let forget: HotStatement

  package init(_ connection: OpaquePointer) throws {
    insert = try HotStatement(
      connection,
      """
      INSERT INTO consent_1_event (subject, position, id, is_grant, recorded_at, key_id, content)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """)
    forget = try HotStatement(connection, "DELETE FROM consent_1_event WHERE key_id = ?")
  }

  package func apply(_ event: ProjectedEvent) throws {
    for key in event.destroyedKeys {
      forget.bind(1, key)
      try forget.run()
    }
    let claim = event.header.claim
    let (stream, prefix) = (claim.stream.text, SubjectRegistered.streamPrefix)
    guard stream.hasPrefix(prefix), let subject = KeyID(hex: stream.dropFirst(prefix.count)),
      claim.keyIDs.count == 1, let said = try said(by: event)
    else { return }
    let position = Int64(event.position)
    guard let content = try event.sealed(said.content, in: Self.contentColumn, position) else {
      return
    }
    insert.bind(1, subject)
    insert.bind(2, position)
    insert.bind(3, claim.eventID)
    insert.bind(4, said is ConsentGranted ? 1 : 0)
    insert.bind(5, event.header.place.recordedAt.microseconds)
    insert.bind(6, claim.keyIDs[0])
    try content.withUnsafeBytes {
      insert.bind(7, $0)
      try insert.run()
    }
  }

  /// Nil for what is no consent: before these streams became Custody's own, callers may have
  /// appended anything there.
  private func said(by event: ProjectedEvent) throws -> (any ModelEvent)? {
    switch event.header.claim.type.text {
    case ConsentGranted.type: try decoded(ConsentGranted.self, event)
    case ConsentWithdrawn.type: try decoded(ConsentWithdrawn.self, event)
    default: nil
    }
  }

  private func decoded<Event: ModelEvent>(
    _ type: Event.Type, _ event: ProjectedEvent
  ) throws -> Event? {
    guard case .opened(let content) = event.content else { return nil }
    let version = event.header.claim.typeVersion
    guard version <= Event.version else {
      throw ProjectionHalt(
        "\(Event.type) is of version \(version), and this program knows \(Event.version)")
    }
    return Event(content: content, version: version)
  }
}
