import CSQLiteShim
import CustodyLedger
import GRDB

/// Gives events their place and inserts them. The store's lock is held and a transaction is open.
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
  /// The next revision of a stream.
  private var revisions: [Int64: Int] = [:]

  package init(_ connection: OpaquePointer, ledgerID: LedgerID) {
    reader = LedgerReader(connection)
    self.ledgerID = ledgerID
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
    names.removeAll(keepingCapacity: true)
    revisions.removeAll(keepingCapacity: true)
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
    names.removeAll(keepingCapacity: true)
    revisions.removeAll(keepingCapacity: true)
  }

  /// Inserts one event after the head.
  ///
  /// - Parameter keys: opens the body of an event whose id is repeated.
  /// - Throws: ``CustodyError/Code/idReused``, ``CustodyError/Code/revisionConflict``.
  package func append(
    _ event: PendingEvent, at clock: Timestamp, keys: (KeyID) throws -> SecretBytes?
  ) throws -> Receipt {
    if let receipt = try repeated(event, keys: keys) { return receipt }
    let stream = try nameID(event.claim.stream.text)
    let revision = try nextRevision(stream)
    try check(event, revision)
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
    let insert = try reader.statement("INSERT OR REPLACE INTO checkpoint (size, note) VALUES (?, ?)")
    insert.bind(1, Int64(size))
    insert.bind(2, note)
    try insert.run()
  }

  // MARK: - Checks

  private func check(_ event: PendingEvent, _ next: Int) throws {
    let isAsExpected =
      switch event.expected {
      case .any: true
      case .none: next == 0
      case .exactly(let revision): next == revision.value + 1
      }
    guard isAsExpected else {
      let actual = next == 0 ? "does not exist yet" : "is at revision \(next - 1)"
      let expected =
        switch event.expected {
        case .exactly(let revision): "revision \(revision)"
        default: "no stream"
        }
      throw CustodyError(
        .revisionConflict,
        "Stream \(event.claim.stream) \(actual), but \(expected) was expected. "
          + "Read the stream, decide again and append with the revision that you saw.")
    }
  }

  /// The receipt of an event that stands in the ledger already, or nil.
  private func repeated(
    _ event: PendingEvent, keys: (KeyID) throws -> SecretBytes?
  ) throws -> Receipt? {
    guard let position = try reader.position(of: event.claim.eventID) else { return nil }
    guard let stored = try reader.event(at: position, ledgerID: ledgerID) else { return nil }
    var claim = event.claim
    // Chosen by Custody on each try, so they say nothing about whether it is the same event.
    claim.nonce = stored.header.claim.nonce
    claim.flags = stored.header.claim.flags
    if !event.isOccurredAtGiven { claim.occurredAt = stored.header.claim.occurredAt }
    func conflict() -> CustodyError {
      CustodyError(
        .idReused,
        "Event id \(event.claim.eventID) stands at position \(position) with another claim or "
          + "content. Give a new event an id of its own.")
    }
    guard claim == stored.header.claim else { throw conflict() }
    var isUnverified = false
    if let body = stored.body, let secrets = try allKeys(claim.keyIDs, keys) {
      guard try isSame(event.content, as: body, stored.header, secrets) else { throw conflict() }
    } else {
      isUnverified = true
    }
    return Receipt(
      ledgerID: ledgerID, eventID: event.claim.eventID, position: position,
      revision: stored.header.place.revision, leaf: stored.leaf, isRepeat: true,
      isUnverifiedRepeat: isUnverified)
  }

  private func allKeys(
    _ ids: [KeyID], _ keys: (KeyID) throws -> SecretBytes?
  ) throws -> [SecretBytes]? {
    var secrets: [SecretBytes] = []
    for id in ids {
      guard let secret = try keys(id) else { return nil }
      secrets.append(secret)
    }
    return secrets
  }

  private func isSame(
    _ content: [UInt8], as body: [UInt8], _ header: Header, _ keys: [SecretBytes]
  ) throws -> Bool {
    guard !keys.isEmpty else { return content == body }
    let opened = try body.withUnsafeBytes { body in
      try header.claim.bytes.withUnsafeBytes { claim in
        try sealer.open(
          body, claimBytes: claim, keyIDs: header.claim.keyIDs, nonce: header.claim.nonce,
          isCompressed: header.claim.flags.contains(.compressed),
          commitment: header.seal.commitment, keys: keys)
      }
    }
    return opened == content
  }

  // MARK: - Rows

  private func nameID(_ text: String) throws -> Int64 {
    if let known = names[text] { return known }
    let id: Int64
    if let stored = try reader.nameID(text) {
      id = stored
    } else {
      let insert = try reader.statement("INSERT INTO name (text) VALUES (?) RETURNING id")
      insert.bind(1, text)
      defer { insert.reset() }
      guard try insert.step() else { throw CustodyError(.internal, "No id for a new name.") }
      id = insert.integer(0)
      // "RETURNING ... all of the database modifications are made during the first step".
      _ = try insert.step()
    }
    if names.count >= Self.rememberedMax { names.removeAll(keepingCapacity: true) }
    names[text] = id
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
    let type = try nameID(claim.type.text)
    let actor = try nameID(claim.actor.text)
    let insert = try reader.statement(
      """
      INSERT INTO event (position, event_id, correlation_id, causation_id, occurred_at, stream,
        type, type_version, actor, key_ids, flags, nonce, body_length, body_hash, commitment,
        recorded_at, revision, leaf, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    insert.bind(1, Int64(place.position.value))
    insert.bind(2, claim.eventID)
    insert.bind(3, claim.correlationID ?? EventID())
    insert.bind(4, claim.causationID ?? EventID())
    insert.bind(5, claim.occurredAt.microseconds)
    insert.bind(6, stream)
    insert.bind(7, type)
    insert.bind(8, Int64(claim.typeVersion))
    insert.bind(9, actor)
    insert.bind(11, Int64(claim.flags.rawValue))
    insert.bind(12, claim.nonce)
    insert.bind(13, Int64(event.seal.bodyLength))
    insert.bind(14, event.seal.bodyHash)
    insert.bind(15, event.seal.commitment)
    insert.bind(16, place.recordedAt.microseconds)
    insert.bind(17, Int64(place.revision.value))
    insert.bind(18, leaf)
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
      let insert = try reader.statement("INSERT INTO tile (level, place, root) VALUES (?, ?, ?)")
      insert.bind(1, Int64(tile.level))
      insert.bind(2, Int64(tile.place))
      insert.bind(3, tile.root)
      try insert.run()
    }
  }
}
