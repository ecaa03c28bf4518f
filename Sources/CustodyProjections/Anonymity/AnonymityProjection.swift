import CustodyLedger
import CustodyModel
import CustodyStore

/// What was said of versions of datasets as to whom they are about, and which of the keys that make
/// tokens are gone.
package struct AnonymityProjection: Projection {
  package static let kind = ProjectionKind(AnonymityProjection.self)

  package static let declaration = ProjectionDeclaration(
    name: "anonymity", version: 1,
    summary: "versions with tokens, and what was measured or claimed",
    tables: [
      .init("anonymity_1_version", positionColumn: "position"),
      .init("anonymity_1_key", positionColumn: "position"),
    ],
    contentTypes: [
      DatasetVersionPseudonymized.type, DatasetAnonymityMeasured.type, DatasetAnonymityClaimed.type,
    ])

  static let aboutColumn = "version.about"

  private let insertVersion: HotStatement
  private let insertKey: HotStatement
  private let destroyKey: HotStatement

  package init(_ connection: OpaquePointer) throws {
    insertVersion = try HotStatement(
      connection,
      """
      INSERT INTO anonymity_1_version (dataset, number, position, type, about)
      VALUES (?, ?, ?, ?, ?)
      """)
    insertKey = try HotStatement(
      connection,
      """
      INSERT INTO anonymity_1_key (key_id, position, destroyed) VALUES (?, ?, NULL)
      ON CONFLICT (key_id) DO NOTHING
      """)
    destroyKey = try HotStatement(
      connection,
      "UPDATE anonymity_1_key SET destroyed = ?2 WHERE key_id = ?1 AND destroyed IS NULL")
  }

  package func apply(_ event: ProjectedEvent) throws {
    for key in event.destroyedKeys {
      destroyKey.bind(1, key)
      destroyKey.bind(2, Int64(event.position))
      try destroyKey.run()
    }
    // A caller may append an event of these types that says something else: it changes no dataset.
    guard event.header.claim.stream.text.hasPrefix(DatasetProjection.streamPrefix),
      case .opened(let content) = event.content
    else { return }
    switch event.header.claim.type.text {
    case DatasetVersionPseudonymized.type:
      let said = try decoded(DatasetVersionPseudonymized.self, event, content)
      for column in said.columns { try add(column, event) }
      // As it came: a row is the same whichever version of this program wrote it.
      try add(
        said.dataset, said.number, said.content(version: event.header.claim.typeVersion), event)
    case DatasetAnonymityMeasured.type:
      let said = try decoded(DatasetAnonymityMeasured.self, event, content)
      try add(said.dataset, said.number, said.content, event)
    case DatasetAnonymityClaimed.type:
      let said = try decoded(DatasetAnonymityClaimed.self, event, content)
      try add(said.dataset, said.number, said.content, event)
    default: break
    }
  }

  private func decoded<Event: ModelEvent>(
    _ type: Event.Type, _ event: ProjectedEvent, _ content: [UInt8]
  ) throws -> Event {
    let version = event.header.claim.typeVersion
    guard version <= Event.version else {
      throw ProjectionHalt(
        "\(Event.type) is of version \(version), and this program knows \(Event.version)")
    }
    guard let decoded = Event(content: content, version: version) else {
      throw ProjectionHalt("the content of \(Event.type) is not as it should be")
    }
    return decoded
  }

  private func add(_ column: DatasetVersionPseudonymized.Column, _ event: ProjectedEvent) throws {
    guard case .keyed(_, let key) = column.tokens, let id = KeyID(hex: key) else { return }
    insertKey.bind(1, id)
    insertKey.bind(2, Int64(event.position))
    try insertKey.run()
  }

  private func add(
    _ dataset: String, _ number: Int, _ said: [UInt8], _ event: ProjectedEvent
  ) throws {
    let position = Int64(event.position)
    guard let about = try event.sealed(said, in: Self.aboutColumn, position) else { return }
    insertVersion.bind(1, dataset)
    insertVersion.bind(2, Int64(number))
    insertVersion.bind(3, position)
    insertVersion.bind(4, event.header.claim.type.text)
    try about.withUnsafeBytes {
      insertVersion.bind(5, $0)
      try insertVersion.run()
    }
  }
}
