import CSQLiteShim
import CustodyLedger
import GRDB

/// Gives events their place and inserts them. The store's lock is held and a transaction is open.
///
/// Values of fixed size are bound once, as places in one buffer: binding copies anew for each event
/// would allocate seven times.
///
/// Keeps what it knows of the head between commits, and forgets it when another process has
/// written or a transaction was rolled back.
package final class LedgerWriter {
  /// Names and stream heads remembered.
  private static let rememberedMax = 100_000

  private let reader: LedgerReader
  private let ledgerID: LedgerID
  private let hasher = LeafHasher()
  private let sealer = ContentSealer()
  private var header = ByteWriter(capacity: 2304)
  private(set) var head: LedgerReader.Head?
  private(set) var tree = TreeFrontier()
  private var isKnown = false
  private var names: [String: Int64] = [:]
  /// The last stream, type and actor: neighbors mostly share them.
  private var last = (stream: LastName(), type: LastName(), actor: LastName())
  /// The next revision of a stream.
  private var revisions: [Int64: Int] = [:]

  private let insertEvent: HotStatement
  private let insertName: HotStatement
  private let insertTile: HotStatement

  private let fixed = UnsafeMutableRawBufferPointer.allocate(byteCount: 192, alignment: 16)

  private struct LastName {
    var text = ""
    var id: Int64 = 0
  }

  package init(_ connection: OpaquePointer, ledgerID: LedgerID) throws(SQLiteError) {
    reader = LedgerReader(connection)
    self.ledgerID = ledgerID
    insertEvent = try HotStatement(
      connection,
      """
      INSERT INTO event (position, event_id, correlation_id, causation_id, occurred_at, stream,
        type, type_version, actor, key_ids, flags, nonce, body_length, body_hash, commitment,
        recorded_at, revision, leaf, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    insertName = try HotStatement(connection, "INSERT INTO name (text) VALUES (?) RETURNING id")
    insertTile = try HotStatement(
      connection, "INSERT INTO tile (level, place, root) VALUES (?, ?, ?)")
    for (index, at, count) in FixedField.all {
      insertEvent.bind(index, UnsafeRawBufferPointer(rebasing: fixed[at..<at + count]))
    }
  }

  deinit { fixed.deallocate() }

  /// Where each value of fixed size lies in `fixed`, and which parameter it is.
  private enum FixedField {
    static let all: [(index: Int32, at: Int, count: Int)] = [
      (2, 0, 16), (3, 16, 16), (4, 32, 16), (12, 48, 24), (14, 72, 32), (15, 104, 32),
      (18, 136, 32),
    ]
  }

  private func place(_ value: some FixedBytes, _ index: Int) {
    fixed.storeBytes(of: value, toByteOffset: FixedField.all[index].at, as: type(of: value))
  }

  /// Compares what is known with the database, at the start of a transaction.
  package func refresh() throws {
    let stored = try reader.head()
    guard !isKnown || stored != head else { return }
    forget()
    head = stored
    tree = try TreeReader(reader).frontier(size: stored.map { $0.position.value + 1 } ?? 0)
    isKnown = true
  }

  package func forget() {
    isKnown = false
    forgetNames()
  }

  private func forgetNames() {
    names.removeAll(keepingCapacity: true)
    revisions.removeAll(keepingCapacity: true)
    last = (LastName(), LastName(), LastName())
  }

  /// A state to go back to when a batch is refused but the transaction goes on.
  package struct Mark {
    fileprivate let head: LedgerReader.Head?
    fileprivate let tree: TreeFrontier
  }

  package func mark() -> Mark { Mark(head: head, tree: tree) }

  package func goBack(to mark: Mark) {
    head = mark.head
    tree = mark.tree
    // Ids and revisions given since are gone; the rest is read again as needed.
    forgetNames()
  }

  /// Inserts one event after the head.
  ///
  /// - Parameter keys: opens the body of an event whose id is repeated.
  /// - Throws: ``CustodyError/Code/idReused``, ``CustodyError/Code/revisionConflict``.
  package func append(
    _ event: PendingEvent, at clock: Timestamp, keys: (KeyID) throws -> SecretBytes?
  ) throws -> Receipt {
    if event.isIDGiven, let receipt = try repeated(event, keys: keys) { return receipt }
    // Everything that can be refused is refused before anything is written.
    let known = try knownStream(event.claim.stream)
    let revision = try known.map { try nextRevision($0) } ?? 0
    try check(event, revision)
    let stream = try known ?? nameID(event.claim.stream, &last.stream)
    let place = Place(
      position: head?.position.next ?? Position(0), previousLeaf: head?.leaf ?? Leaf(),
      recordedAt: max(head?.recordedAt ?? clock, clock), revision: Revision(revision))
    header.clear()
    header.write(event.claimBytes)
    event.seal.write(to: &header)
    place.write(to: &header)
    let leaf = hasher.leaf(headerBytes: header.bytes)
    try insert(event, place, leaf, stream: stream)
    try grow(leaf)
    head = LedgerReader.Head(position: place.position, leaf: leaf, recordedAt: place.recordedAt)
    if revisions.count >= Self.rememberedMax { revisions.removeAll(keepingCapacity: true) }
    revisions[stream] = revision + 1
    return Receipt(
      ledgerID: ledgerID, eventID: event.claim.eventID, position: place.position,
      revision: place.revision, leaf: leaf)
  }

  package func insertCheckpoint(size: Int, note: String) throws {
    let insert = try reader.statement(
      "INSERT OR REPLACE INTO checkpoint (size, note) VALUES (?, ?)")
    insert.bind(1, Int64(size))
    insert.bind(2, note)
    try insert.run()
  }

  // MARK: - Checks

  private func check(_ event: PendingEvent, _ next: Int) throws {
    guard event.expected.allows(next: next) else {
      throw CustodyError.unexpectedRevision(
        stream: event.claim.stream.text, next: next, expected: event.expected)
    }
  }

  /// The receipt of an event that stands in the ledger already, or nil.
  private func repeated(
    _ event: PendingEvent, keys: (KeyID) throws -> SecretBytes?
  ) throws -> Receipt? {
    guard let position = try reader.position(of: event.claim.eventID) else { return nil }
    guard let stored = try reader.event(at: position, ledgerID: ledgerID) else { return nil }
    let repetition = try event.compared(with: stored, sealer: sealer, keys: keys)
    guard repetition != .other else {
      throw CustodyError.idReused(event.claim.eventID, at: position)
    }
    return Receipt(
      ledgerID: ledgerID, eventID: event.claim.eventID, position: position,
      revision: stored.header.place.revision, leaf: stored.leaf, isRepeat: true,
      isUnverifiedRepeat: repetition == .unverified)
  }

  // MARK: - Rows

  /// The id of a stream, or nil when nothing has that name yet.
  private func knownStream(_ name: Name) throws -> Int64? {
    if name.text == last.stream.text { return last.stream.id }
    guard let id = try names[name.text] ?? reader.nameID(name.text) else { return nil }
    remember(name.text, id)
    last.stream = LastName(text: name.text, id: id)
    return id
  }

  private func remember(_ name: String, _ id: Int64) {
    if names.count >= Self.rememberedMax { names.removeAll(keepingCapacity: true) }
    names[name] = id
  }

  private func nameID(_ name: Name, _ last: inout LastName) throws -> Int64 {
    if name.text != last.text { last = LastName(text: name.text, id: try nameID(name.text)) }
    return last.id
  }

  private func nameID(_ text: String) throws -> Int64 {
    if let known = names[text] { return known }
    let id: Int64
    if let stored = try reader.nameID(text) {
      id = stored
    } else {
      insertName.bind(1, text)
      defer { insertName.reset() }
      guard try insertName.step() else { throw CustodyError(.internal, "No id for a new name.") }
      id = insertName.integer(0)
      // The row is there after the first step; the second ends the statement.
      _ = try insertName.step()
    }
    remember(text, id)
    return id
  }

  private func nextRevision(_ stream: Int64) throws -> Int {
    if let known = revisions[stream] { return known }
    return try reader.newestRevision(of: stream).map { $0 + 1 } ?? 0
  }

  private func insert(
    _ event: PendingEvent, _ place: Place, _ leaf: Leaf, stream: Int64
  ) throws {
    let claim = event.claim
    let type = try nameID(claim.type, &last.type)
    let actor = try nameID(claim.actor, &last.actor)
    let insert = insertEvent
    insert.bind(1, Int64(place.position.value))
    self.place(claim.eventID, 0)
    self.place(claim.correlationID ?? EventID(), 1)
    self.place(claim.causationID ?? EventID(), 2)
    self.place(claim.nonce, 3)
    self.place(event.seal.bodyHash, 4)
    self.place(event.seal.commitment, 5)
    self.place(leaf, 6)
    insert.bind(5, claim.occurredAt.microseconds)
    insert.bind(6, stream)
    insert.bind(7, type)
    insert.bind(8, Int64(claim.typeVersion))
    insert.bind(9, actor)
    insert.bind(11, Int64(claim.flags.rawValue))
    insert.bind(13, Int64(event.seal.bodyLength))
    insert.bind(16, place.recordedAt.microseconds)
    insert.bind(17, Int64(place.revision.value))
    try claim.keyIDs.withUnsafeBytes { keys in
      try event.body.withUnsafeBytes { body in
        insert.bind(10, keys)
        insert.bind(19, body)
        try insert.run()
      }
    }
  }

  private func grow(_ leaf: Leaf) throws {
    var completed: [(level: Int, place: Int, root: Digest)] = []
    tree.append(subtree: leaf, level: 0, using: hasher.sha256) { level, place, root in
      if level.isMultiple(of: 8) { completed.append((level / 8, place, root)) }
    }
    for tile in completed {
      insertTile.bind(1, Int64(tile.level))
      insertTile.bind(2, Int64(tile.place))
      insertTile.bind(3, tile.root)
      try insertTile.run()
    }
  }
}
