import CustodyLedger
import CustodyStore

/// How far a version of a projection has read, and what its rows add up to: a row of the table
/// `projection`.
package struct ProjectionState: Sendable, Equatable {
  package let name: String
  package let version: Int
  /// Events below it are in the rows.
  package internal(set) var position = 0
  /// The leaf of the last of them, zero when there is none.
  package internal(set) var leaf = Leaf()
  var digest = RowDigest()
  /// Why the event at `position` cannot be applied; nil while it follows.
  package internal(set) var haltReason: String?
  /// Whether pages of the file may hold copies of rows that went with a key.
  var hasTraces = false

  init(name: String, version: Int) {
    self.name = name
    self.version = version
  }

  /// That of an empty projection.
  init(_ kind: ProjectionKind) {
    self.init(name: kind.declaration.name, version: kind.declaration.version)
  }

  func isOf(_ kind: ProjectionKind) -> Bool {
    name == kind.declaration.name && version == kind.declaration.version
  }

  func isSameVersion(as other: ProjectionState) -> Bool {
    name == other.name && version == other.version
  }

  /// Every state that is stored, by name and version.
  static func all(_ connection: OpaquePointer) throws -> [ProjectionState] {
    let query = try HotStatement(
      connection,
      """
      SELECT name, version, position, leaf, digest, halt_reason, has_traces FROM projection
      ORDER BY name, version
      """)
    var states: [ProjectionState] = []
    while try query.step() {
      guard query.integer(1) > 0, query.integer(2) >= 0, query.bytes(3).count == Leaf.byteCount,
        query.bytes(4).count == Digest.byteCount
      else {
        throw CustodyError(
          .damaged,
          "projections.sqlite is not as Custody writes it. Run: custody projection rebuild")
      }
      var state = ProjectionState(name: query.text(0), version: Int(query.integer(1)))
      state.position = Int(query.integer(2))
      state.leaf = Leaf(loading: query.bytes(3))
      state.digest = RowDigest(Digest(loading: query.bytes(4)))
      state.haltReason = query.isNull(5) ? nil : query.text(5)
      state.hasTraces = query.integer(6) != 0
      states.append(state)
    }
    return states
  }

  /// The state of one, that of an empty projection when none is stored.
  static func read(
    _ kind: ProjectionKind, _ connection: OpaquePointer
  ) throws -> ProjectionState {
    try all(connection).first { $0.isOf(kind) } ?? ProjectionState(kind)
  }

  /// Lets go of it; its rows are removed by the caller.
  func remove(_ connection: OpaquePointer) throws {
    let query = try HotStatement(
      connection, "DELETE FROM projection WHERE name = ? AND version = ?")
    query.bind(1, name)
    query.bind(2, Int64(version))
    try query.run()
  }

  func write(_ connection: OpaquePointer) throws {
    let query = try HotStatement(
      connection,
      """
      INSERT OR REPLACE INTO projection
        (name, version, position, leaf, digest, halt_reason, has_traces)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """)
    query.bind(1, name)
    query.bind(2, Int64(version))
    query.bind(3, Int64(position))
    query.bind(4, leaf)
    query.bind(5, digest.bytes)
    if let haltReason { query.bind(6, haltReason) } else { query.bindNull(6) }
    query.bind(7, hasTraces ? 1 : 0)
    try query.run()
  }
}
