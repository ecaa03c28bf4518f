import CustodyLedger
import CustodyStore

/// How far a projection has read, and what its rows add up to: a row of the table `projection`.
package struct ProjectionState: Sendable {
  package let kind: ProjectionKind
  /// Events below it are in the rows.
  package internal(set) var position = 0
  /// The leaf of the last of them, zero when there is none.
  package internal(set) var leaf = Leaf()
  var digest = RowDigest()
  /// Why the event at `position` cannot be applied; nil while it follows.
  package internal(set) var haltReason: String?

  package var declaration: ProjectionDeclaration { kind.declaration }

  init(_ kind: ProjectionKind) { self.kind = kind }

  /// The state as stored; that of an empty projection when there is none.
  static func read(
    _ kind: ProjectionKind, _ connection: OpaquePointer
  ) throws -> ProjectionState {
    var state = ProjectionState(kind)
    let query = try HotStatement(
      connection,
      """
      SELECT position, leaf, digest, halt_reason FROM projection WHERE name = ? AND version = ?
      """)
    query.bind(1, kind.declaration.name)
    query.bind(2, Int64(kind.declaration.version))
    guard try query.step() else { return state }
    guard query.integer(0) >= 0, query.bytes(1).count == Leaf.byteCount,
      query.bytes(2).count == Digest.byteCount
    else {
      throw CustodyError(
        .damaged,
        "projections.sqlite is not as Custody writes it. Run: custody projection rebuild")
    }
    state.position = Int(query.integer(0))
    state.leaf = Leaf(loading: query.bytes(1))
    state.digest = RowDigest(Digest(loading: query.bytes(2)))
    state.haltReason = query.isNull(3) ? nil : query.text(3)
    return state
  }

  func write(_ connection: OpaquePointer) throws {
    let query = try HotStatement(
      connection,
      """
      INSERT OR REPLACE INTO projection (name, version, position, leaf, digest, halt_reason)
      VALUES (?, ?, ?, ?, ?, ?)
      """)
    query.bind(1, declaration.name)
    query.bind(2, Int64(declaration.version))
    query.bind(3, Int64(position))
    query.bind(4, leaf)
    query.bind(5, digest.bytes)
    if let haltReason { query.bind(6, haltReason) } else { query.bindNull(6) }
    try query.run()
  }
}
