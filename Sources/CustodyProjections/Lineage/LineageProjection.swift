import CustodyLedger
import CustodyModel
import CustodyStore

/// What each event said of jobs, runs, datasets and their columns: Custody's own runs, and what
/// others reported in OpenLineage.
///
/// Rows are facts that never change and do not depend on each other: what they amount to is
/// computed when somebody asks (``LineageFacts``), so that events in any order give one graph.
package struct LineageProjection: Projection {
  package static let kind = ProjectionKind(LineageProjection.self)

  package static let declaration = ProjectionDeclaration(
    name: "lineage", version: 1, summary: "jobs, runs, datasets, columns and what came from what",
    tables: [
      "name", "run", "event", "use", "declaration", "edge", "column", "facet", "parent", "alias",
      "training",
    ].map { .init("lineage_1_\($0)", positionColumn: "position") },
    contentTypes: [
      DatasetCreated.type, DatasetVersionCommitted.type, LineageRecorded.type,
      ModelRegistered.type, RunCompleted.type, RunStarted.type,
    ])

  /// The stream of a run that others report is its id after this; of what they say of a job or a
  /// dataset, a keyed hash of its name.
  package static let streamPrefix = "lineage/"
  /// The stream of a model is its name after this; `model/` is for what pipelines say of theirs.
  package static let modelStreamPrefix = "model-registry/"

  /// What the names of Custody's own datasets, jobs and models stand in: nobody else's do.
  package static func ownNamespace(_ ledgerID: LedgerID) -> String { "custody://\(ledgerID.uuid)" }

  private var rows: LineageRows

  package init(_ connection: OpaquePointer) throws { rows = try LineageRows(connection) }

  package mutating func apply(_ event: ProjectedEvent) throws {
    let claim = event.header.claim
    let (stream, type) = (claim.stream.text, claim.type.text)
    if stream.hasPrefix(RunProjection.streamPrefix) {
      try applyRun(type, event)
    } else if stream.hasPrefix(Self.streamPrefix), type == LineageRecorded.type {
      guard let recorded = try decoded(LineageRecorded.self, event) else { return }
      let said: OpenLineageEvent
      do {
        said = try OpenLineageEvent(reading: recorded.event, facets: .known)
      } catch {
        throw ProjectionHalt("the event of OpenLineage in \(type) is not as it should be")
      }
      try rows.add(said, event)
    } else if stream.hasPrefix(DatasetProjection.streamPrefix) {
      try applyDataset(type, event)
    } else if stream.hasPrefix(Self.modelStreamPrefix), type == ModelRegistered.type {
      guard let registered = try decoded(ModelRegistered.self, event) else { return }
      try rows.add(registered, event)
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
    guard let decoded = Event(content: content, version: version) else {
      throw ProjectionHalt("the content of \(Event.type) is not as it should be")
    }
    return decoded
  }

  // MARK: - Custody's own

  private mutating func applyRun(_ type: String, _ event: ProjectedEvent) throws {
    guard
      let id = EventID(
        uuid: event.header.claim.stream.text.dropFirst(RunProjection.streamPrefix.count))
    else { return }
    switch type {
    case RunStarted.type:
      guard let started = try decoded(RunStarted.self, event) else { return }
      try rows.addOwnRun(id, job: started.job, .start, event)
      for input in started.inputs {
        try rows.addOwnUse(of: id, isWrite: false, input.dataset, input.number, event)
      }
    case RunCompleted.type:
      guard let completed = try decoded(RunCompleted.self, event) else { return }
      try rows.addOwnRun(id, job: completed.job, .complete, event)
      for output in completed.outputs {
        try rows.addOwnUse(of: id, isWrite: true, output.dataset, output.number, event)
      }
    case RunFailed.type: try rows.addOwnRun(id, job: nil, .fail, event)
    case RunAborted.type: try rows.addOwnRun(id, job: nil, .abort, event)
    default: break
    }
  }

  private mutating func applyDataset(_ type: String, _ event: ProjectedEvent) throws {
    switch type {
    case DatasetCreated.type:
      guard let created = try decoded(DatasetCreated.self, event) else { return }
      try rows.addOwnDataset(created.dataset, event)
    case DatasetVersionCommitted.type:
      guard let committed = try decoded(DatasetVersionCommitted.self, event), committed.run == nil
      else { return }
      try rows.addOwnUse(of: nil, isWrite: true, committed.dataset, committed.number, event)
    default: break
    }
  }
}
