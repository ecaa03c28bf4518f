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

  /// Applies the events that come next, within the caller's transaction.
  ///
  /// Those before one that cannot be applied stay; that one halts the projection.
  mutating func apply(_ events: [ProjectedEvent], _ database: ProjectionDatabase) throws {
    guard !isHalted, let first = events.first, let last = events.last,
      first.position <= state.position, state.position <= last.position
    else { return }
    var rest = events[(state.position - first.position)...]
    if let halt = try attempt(rest, database) {
      // What it remembers may be of events that were rolled back.
      projection = try kind.make(database.connection)
      rest = rest.prefix { $0.position < halt.position }
      if try attempt(rest, database) != nil {
        throw CustodyError(
          .internal, "The projection \(state.name) is not a function of its events.")
      }
      projection = try kind.make(database.connection)
      state.haltReason = halt.reason
      try state.write(database.connection)
    }
  }

  /// Applies all of `events` or, when one cannot be, none of them.
  private mutating func attempt(
    _ events: ArraySlice<ProjectedEvent>, _ database: ProjectionDatabase
  ) throws -> (position: Int, reason: String)? {
    guard let last = events.last else { return nil }
    return try database.savepoint {
      database.watch.begin()
      defer { database.watch.end() }
      for event in events {
        if let reason = try step(event) { return (event.position, reason) }
      }
      var next = state
      next.position = last.position + 1
      next.leaf = last.leaf
      next.digest = database.watch.end(state.digest)
      next.hasTraces =
        state.hasTraces
        || kind.declaration.tables.contains {
          $0.isGuessable && database.watch.tablesDeletedFrom.contains($0.name)
        }
      try next.write(database.connection)
      state = next
      return nil
    }
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
