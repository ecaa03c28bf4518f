import CustodyLedger
import CustodyStore
import Foundation

extension ProjectionEngine {
  /// What is known of a projection without reading its rows.
  package struct Status: Sendable {
    package let declaration: ProjectionDeclaration
    package let state: ProjectionState
    /// How many events the ledger has.
    package let ledgerSize: Int
    /// The digest of its rows, the same wherever they were computed; unknown without the secrets.
    package var digest: Digest { state.digest.bytes }
  }

  /// Every projection as it stands, without catching up.
  package func status() throws -> [Status] {
    let size = try head().size
    guard FileIO.exists(path), try ProjectionDatabase.isUsable(path, migrations) else {
      return projections.map {
        Status(declaration: $0.declaration, state: ProjectionState($0), ledgerSize: size)
      }
    }
    return try readConnection { connection in
      try projections.map {
        Status(
          declaration: $0.declaration, state: try ProjectionState.read($0, connection),
          ledgerSize: size)
      }
    }
  }

  /// How a projection compares with one that was computed anew from the same events.
  package struct Comparison: Sendable {
    package let declaration: ProjectionDeclaration
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

  /// Rows of one table that only one side has.
  package struct Difference: Sendable {
    package let table: String
    package let missing: Int
    package let unexpected: Int
    package let firstPosition: Position?
  }

  /// Compares projections with ones computed anew, row by row. Changes nothing.
  ///
  /// Cost: reads the whole ledger, and disk for a second set of rows for as long as it takes.
  package func compare(
    _ kinds: [ProjectionKind], _ progress: Progress? = nil
  ) throws -> [Comparison] {
    try catchUp()
    return try writing { database in
      try withScratch { scratch in
        let states = try kinds.map { try ProjectionState.read($0, database.connection) }
        // One at a time: each stands where it stands.
        for state in states where state.position > 0 {
          try follow(scratch, [ProjectionState(state.kind)], upTo: state.position, progress)
        }
        return try states.map { try compare($0, database, scratch) }
      }
    }
  }

  private func compare(
    _ state: ProjectionState, _ database: ProjectionDatabase, _ scratch: ProjectionDatabase
  ) throws -> Comparison {
    let key = try digestKey()
    let tables = state.declaration.tables
    let isDigestRight = try database.digest(tables, key: key) == state.digest
    var comparison = Comparison(
      declaration: state.declaration, eventCount: state.position, isDigestRight: isDigestRight,
      haltReason: state.haltReason)
    let anew = try ProjectionState.read(state.kind, scratch.connection)
    // Equal digests are equal rows: no need to compare them one by one.
    if isDigestRight, anew.digest == state.digest { return comparison }
    comparison.differences = try database.attached(scratch) {
      try tables.compactMap { try difference($0, database) }
    }
    return comparison
  }

  private func difference(
    _ table: ProjectionDeclaration.Table, _ database: ProjectionDatabase
  ) throws -> Difference? {
    func count(_ one: String, _ other: String) throws -> (Int, Int64?) {
      let position = table.positionColumn.map { "min(\($0))" } ?? "NULL"
      let query = try HotStatement(
        database.connection,
        """
        SELECT count(*), \(position) FROM
          (SELECT * FROM \(one).\(table.name) EXCEPT SELECT * FROM \(other).\(table.name))
        """)
      _ = try query.step()
      return (Int(query.integer(0)), query.isNull(1) ? nil : query.integer(1))
    }
    let (missing, firstMissing) = try count("scratch", "main")
    let (unexpected, firstUnexpected) = try count("main", "scratch")
    guard missing + unexpected > 0 else { return nil }
    let first = [firstMissing, firstUnexpected].compactMap { $0 }.min()
    return Difference(
      table: table.name, missing: missing, unexpected: unexpected,
      firstPosition: first.flatMap { $0 >= 0 ? Position(Int($0)) : nil })
  }

  /// What a rebuild found before it switched.
  package struct Rebuilt: Sendable {
    package let declaration: ProjectionDeclaration
    package let eventCount: Int
    /// Whether the rows it replaced were the same; nil when they were of another moment.
    package let wasEqual: Bool?
    package let haltReason: String?
  }

  /// Computes projections anew beside the ones in use, and switches when they are done.
  package func rebuild(
    _ kinds: [ProjectionKind], _ progress: Progress? = nil
  ) throws -> [Rebuilt] {
    try writing { database in
      try withScratch { scratch in
        let size = try head().size
        try follow(scratch, kinds.map { ProjectionState($0) }, upTo: size, progress)
        let rebuilt = try kinds.map { kind in
          let old = try ProjectionState.read(kind, database.connection)
          let new = try ProjectionState.read(kind, scratch.connection)
          let isSameMoment = old.position == new.position && old.leaf == new.leaf
          return Rebuilt(
            declaration: kind.declaration, eventCount: new.position,
            wasEqual: isSameMoment ? try isEqual(old, new, database) : nil,
            haltReason: new.haltReason)
        }
        try database.attached(scratch) {
          try database.transaction {
            for kind in kinds { try replace(kind, database) }
          }
        }
        return rebuilt
      }
    }
  }

  /// Whether the rows in use, and what is kept of them, are the ones that were computed anew.
  private func isEqual(
    _ old: ProjectionState, _ new: ProjectionState, _ database: ProjectionDatabase
  ) throws -> Bool {
    let rows = try database.digest(old.declaration.tables, key: try digestKey())
    return rows == new.digest && old.digest == new.digest
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

  /// A database of projections for the time being; what a killed one left is removed first.
  private func withScratch<R>(_ body: (ProjectionDatabase) throws -> R) throws -> R {
    let scratchPath = "\(path).rebuild"
    func remove() { for suffix in ["", "-wal", "-shm"] { unlink(scratchPath + suffix) } }
    remove()
    defer { remove() }
    let scratch = try ProjectionDatabase.open(scratchPath, migrations, key: try digestKey())
    return try scratch.use { try body(scratch) }
  }
}
