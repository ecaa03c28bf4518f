import CustodyLedger
import CustodyStore
import Foundation

extension ProjectionEngine {
  /// How a projection compares with one that was computed anew from the same events.
  package struct Comparison: Sendable {
    package let name: String
    package let version: Int
    /// How many events both were computed from.
    package let eventCount: Int
    /// Rows that only one of the two has, by table; empty when they are equal.
    package internal(set) var differences: [Difference] = []
    /// Whether the digest that is kept beside the rows is theirs.
    package let isDigestRight: Bool
    package let haltReason: String?

    package var isEqual: Bool { differences.isEmpty && isDigestRight && haltReason == nil }

    /// The first event that a differing row comes from, when rows say so.
    package var firstPosition: Position? { differences.compactMap(\.firstPosition).min() }
  }

  /// Compares projections with ones computed anew, row by row. Changes nothing.
  ///
  /// - Parameter names: which; every version of them that is followed. All when empty.
  ///
  /// Cost: reads the whole ledger, and disk for a second set of rows for as long as it takes.
  package func compare(
    _ names: [String] = [], _ progress: Progress? = nil
  ) throws -> [Comparison] {
    let names = try named(names)
    try catchUp(nil, progress)
    return try writing { database in
      let stored = try ProjectionState.all(database.connection)
      let kinds = followed(stored).filter { names.contains($0.declaration.name) }
      return try withScratch(.rebuilding) { scratch in
        // One at a time: each stands where it stands.
        try kinds.map { kind in
          let state = stored.first { $0.isOf(kind) } ?? ProjectionState(kind)
          try follow(scratch, [kind], upTo: state.position, progress)
          return try compare(kind, state, database, scratch)
        }
      }
    }
  }

  private func compare(
    _ kind: ProjectionKind, _ state: ProjectionState, _ database: ProjectionDatabase,
    _ scratch: ProjectionDatabase
  ) throws -> Comparison {
    let tables = kind.declaration.tables
    let isDigestRight = try database.digest(tables, key: try digestKey()) == state.digest
    var comparison = Comparison(
      name: state.name, version: state.version, eventCount: state.position,
      isDigestRight: isDigestRight, haltReason: state.haltReason)
    let anew = try ProjectionState.read(kind, scratch.connection)
    // Equal digests are equal rows: no need to compare them one by one.
    if isDigestRight, anew.digest == state.digest { return comparison }
    comparison.differences = try database.attached(scratch) {
      try tables.compactMap { table in
        var difference = Difference(table: table.name)
        try difference.count(
          try columns(of: table.name, database), table.positionColumn,
          expected: "scratch.\(table.name)", found: "main.\(table.name)", database)
        return difference.isNothing ? nil : difference
      }
    }
    return comparison
  }

  /// What a rebuild found before it switched.
  package struct Rebuilt: Sendable {
    package let name: String
    package let version: Int
    package let eventCount: Int
    /// Whether the rows it replaced were the same; nil when they were of another moment.
    package let wasEqual: Bool?
    /// Older versions whose rows are gone now.
    package let replaced: [Int]
    package let haltReason: String?
  }

  /// Computes the newest version of projections anew beside what is in use, and switches to it when
  /// it is done: older versions are let go of, unless the newest stands still.
  ///
  /// - Parameter names: which; all of them when empty, and also what is left of projections that
  ///   this program does not have.
  package func rebuild(
    _ names: [String] = [], _ progress: Progress? = nil
  ) throws -> [Rebuilt] {
    let isAll = names.isEmpty
    let kinds = try named(names).map { newest($0) }
    return try writing { database in
      try withScratch(.rebuilding) { scratch in
        try follow(scratch, kinds, upTo: try head().size, progress)
        let stored = try ProjectionState.all(database.connection)
        let found = try kinds.map {
          try rebuilt($0, replacing: stored, database, scratch)
        }
        let unknown = stored.filter { state in
          isAll && !projections.contains { $0.declaration.name == state.name }
        }
        let replaced = stored.filter { state in
          found.contains { $0.name == state.name && $0.replaced.contains(state.version) }
        }
        database.runs = []
        try database.attached(scratch) {
          try database.transaction {
            for kind in kinds { try replace(kind, database) }
            for state in replaced + unknown { try remove(state, database) }
          }
        }
        return found
      }
    }
  }

  private func rebuilt(
    _ kind: ProjectionKind, replacing stored: [ProjectionState], _ database: ProjectionDatabase,
    _ scratch: ProjectionDatabase
  ) throws -> Rebuilt {
    let new = try ProjectionState.read(kind, scratch.connection)
    var wasEqual: Bool?
    if let old = stored.first(where: { $0.isOf(kind) }), old.position == new.position,
      old.leaf == new.leaf
    {
      let rows = try database.digest(kind.declaration.tables, key: try digestKey())
      wasEqual = rows == new.digest && old.digest == new.digest
    }
    let others = stored.filter { $0.name == new.name && $0.version != new.version }
    return Rebuilt(
      name: new.name, version: new.version, eventCount: new.position, wasEqual: wasEqual,
      replaced: new.haltReason == nil ? others.map(\.version) : [], haltReason: new.haltReason)
  }

  private func replace(_ kind: ProjectionKind, _ database: ProjectionDatabase) throws {
    for table in kind.declaration.tables {
      try database.execute("DELETE FROM main.\(table.name)")
      try database.execute(
        "INSERT INTO main.\(table.name) SELECT * FROM scratch.\(table.name)")
    }
    let copy = try HotStatement(
      database.connection,
      """
      INSERT OR REPLACE INTO main.projection
      SELECT * FROM scratch.projection WHERE name = ? AND version = ?
      """)
    copy.bind(1, kind.declaration.name)
    copy.bind(2, Int64(kind.declaration.version))
    try copy.run()
  }

  private func remove(_ state: ProjectionState, _ database: ProjectionDatabase) throws {
    for table in try tables(of: state, database) {
      try database.execute("DELETE FROM main.\(table)")
    }
    try state.remove(database.connection)
  }
}
