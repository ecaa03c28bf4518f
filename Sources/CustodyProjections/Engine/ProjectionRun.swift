import CSQLiteShim
import CustodyLedger
import CustodyStore

/// One version of a projection at work: its state, and its instance with what that remembers.
struct ProjectionRun {
  let kind: ProjectionKind
  private(set) var state: ProjectionState
  private var projection: any Projection

  var isHalted: Bool { state.haltReason != nil }

  init(_ kind: ProjectionKind, _ state: ProjectionState, _ database: ProjectionDatabase) throws {
    self.kind = kind
    self.state = state
    projection = try kind.make(database.connection)
  }

  /// Where a projection stands still, and why.
  struct Halt {
    let position: Int
    let reason: String
  }

  /// Applies the events that come next, within the caller's transaction.
  ///
  /// - Parameters:
  ///   - halt: where it is known to stand still: events before that are applied.
  ///   - skipped: where events stand that are passed over.
  /// - Returns: where it stands still, when that was not known: the transaction is to be taken back
  ///   then, for part of an event may have been written, and so is what this remembers.
  mutating func apply(
    _ events: [ProjectedEvent], until halt: Halt?, skipping skipped: Set<Int>,
    _ database: ProjectionDatabase
  ) throws -> Halt? {
    guard !isHalted, let first = events.first, let last = events.last,
      first.position <= state.position, state.position <= last.position
    else { return nil }
    let next = events[(state.position - first.position)...]
    database.watch.begin()
    defer { database.watch.end() }
    for event in next {
      if event.position == halt?.position {
        state.haltReason = halt?.reason
        break
      }
      if !skipped.contains(event.position), let reason = try step(event) {
        guard halt == nil else {
          throw CustodyError(
            .internal, "The projection \(state.name) is not a function of its events.")
        }
        return Halt(position: event.position, reason: reason)
      }
      state.position = event.position + 1
      state.leaf = event.leaf
    }
    try projection.settle()
    state.digest = database.watch.end(state.digest)
    state.hasTraces =
      state.hasTraces
      || kind.declaration.tables.contains {
        $0.isGuessable && database.watch.tablesDeletedFrom.contains($0.name)
      }
    try state.write(database.connection)
    return nil
  }

  /// Applies one event.
  ///
  /// - Returns: why it cannot be applied; part of it may have been written then.
  mutating func step(_ event: ProjectedEvent) throws -> String? {
    var event = event
    switch event.content {
    case .unread: break
    case .opened, .gone, .damaged:
      // Opened for another projection.
      if !kind.declaration.contentTypes.contains(event.header.claim.type.text) {
        event.content = .unread
      }
    }
    if case .damaged(let reason) = event.content { return reason }
    do {
      try projection.apply(event)
      return nil
    } catch let error as ProjectionHalt {
      return error.reason
    } catch let error as CustodyError where error.code == .damaged {
      return error.message
    } catch let error as SQLiteError where error.code & 0xff == SQLITE_CONSTRAINT {
      return "a row contradicts the ones there are"
    }
  }

  /// Says that no page holds a copy of what is gone any more.
  mutating func clearTraces(_ database: ProjectionDatabase) throws {
    state.hasTraces = false
    try state.write(database.connection)
  }

  /// Removes every row.
  mutating func empty(_ database: ProjectionDatabase) throws {
    for table in kind.declaration.tables { try database.execute("DELETE FROM \(table.name)") }
    state = ProjectionState(kind)
    projection = try kind.make(database.connection)
    try state.write(database.connection)
  }
}
