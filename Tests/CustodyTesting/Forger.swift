import Custody
import CustodyStore

/// Somebody who can write the file; with the signing key, its owner.
package struct Forger {
  let database: RawDatabase
  let ledgerID: LedgerID

  package init(_ path: String, ledgerID: LedgerID) throws {
    database = try RawDatabase(path)
    self.ledgerID = ledgerID
  }

  // MARK: - Events

  /// Appends an event, placed and chained as it should be.
  package func append(_ event: PendingEvent) throws {
    let writer = try LedgerWriter(database.handle, ledgerID: ledgerID)
    try writer.refresh()
    _ = try writer.append(event, at: Environment.system.now()) { _ in nil }
  }

  /// Appends an event of the library's own.
  package func append(_ event: SystemEvent) throws {
    try append(
      PendingEvent.system(
        event, ledgerID: ledgerID, actor: try Name("custody"), environment: .system))
  }

  /// Appends an event without keys that says anything.
  package func append(
    type: String, _ content: String, version: UInt16 = SystemEvent.typeVersion,
    stream: String = SystemEvent.stream
  ) throws {
    let (environment, content) = (Environment.system, Array(content.utf8))
    let now = environment.now()
    let claim = try Claim(
      ledgerID: ledgerID, eventID: environment.eventID(at: now), occurredAt: now,
      stream: Name(stream), type: Name(type), typeVersion: version, actor: Name("custody"),
      keyIDs: [], nonce: Nonce())
    try append(
      PendingEvent(
        claim: claim, claimBytes: claim.bytes, seal: ContentSealer().sealOpenly(content),
        body: content, content: content, expected: .any, isIDGiven: false,
        isOccurredAtGiven: false))
  }

  /// The tree root over the leaves of some events.
  package func root(of positions: [ClosedRange<Int>]) throws -> Digest {
    let leaves = try positions.flatMap { range in
      try database.rows(
        """
        SELECT leaf FROM event WHERE position BETWEEN \(range.lowerBound) AND \(range.upperBound)
        ORDER BY position
        """
      ).compactMap { Leaf($0[0].bytes) }
    }
    return TreeFrontier.root(over: leaves)
  }

  // MARK: - Making it fit

  /// Makes leaves, chain and stored subtrees fit the rows as they now are, whatever these hold.
  package func rechain() throws {
    let rows = try database.rows(
      """
      SELECT position, flags, event_id, correlation_id, causation_id, occurred_at, stream, type,
        type_version, actor, key_ids, nonce, body_length, body_hash, commitment, recorded_at, revision
      FROM audit_event ORDER BY position
      """)
    let sha256 = SHA256()
    var tree = TreeFrontier()
    var previous = Leaf()
    try database.execute("BEGIN; DELETE FROM tile")
    for row in rows {
      let leaf = SHA256.hash([0] + header(row, after: previous))
      try database.execute(
        "UPDATE event SET leaf = x'\(leaf.hex)' WHERE position = \(row[0].literal)")
      var subtrees: [(level: Int, place: Int, root: Digest)] = []
      tree.append(subtree: leaf, level: 0, using: sha256) { level, place, root in
        if level.isMultiple(of: 8) { subtrees.append((level / 8, place, root)) }
      }
      for subtree in subtrees {
        try database.execute(
          """
          INSERT INTO tile (level, place, root)
          VALUES (\(subtree.level), \(subtree.place), x'\(subtree.root.hex)')
          """)
      }
      previous = leaf
    }
    try database.execute("COMMIT")
  }

  /// The header that section 1 of the format makes of a row; nothing is refused.
  private func header(_ row: [RawValue], after previous: Leaf) -> [UInt8] {
    var writer = ByteWriter()
    func string(_ value: RawValue) {
      writer.write(UInt16(truncatingIfNeeded: value.bytes.count))
      writer.write(value.bytes)
    }
    writer.write(Array("CUST".utf8))
    writer.write([1, UInt8(truncatingIfNeeded: row[1].integer)])
    writer.write(ledgerID)
    for value in row[2...4] { writer.write(value.bytes) }
    writer.write(row[5].integer)
    string(row[6])
    string(row[7])
    writer.write(UInt16(truncatingIfNeeded: row[8].integer))
    string(row[9])
    writer.write([UInt8(truncatingIfNeeded: row[10].bytes.count / KeyID.byteCount)])
    for value in row[10...11] { writer.write(value.bytes) }
    writer.write(row[12].integer)
    for value in row[13...14] { writer.write(value.bytes) }
    writer.write(row[0].integer)
    writer.write(previous)
    for value in row[15...16] { writer.write(value.integer) }
    return writer.bytes
  }

  /// Names that no event uses any more go, as if they had never been.
  package func tidyNames() throws {
    try database.execute(
      """
      DELETE FROM name WHERE id NOT IN
        (SELECT stream FROM event UNION SELECT type FROM event UNION SELECT actor FROM event)
      """)
  }

  /// A checkpoint over all events as they now are, in the place of every other.
  package func sign(as origin: Origin, by key: SigningKey) throws {
    let size = try database.integer("SELECT max(position) + 1 FROM event")
    let root = try root(of: [0...max(0, size - 1)])
    let note = Checkpoint(origin: origin, size: size, root: root).signed(by: key).encoded
    try database.execute(
      "DELETE FROM checkpoint; INSERT INTO checkpoint (size, note) VALUES (\(size), '\(note)')")
  }
}
