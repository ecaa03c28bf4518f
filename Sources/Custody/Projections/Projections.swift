import CustodyProjections
import CustodyStore
import Foundation

/// What is computed from the events, and can be computed again: indexes and, with time, scores,
/// dataset versions, lineage and retention.
///
/// Queries bring the projections they need up to the newest event by themselves. Everything here
/// needs the store opened with its secrets, for contents or for writing.
public struct Projections: Sendable {
  /// Called with events read so far and in all, from any thread.
  public typealias Progress = @Sendable (_ done: Int, _ total: Int) -> Void

  /// A projection at a glance.
  public struct Status: Sendable {
    /// What commands call it.
    public let name: String
    /// Rises with every change of what it computes.
    public let version: Int
    /// What it is for.
    public let summary: String
    /// How many events it has read.
    public let eventCount: Int
    /// How many events the ledger has.
    public let ledgerSize: Int
    /// Why the next event cannot be applied; nil while it follows the ledger.
    public let haltReason: String?
  }

  /// How a projection compares with one computed anew.
  public struct Comparison: Sendable {
    /// What commands call it.
    public let name: String
    /// How many events both were computed from.
    public let eventCount: Int
    /// Tables with rows that only one of the two has.
    public let differences: [Difference]
    /// Whether the digest kept beside the rows is theirs.
    public let isDigestRight: Bool
    /// Why it stands still; nil while it follows the ledger.
    public let haltReason: String?
    /// The first event that a differing row comes from, when rows say so.
    public let firstPosition: Position?

    /// Whether nothing differs.
    public var isEqual: Bool { differences.isEmpty && isDigestRight && haltReason == nil }
  }

  /// A table that differs.
  public struct Difference: Sendable {
    /// Its name in projections.sqlite.
    public let table: String
    /// Rows that the events give and the table lacks.
    public let missing: Int
    /// Rows that the events do not give.
    public let unexpected: Int
    /// The first event that one of them comes from, when rows say so.
    public let firstPosition: Position?
  }

  /// What a rebuild found before it switched.
  public struct Rebuilt: Sendable {
    /// What commands call it.
    public let name: String
    /// How many events it was computed from.
    public let eventCount: Int
    /// Whether the rows it replaced were the same; nil when they were of another moment.
    public let wasEqual: Bool?
    /// Why it stands still all the same; nil when it does not.
    public let haltReason: String?
  }

  let engine: ProjectionEngine

  /// Every projection, without catching up. Needs no secret.
  public func status() throws -> [Status] {
    try engine.status().map {
      Status(
        name: $0.declaration.name, version: $0.declaration.version,
        summary: $0.declaration.summary, eventCount: $0.state.position,
        ledgerSize: $0.ledgerSize, haltReason: $0.state.haltReason)
    }
  }

  /// Brings every projection up to the newest event.
  ///
  /// - Parameter progress: called as events are read.
  /// - Throws: `CustodyError` with `usage` without the secrets; `permission` or `diskFull` when
  ///   projections.sqlite cannot be written.
  ///
  /// Cost: two look-ups when there is nothing new, else a pass over the new events.
  public func catchUp(progress: Progress? = nil) async throws {
    try await aside { _ = try engine.catchUp(progress) }
  }

  /// Follows the ledger until the task is canceled, for programs that stay.
  ///
  /// - Parameter interval: how long to wait when there is nothing new.
  public func follow(every interval: Duration = .milliseconds(100)) async throws {
    try await engine.follow(every: interval)
  }

  /// Computes projections anew beside the ones in use, and switches when they are done.
  ///
  /// - Parameters:
  ///   - names: which; all of them when empty.
  ///   - progress: called as events are read.
  /// - Throws: `notFound` for a name that none has.
  ///
  /// Cost: reads the whole ledger; queries go on meanwhile.
  public func rebuild(_ names: [String] = [], progress: Progress? = nil) async throws -> [Rebuilt] {
    let kinds = try engine.named(names)
    return try await aside {
      try engine.rebuild(kinds, progress).map {
        Rebuilt(
          name: $0.declaration.name, eventCount: $0.eventCount, wasEqual: $0.wasEqual,
          haltReason: $0.haltReason)
      }
    }
  }

  /// Compares projections with ones computed anew, row by row. Changes nothing.
  ///
  /// - Parameters:
  ///   - names: which; all of them when empty.
  ///   - progress: called as events are read.
  /// - Throws: `notFound` for a name that none has.
  ///
  /// Cost: reads the whole ledger once for each.
  public func compare(
    _ names: [String] = [], progress: Progress? = nil
  ) async throws -> [Comparison] {
    let kinds = try engine.named(names)
    return try await aside {
      try engine.compare(kinds, progress).map { found in
        Comparison(
          name: found.declaration.name, eventCount: found.eventCount,
          differences: found.differences.map {
            Difference(
              table: $0.table, missing: $0.missing, unexpected: $0.unexpected,
              firstPosition: $0.firstPosition)
          },
          isDigestRight: found.isDigestRight, haltReason: found.haltReason,
          firstPosition: found.firstPosition)
      }
    }
  }

  /// Level projections of verification.
  func findings(_ progress: Progress?) async throws -> [Finding] {
    try await compare(progress: progress).filter { !$0.isEqual }.map { found in
      let rows = found.differences.reduce(0) { $0 + $1.missing + $1.unexpected }
      let what =
        found.haltReason.map { "it stands still at position \(found.eventCount): \($0)" }
        ?? (rows > 0 ? "\(rows) rows that differ" : "another digest than its rows have")
      return Finding(
        .projectionMismatch, at: found.firstPosition?.value,
        expected: "\(found.name) as its \(found.eventCount) events give it", found: what)
    }
  }

  /// Runs on a thread of its own, so that no task of the caller's is held up.
  private func aside<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
  }
}
