import CustodyLedger
import CustodyStore
import Foundation

/// A new version of a projection is built beside the old one, in tables of its own.
extension ProjectionEngine {
  /// What a version is to this program and its file.
  package enum Role: String, Sendable {
    /// Queries read it.
    case inUse = "in use"
    /// Newer than the one in use; takes over when the projection is rebuilt.
    case new
    /// What an older program left; nobody reads or follows it.
    case old
  }

  /// What is known of a version of a projection without reading its rows.
  package struct Status: Sendable {
    /// What it is for; empty when this program has no such version.
    package let summary: String
    package let role: Role
    package let state: ProjectionState
    /// How many events the ledger has.
    package let ledgerSize: Int
    /// The digest of its rows, the same wherever they were computed; unknown without the secrets.
    package var digest: Digest { state.digest.bytes }
  }

  /// Every version as it stands, without catching up.
  package func status() throws -> [Status] {
    let size = try head().size
    let stored = try storedStates()
    var all = followed(stored).map { kind in
      stored.first { $0.isOf(kind) } ?? ProjectionState(kind)
    }
    all += stored.filter { state in !all.contains { $0.isSameVersion(as: state) } }
    return all.sorted { ($0.name, $0.version) < ($1.name, $1.version) }.map { state in
      let kind = projections.first { state.isOf($0) }
      let inUse = inUse(state.name, stored)
      let role: Role =
        inUse.map { state.isOf($0) ? .inUse : state.version > $0.declaration.version ? .new : .old }
        ?? .old
      return Status(
        summary: kind?.declaration.summary ?? "", role: role, state: state, ledgerSize: size)
    }
  }

  /// The version that queries read: the oldest that both the file and this program have, so that a
  /// new one takes over when somebody says so; the newest of this program when there is none.
  ///
  /// - Throws: `notFound` when this program has no such projection.
  package func inUse(_ name: String) throws -> ProjectionKind {
    let name = try named([name])[0]
    return inUse(name, try storedStates())!
  }

  private func inUse(_ name: String, _ stored: [ProjectionState]) -> ProjectionKind? {
    versions(of: name).first { kind in stored.contains { $0.isOf(kind) } }
      ?? versions(of: name).last
  }

  /// The versions that this program has of a projection, ascending.
  private func versions(of name: String) -> [ProjectionKind] {
    projections.filter { $0.declaration.name == name }
      .sorted { $0.declaration.version < $1.declaration.version }
  }

  func newest(_ name: String) -> ProjectionKind { versions(of: name).last! }

  /// The versions that are followed: the newest of each projection, and older ones whose rows are
  /// there.
  func followed(_ stored: [ProjectionState]) -> [ProjectionKind] {
    projections.filter { kind in
      newest(kind.declaration.name).declaration.version == kind.declaration.version
        || stored.contains { $0.isOf(kind) }
    }
  }

  func storedStates() throws -> [ProjectionState] {
    switch try ProjectionDatabase.condition(path, migrations) {
    case .missing, .foreign: []
    case .older, .current: try readConnection { try ProjectionState.all($0) }
    }
  }

  /// The names of projections, checked; all of them when there are none.
  ///
  /// - Throws: `notFound` for a name that none has.
  func named(_ names: [String]) throws -> [String] {
    var all: [String] = []
    for kind in projections where !all.contains(kind.declaration.name) {
      all.append(kind.declaration.name)
    }
    if names.isEmpty { return all }
    if let unknown = names.first(where: { !all.contains($0) }) {
      throw CustodyError(
        .notFound,
        "There is no projection \(unknown). There are: \(all.joined(separator: ", ")).")
    }
    return all.filter { names.contains($0) }
  }

  // MARK: - Comparing

  /// How an older version compares with the newest, both computed from the same events.
  package struct VersionComparison: Sendable {
    package let name: String
    package let old: Int
    package let new: Int
    /// How many events both were computed from.
    package let eventCount: Int
    /// Rows that only one of the two has, in the tables and columns that both have, and what only
    /// one of them has.
    package let differences: [Difference]
    /// The first event after which rows differ. Exact when this program has both versions; else
    /// what the rows say.
    package let firstPosition: Position?
    /// Why the newest version cannot get as far as the older one; nil when it can.
    package let haltReason: String?
  }

  /// A table that both versions have.
  private struct Pair {
    /// Its name without projection and version.
    let base: String
    let old: String
    let new: String
    /// Those that both have.
    let columns: [String]
    let positionColumn: String?
    /// What only one of them has, in words.
    let note: String?
  }

  /// Compares the newest version of a projection with the one before, row by row. Changes nothing.
  ///
  /// - Returns: nil when there are no rows of an older version.
  /// - Throws: `notFound`; `needsRecovery` when the older one was computed from another ledger.
  ///
  /// Cost: catches up, and reads the ledger again for the first event at which they differ.
  package func compareVersions(
    of name: String, _ progress: Progress? = nil
  ) throws -> VersionComparison? {
    let name = try named([name])[0]
    try catchUp(nil, progress)
    return try writing { database in
      let stored = try ProjectionState.all(database.connection)
      let newest = newest(name)
      guard
        let old = stored.last(where: {
          $0.name == name && $0.version < newest.declaration.version
        })
      else { return nil }
      guard try isOfThisLedger(old) else {
        throw CustodyError(
          .needsRecovery,
          "Version \(old.version) of \(name) was computed from another ledger, or from a life of "
            + "this one that was lost. Let go of it with: custody projection rebuild \(name)")
      }
      let tables = try pairs(old, newest, database)
      var first: Int?
      if let kind = projections.first(where: { old.isOf($0) }) {
        first = try withScratch(.rebuilding) {
          try firstDifference(kind, newest, tables.pairs, upTo: old.position, $0, progress)
        }
      }
      return try compare(old, newest, tables, first, database, progress)
    }
  }

  private func compare(
    _ old: ProjectionState, _ newest: ProjectionKind,
    _ tables: (pairs: [Pair], others: [Difference]), _ first: Int?,
    _ database: ProjectionDatabase, _ progress: Progress?
  ) throws -> VersionComparison {
    func comparison(_ state: ProjectionState, in schema: String) throws -> VersionComparison {
      var differences: [Difference] = []
      if state.haltReason == nil {
        differences = try tables.pairs.compactMap { try difference($0, in: schema, database) }
      }
      let halt = state.haltReason.map { _ in state.position }
      let byRows = differences.compactMap(\.firstPosition?.value).min()
      return VersionComparison(
        name: old.name, old: old.version, new: newest.declaration.version,
        eventCount: min(old.position, state.position), differences: differences + tables.others,
        firstPosition: (first ?? halt ?? byRows).map { Position($0) },
        haltReason: state.haltReason)
    }
    let new = try ProjectionState.read(newest, database.connection)
    if new.position == old.position, new.leaf == old.leaf {
      return try comparison(new, in: "main")
    }
    // The older one stands where its program left it.
    return try withScratch(.rebuilding) { scratch in
      try follow(scratch, [newest], upTo: old.position, progress)
      let state = try ProjectionState.read(newest, scratch.connection)
      return try database.attached(scratch) { try comparison(state, in: "scratch") }
    }
  }

  /// The first event after which the common columns of two versions differ, or at which one of the
  /// two stands still.
  private func firstDifference(
    _ old: ProjectionKind, _ new: ProjectionKind, _ pairs: [Pair], upTo size: Int,
    _ scratch: ProjectionDatabase, _ progress: Progress?
  ) throws -> Int? {
    func views(_ table: (Pair) -> String) throws -> [String: RowWatch.View] {
      try Dictionary(
        uniqueKeysWithValues: pairs.map { pair in
          let all = try columns(of: table(pair), scratch)
          let places = pair.columns.map { Int32(all.firstIndex(of: $0)!) }
          return (table(pair), RowWatch.View(name: pair.base, columns: places))
        })
    }
    var sides = [
      (
        run: try ProjectionRun(old, ProjectionState(old), scratch), digest: RowDigest(),
        views: try views(\.old)
      ),
      (
        run: try ProjectionRun(new, ProjectionState(new), scratch), digest: RowDigest(),
        views: try views(\.new)
      ),
    ]
    let source = try source([old, new], from: 0, to: size)
    let ahead = Ahead { try source.next() }
    while let events = try ahead.next(), let last = events.last {
      var found: Int?
      var isHalted = false
      try scratch.transaction {
        for event in events where found == nil && !isHalted {
          var halts = 0
          for index in sides.indices {
            scratch.watch.begin(sides[index].views)
            defer { scratch.watch.end() }
            if try sides[index].run.step(event) != nil { halts += 1 }
            sides[index].digest = scratch.watch.end(sides[index].digest)
          }
          isHalted = halts == 2
          if halts == 1 || sides[0].digest != sides[1].digest { found = event.position }
        }
      }
      if found != nil || isHalted { return found }
      progress?(last.position + 1, size)
    }
    return nil
  }

  // MARK: - Tables

  /// The tables that both versions have, and those that only one has.
  private func pairs(
    _ old: ProjectionState, _ newest: ProjectionKind, _ database: ProjectionDatabase
  ) throws -> (pairs: [Pair], others: [Difference]) {
    let version = newest.declaration.version
    let oldPrefix = ProjectionDeclaration.tablePrefix(old.name, old.version)
    let newPrefix = ProjectionDeclaration.tablePrefix(old.name, version)
    var oldTables = try tables(of: old, database)
    var pairs: [Pair] = []
    var others: [Difference] = []
    for table in newest.declaration.tables {
      let base = String(table.name.dropFirst(newPrefix.count))
      guard let index = oldTables.firstIndex(of: oldPrefix + base) else {
        others.append(Difference(table: table.name, note: "only version \(version) has it"))
        continue
      }
      let oldTable = oldTables.remove(at: index)
      let oldColumns = try columns(of: oldTable, database)
      let newColumns = try columns(of: table.name, database)
      let common = newColumns.filter { oldColumns.contains($0) }
      let notes = [(old.version, oldColumns), (version, newColumns)].compactMap {
        let own = $1.filter { !common.contains($0) }
        return own.isEmpty ? nil : "only version \($0) has \(own.joined(separator: ", "))"
      }
      pairs.append(
        Pair(
          base: base, old: oldTable, new: table.name, columns: common,
          positionColumn: table.positionColumn.flatMap { common.contains($0) ? $0 : nil },
          note: notes.isEmpty ? nil : notes.joined(separator: "; ")))
    }
    others += oldTables.map { Difference(table: $0, note: "only version \(old.version) has it") }
    return (pairs, others)
  }

  /// The tables of a version, whether or not this program has it.
  func tables(of state: ProjectionState, _ database: ProjectionDatabase) throws -> [String] {
    if let kind = projections.first(where: { state.isOf($0) }) {
      return kind.declaration.tables.map(\.name)
    }
    let prefix = ProjectionDeclaration.tablePrefix(state.name, state.version)
    let query = try HotStatement(
      database.connection, "SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name")
    var found: [String] = []
    while try query.step() {
      let name = query.text(0)
      if name == prefix || name.hasPrefix("\(prefix)_") { found.append(name) }
    }
    return found
  }

  private func difference(
    _ pair: Pair, in schema: String, _ database: ProjectionDatabase
  ) throws -> Difference? {
    var difference = Difference(table: pair.new, note: pair.note)
    try difference.count(
      pair.columns, pair.positionColumn, expected: "\(schema).\(pair.new)",
      found: "main.\(pair.old)", database)
    return difference.isNothing ? nil : difference
  }
}
