import CustodyLedger
import CustodyModel
import CustodyStore

/// What a row of `lineage_1_name` names.
package enum LineageNameKind: Int64, Sendable {
  case dataset = 1
  case job, column, version, facet, model
}

/// Keyed hashes by which names are found without opening any.
package final class LineageNameHash {
  private let hashes: RepeatedHMAC

  /// For one thread at a time.
  package init(key: SecretBytes) { hashes = RepeatedHMAC(key: key) }

  /// What the key is derived for.
  package static let use = "lineage-name"

  /// - Parameters:
  ///   - owner: what a column or version is of; 0 for others.
  ///   - text: as in ``LineageNames/bytes(of:)``.
  package func whole(_ kind: LineageNameKind, _ owner: Int64, _ text: [UInt8]) -> EventID {
    code(0, kind, owner, text)
  }

  /// By the name alone, whatever its namespace.
  package func short(_ kind: LineageNameKind, _ text: [UInt8]) -> EventID { code(1, kind, 0, text) }

  private func code(
    _ scope: UInt8, _ kind: LineageNameKind, _ owner: Int64, _ text: [UInt8]
  ) -> EventID {
    var head = ByteWriter()
    head.write(scope)
    head.write(kind.rawValue)
    head.write(owner)
    let code = head.bytes.withUnsafeBytes { head in text.withUnsafeBytes { hashes.code(head, $0) } }
    return code.withUnsafeBytes { EventID(loading: UnsafeRawBufferPointer(rebasing: $0[..<16])) }
  }
}

/// The names of ``LineageProjection``: gives each a number.
package struct LineageNames {
  static let column = "name.text"
  /// Numbers that are remembered.
  private static let knownCountMax = 1 << 16

  private let find: HotStatement
  private let insert: HotStatement
  private var hashes: LineageNameHash?
  private var known: [Key: Int64] = [:]

  private struct Key: Hashable {
    let kind: LineageNameKind
    let owner: Int64
    let text: [UInt8]
  }

  init(_ connection: OpaquePointer) throws {
    find = try HotStatement(connection, "SELECT id FROM lineage_1_name WHERE hash = ?")
    insert = try HotStatement(
      connection,
      """
      INSERT INTO lineage_1_name (id, kind, owner, hash, short, text, position)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """)
    next = try HotStatement(connection, "SELECT ifnull(max(id), 0) + 1 FROM lineage_1_name")
  }

  private let next: HotStatement

  /// Namespace and name as they are sealed and hashed: neither can hold a zero byte.
  package static func bytes(of name: LineageName) -> [UInt8] {
    Array(name.namespace.utf8) + [0] + Array(name.name.utf8)
  }

  mutating func id(
    of kind: LineageNameKind, _ name: LineageName, _ event: ProjectedEvent
  ) throws -> Int64 {
    try id(of: kind, owner: 0, Self.bytes(of: name), short: Array(name.name.utf8), event)
  }

  mutating func id(
    of kind: LineageNameKind, owner: Int64 = 0, _ text: String, _ event: ProjectedEvent
  ) throws -> Int64 {
    let bytes = Array(text.utf8)
    return try id(of: kind, owner: owner, bytes, short: bytes, event)
  }

  private mutating func id(
    of kind: LineageNameKind, owner: Int64, _ text: [UInt8], short: [UInt8], _ event: ProjectedEvent
  ) throws -> Int64 {
    let key = Key(kind: kind, owner: owner, text: text)
    if let id = known[key] { return id }
    let hashes = try hashes ?? event.store.lineageNameHash()
    self.hashes = hashes
    let hash = hashes.whole(kind, owner, text)
    find.bind(1, hash)
    defer { find.reset() }
    let id: Int64
    if try find.step() {
      id = find.integer(0)
    } else {
      id = try insert(key, hash, hashes.short(kind, short), event)
    }
    if known.count >= Self.knownCountMax { known.removeAll(keepingCapacity: true) }
    known[key] = id
    return id
  }

  private func insert(
    _ key: Key, _ hash: EventID, _ short: EventID, _ event: ProjectedEvent
  ) throws -> Int64 {
    defer { next.reset() }
    _ = try next.step()
    let id = next.integer(0)
    guard let sealed = try event.sealed(key.text, in: Self.column, id) else {
      throw ProjectionHalt("the operations key is gone")
    }
    insert.bind(1, id)
    insert.bind(2, key.kind.rawValue)
    insert.bind(3, key.owner)
    insert.bind(4, hash)
    insert.bind(5, short)
    insert.bind(7, Int64(event.position))
    try sealed.withUnsafeBytes {
      insert.bind(6, $0)
      try insert.run()
    }
    return id
  }
}
