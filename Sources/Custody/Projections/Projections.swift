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

  /// What a version of a projection is to this program and the store.
  public enum Role: String, Sendable {
    /// Queries read it.
    case inUse = "in use"
    /// Newer than the one in use, and computed beside it; a rebuild switches to it.
    case new
    /// What an older program left, to be compared; a rebuild lets go of it.
    case old
  }

  /// A version of a projection at a glance.
  public struct Status: Sendable {
    /// What commands call it.
    public let name: String
    /// Rises with every change of what it computes.
    public let version: Int
    /// What it is for; empty when this program has no such version.
    public let summary: String
    /// What the version is to this program and the store.
    public let role: Role
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
    /// Which version of it.
    public let version: Int
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

  /// How the newest version of a projection compares with an older one.
  public struct VersionComparison: Sendable {
    /// What commands call it.
    public let name: String
    /// The older version.
    public let old: Int
    /// The newest version of this program.
    public let new: Int
    /// How many events both were computed from.
    public let eventCount: Int
    /// Tables whose rows differ in the columns that both versions have, or that only one has.
    public let differences: [Difference]
    /// The first event after which rows differ: exact when this program has both versions, else
    /// when rows say so.
    public let firstPosition: Position?
    /// Why the newest version cannot get as far as the older one; nil when it can.
    public let haltReason: String?
  }

  /// A table that differs.
  public struct Difference: Sendable {
    /// Its name in projections.sqlite.
    public let table: String
    /// Rows that it lacks.
    public let missing: Int
    /// Rows that it should not have.
    public let unexpected: Int
    /// The first event that one of them comes from, when rows say so.
    public let firstPosition: Position?
    /// Columns, or the table itself, that only one of two versions has.
    public let note: String?

    init(_ found: ProjectionEngine.Difference) {
      table = found.table
      missing = found.missing
      unexpected = found.unexpected
      firstPosition = found.firstPosition
      note = found.note
    }
  }

  /// What a rebuild found before it switched.
  public struct Rebuilt: Sendable {
    /// What commands call it.
    public let name: String
    /// Which version of it was computed.
    public let version: Int
    /// How many events it was computed from.
    public let eventCount: Int
    /// Whether the rows it replaced were the same; nil when they were of another moment.
    public let wasEqual: Bool?
    /// Older versions whose rows are gone now.
    public let replaced: [Int]
    /// Why it stands still all the same; nil when it does not.
    public let haltReason: String?
  }

  let engine: ProjectionEngine

  /// Every version of every projection, without catching up. Needs no secret.
  ///
  /// - Throws: `newerStore` when a newer program has made projections.sqlite.
  public func status() throws -> [Status] {
    try engine.status().map { status in
      Status(
        name: status.state.name, version: status.state.version, summary: status.summary,
        role: Role(status.role), eventCount: status.state.position,
        ledgerSize: status.ledgerSize, haltReason: status.state.haltReason)
    }
  }

  /// Brings every projection up to the newest event.
  ///
  /// - Parameter progress: called as events are read.
  /// - Throws: `CustodyError` with `usage` without the secrets; `permission` or `diskFull` when
  ///   projections.sqlite cannot be written; `newerStore` when a newer program has made it.
  ///
  /// Cost: two look-ups when there is nothing new, else a pass over the new events.
  public func catchUp(progress: Progress? = nil) async throws {
    try await aside { _ = try engine.catchUp(nil, progress) }
  }

  /// Follows the ledger until the task is canceled, for programs that stay.
  ///
  /// - Parameter interval: how long to wait when there is nothing new.
  public func follow(every interval: Duration = .milliseconds(100)) async throws {
    try await engine.follow(every: interval)
  }

  /// Computes the newest version of projections anew beside what is in use, and switches when it is
  /// done.
  ///
  /// Rows of older versions are let go of then, unless the newest stands still.
  ///
  /// - Parameters:
  ///   - names: which; all of them when empty.
  ///   - progress: called as events are read.
  /// - Throws: `notFound` for a name that none has.
  ///
  /// Cost: reads the whole ledger; queries go on meanwhile.
  public func rebuild(_ names: [String] = [], progress: Progress? = nil) async throws -> [Rebuilt] {
    try await aside {
      try engine.rebuild(names, progress).map {
        Rebuilt(
          name: $0.name, version: $0.version, eventCount: $0.eventCount, wasEqual: $0.wasEqual,
          replaced: $0.replaced, haltReason: $0.haltReason)
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
    try await aside {
      try engine.compare(names, progress).map { found in
        Comparison(
          name: found.name, version: found.version, eventCount: found.eventCount,
          differences: found.differences.map { Difference($0) },
          isDigestRight: found.isDigestRight, haltReason: found.haltReason,
          firstPosition: found.firstPosition)
      }
    }
  }

  /// Compares the newest version of a projection with the one before, row by row, where the store
  /// has rows of both. Changes nothing.
  ///
  /// - Parameters:
  ///   - name: which.
  ///   - progress: called as events are read.
  /// - Returns: nil when there is no older version.
  /// - Throws: `notFound`; `needsRecovery` when the older version was computed from another ledger.
  ///
  /// Cost: catches up, and reads the whole ledger once.
  public func compareVersions(
    of name: String, progress: Progress? = nil
  ) async throws -> VersionComparison? {
    try await aside {
      try engine.compareVersions(of: name, progress).map {
        VersionComparison(
          name: $0.name, old: $0.old, new: $0.new, eventCount: $0.eventCount,
          differences: $0.differences.map { Difference($0) }, firstPosition: $0.firstPosition,
          haltReason: $0.haltReason)
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

extension Projections.Role {
  init(_ role: ProjectionEngine.Role) {
    self =
      switch role {
      case .inUse: .inUse
      case .new: .new
      case .old: .old
      }
  }
}
