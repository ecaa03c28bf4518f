import CustodyLedger
import CustodyModel
import CustodyStore

/// Which runs of which jobs there were, and how they ended.
package struct RunProjection: Projection {
  package static let kind = ProjectionKind(RunProjection.self)

  package static let declaration = ProjectionDeclaration(
    name: "run", version: 1, summary: "runs by job and how they ended",
    tables: [.init("run_1_run", positionColumn: "started")],
    contentTypes: [RunStarted.type])

  /// The stream of a run is its id after this.
  package static let streamPrefix = "run/"

  private static let ends = [
    RunCompleted.type: "completed", RunFailed.type: "failed", RunAborted.type: "aborted",
  ]

  private let insert: HotStatement
  private let end: HotStatement

  package init(_ connection: OpaquePointer) throws {
    insert = try HotStatement(
      connection,
      "INSERT INTO run_1_run (id, job, started, ended, state) VALUES (?, ?, ?, NULL, 'started')")
    end = try HotStatement(
      connection, "UPDATE run_1_run SET ended = ?2, state = ?3 WHERE id = ?1 AND ended IS NULL")
  }

  package func apply(_ event: ProjectedEvent) throws {
    let claim = event.header.claim
    guard claim.stream.text.hasPrefix(Self.streamPrefix),
      let id = EventID(uuid: claim.stream.text.dropFirst(Self.streamPrefix.count))
    else { return }
    if claim.type.text == RunStarted.type {
      guard case .opened(let content) = event.content, id == claim.eventID,
        let started = RunStarted(content: content, version: claim.typeVersion)
      else { return }
      insert.bind(1, id)
      insert.bind(2, started.job)
      insert.bind(3, Int64(event.position))
      try insert.run()
    } else if let state = Self.ends[claim.type.text] {
      end.bind(1, id)
      end.bind(2, Int64(event.position))
      end.bind(3, state)
      try end.run()
    }
  }
}

/// Asks the table of ``RunProjection``; belongs to one connection.
package final class RunReader {
  private let connection: OpaquePointer

  package init(_ connection: OpaquePointer) { self.connection = connection }

  /// Every run.
  package func ids() throws -> Set<EventID> {
    let query = try HotStatement(connection, "SELECT id FROM run_1_run")
    var found: Set<EventID> = []
    while try query.step() { found.insert(try query.value(0)) }
    return found
  }

  /// The last run of a job, however it ended.
  package func last(_ job: String) throws -> EventID? {
    let query = try HotStatement(
      connection, "SELECT id FROM run_1_run WHERE job = ?1 ORDER BY started DESC LIMIT 1")
    query.bind(1, job)
    return try query.step() ? EventID(query.bytes(0)) : nil
  }

  /// The last run of a job that ended as it should, before a position.
  package func lastCompleted(_ job: String, below end: Int = .max) throws -> EventID? {
    let query = try HotStatement(
      connection,
      """
      SELECT id FROM run_1_run
      WHERE job = ?1 AND state = 'completed' AND ended < ?2 ORDER BY started DESC LIMIT 1
      """)
    query.bind(1, job)
    query.bind(2, Int64(end))
    return try query.step() ? EventID(query.bytes(0)) : nil
  }
}
