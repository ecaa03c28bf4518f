import CustodyLedger
import CustodyStore

/// Which events have a type, and which are sealed under a key: the indexes that the ledger itself
/// does without.
package struct EventIndex: Projection {
  package static let kind = ProjectionKind(EventIndex.self)

  package static let declaration = ProjectionDeclaration(
    name: "event-index", version: 1, summary: "events by type and by key",
    tables: [
      .init("event_index_1_type"),
      .init("event_index_1_by_type", positionColumn: "position"),
      .init("event_index_1_by_key", positionColumn: "position"),
    ])

  private let selectType: HotStatement
  private let insertType: HotStatement
  private let insertByType: HotStatement
  private let insertByKey: HotStatement
  private var types: [String: Int64] = [:]

  package init(_ connection: OpaquePointer) throws {
    selectType = try HotStatement(
      connection, "SELECT id FROM event_index_1_type WHERE text = ?")
    insertType = try HotStatement(
      connection,
      """
      INSERT INTO event_index_1_type (id, text)
      VALUES ((SELECT ifnull(max(id), 0) + 1 FROM event_index_1_type), ?) RETURNING id
      """)
    insertByType = try HotStatement(
      connection, "INSERT INTO event_index_1_by_type (type, position) VALUES (?, ?)")
    insertByKey = try HotStatement(
      connection, "INSERT INTO event_index_1_by_key (key_id, position) VALUES (?, ?)")
  }

  package mutating func apply(_ event: ProjectedEvent) throws {
    insertByType.bind(1, try id(of: event.header.claim.type))
    insertByType.bind(2, Int64(event.position))
    try insertByType.run()
    for key in event.header.claim.keyIDs {
      insertByKey.bind(1, key)
      insertByKey.bind(2, Int64(event.position))
      try insertByKey.run()
    }
  }

  private mutating func id(of type: Name) throws -> Int64 {
    if let known = types[type.text] { return known }
    selectType.bind(1, type.text)
    defer { selectType.reset() }
    var id: Int64?
    if try selectType.step() { id = selectType.integer(0) }
    if id == nil {
      insertType.bind(1, type.text)
      defer { insertType.reset() }
      guard try insertType.step() else { throw ProjectionHalt("no id for a new type") }
      id = insertType.integer(0)
      // The row is there after the first step; the second ends the statement.
      _ = try insertType.step()
    }
    types[type.text] = id
    return id!
  }
}
