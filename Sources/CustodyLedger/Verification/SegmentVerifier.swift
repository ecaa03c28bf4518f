import COpenSSL

/// Checks a run of events on its own: everything that needs no knowledge of other runs.
///
/// One for each thread. A segment starts at a multiple of its size, a power of two, so that its
/// tree fits into the ledger's; ``LedgerVerifier`` joins the results in order.
package final class SegmentVerifier {
  /// Events in a segment: large enough to amortize a query, small enough to share the work evenly.
  package static let size = 4096

  /// Looks up a data key at level contents; nil when it is gone.
  package typealias KeyLookup = (KeyID) throws -> SecretBytes?

  private let level: VerificationLevel
  private let ledgerID: LedgerID
  private let keys: KeyLookup?
  private let hasher = LeafHasher()
  private let sealer = ContentSealer()
  private var buffer = HeaderBuffer()
  private var result = SegmentResult(start: 0)
  private var claims: ArraySlice<RootClaim> = []
  /// The leaf that the next event has to name, unknown after a gap.
  private var previousLeaf: Leaf?
  /// The last event's leaf as recomputed, when that differs from the stored one.
  private var disputedLeaf: Leaf?
  /// The last event's leaf: it enters the tree when the next event has confirmed it.
  private var pendingLeaf: Leaf?
  private var openRun: (name: [UInt8], index: Int)?
  private var runs: [EventID: Int] = [:]
  private var lastKeyBytes: [UInt8] = []
  /// Types and actors of this segment, and the last of each.
  private var names: Set<EventID> = []
  private var lastType: [UInt8] = []
  private var lastActor: [UInt8] = []

  /// - Parameter keys: opens contents; required at level contents, unused below.
  package init(level: VerificationLevel, ledgerID: LedgerID, keys: KeyLookup? = nil) {
    precondition(level < .contents || keys != nil)
    self.level = level
    self.ledgerID = ledgerID
    self.keys = keys
  }

  /// Starts at `start`, after an event whose stored leaf is `previousLeaf` (zero at the start).
  ///
  /// - Parameter claims: roots claimed for sizes in this segment (above `start`, 0 at its start),
  ///   ascending.
  package func begin(at start: Int, previousLeaf: Leaf?, claims: [RootClaim]) {
    precondition(start.isMultiple(of: Self.size))
    result = SegmentResult(start: start)
    self.previousLeaf = previousLeaf
    self.claims = claims[...]
    disputedLeaf = nil
    pendingLeaf = nil
    openRun = nil
    runs.removeAll(keepingCapacity: true)
    lastKeyBytes = []
    names.removeAll(keepingCapacity: true)
    lastType = []
    lastActor = []
    resolveClaims(upTo: start)
  }

  /// The result of all rows since ``begin(at:previousLeaf:claims:)``.
  package func end() -> SegmentResult {
    flushPendingLeaf()
    resolveClaims(upTo: result.end)
    result.streamRuns.append(contentsOf: names.map { StreamRun(name: $0) })
    return result
  }

  package func take(_ row: AuditRow) throws {
    let position = result.end
    guard case .integer(let stored) = row.position else {
      return note(.fieldType, position, "an integer in position", describe(row.position))
    }
    if Int(stored) < position {
      return note(.positionRepeated, position, "position \(position)", "position \(stored)")
    }
    if Int(stored) > position {
      note(.positionMissing, position, "position \(position)", "position \(stored)")
      flushPendingLeaf()
      result.isBroken = true
      result.end = Int(stored)
      previousLeaf = nil
      disputedLeaf = nil
    }
    try check(row, at: Int(stored))
  }

  // MARK: - One event

  private func check(_ row: AuditRow, at position: Int) throws {
    defer { result.end = position + 1 }
    guard let fields = Fields(row, note: { self.note($0, position, $1, $2) }) else {
      // Without its fields the event has no leaf of its own; the stored one keeps the tree whole.
      if case .bytes(let bytes) = row.leaf, let leaf = Leaf(bytes) {
        confirm(stored: leaf, computed: nil, position: position)
      } else {
        flushPendingLeaf()
        result.isBroken = true
        previousLeaf = nil
      }
      return
    }
    let previous = previousLeaf ?? Leaf()
    let claimCount = buffer.build(
      fields, ledgerID: ledgerID, position: position, previous: previous)
    var computed = hasher.leaf(header: buffer.bytes)
    if previousLeaf == nil {
      // After a gap nothing says what the previous leaf was; the chain goes on from here.
      computed = fields.leaf
    } else if computed != fields.leaf, let disputed = disputedLeaf {
      // The event before did not match its stored leaf. If this one was chained to the recomputed
      // leaf, then only the stored leaf was changed, and this event is as it was written.
      buffer.replacePrevious(with: disputed)
      if hasher.leaf(header: buffer.bytes) == fields.leaf {
        computed = fields.leaf
        pendingLeaf = disputed
        withdrawLeafMismatch(at: position - 1)
        note(.storedLeafChanged, position - 1, "leaf \(disputed)", "leaf \(previous)")
      }
    }
    confirm(stored: fields.leaf, computed: computed, position: position)

    checkTime(fields.recordedAt, position)
    checkRevision(fields, position)
    noteName(fields.type, &lastType)
    noteName(fields.actor, &lastActor)
    result.eventIDs.append(UniqueEntry(key: fields.eventID, position: position))
    let keyIDs = keysUsed(fields.keyIDs, position)
    checkSystem(fields, position)
    // What the library's own events explain is believed at every level, so it is checked at each.
    if level >= .bodies || keyIDs.isEmpty { checkBody(fields, position) }
    if level >= .contents, !keyIDs.isEmpty {
      try checkContent(fields, keyIDs, claimCount: claimCount, position)
    }
  }

  /// Compares an event's leaves and lets the one before into the tree.
  private func confirm(stored: Leaf, computed: Leaf?, position: Int) {
    flushPendingLeaf()
    resolveClaims(upTo: position)
    if let computed, computed != stored {
      note(.leafMismatch, position, "leaf \(computed)", "leaf \(stored)")
      disputedLeaf = computed
    } else {
      disputedLeaf = nil
    }
    pendingLeaf = stored
    previousLeaf = stored
  }

  private func flushPendingLeaf() {
    guard let leaf = pendingLeaf else { return }
    pendingLeaf = nil
    var completed: Digest?
    result.tree.append(subtree: leaf, level: 0, using: hasher.sha256) { level, _, root in
      if level == 8 { completed = root }
    }
    if let completed {
      result.tiles.append((place: (result.start + result.tree.size) / 256 - 1, root: completed))
    }
  }

  private func resolveClaims(upTo size: Int) {
    while let claim = claims.first, claim.size <= size {
      result.claims.append(ResolvedClaim(claim: claim, tree: result.tree))
      claims.removeFirst()
    }
  }

  private func checkTime(_ recordedAt: Int64, _ position: Int) {
    if let last = result.lastRecordedAt, recordedAt < last {
      note(
        .recordedAtBackward, position, "recorded at or after \(Timestamp(microseconds: last))",
        "\(Timestamp(microseconds: recordedAt))")
    }
    if result.firstRecordedAt == nil { result.firstRecordedAt = (position, recordedAt) }
    result.lastRecordedAt = recordedAt
  }

  private func checkRevision(_ fields: Fields, _ position: Int) {
    if let open = openRun, open.name.elementsEqualBytes(fields.stream) {
      extendRun(open.index, fields.revision, position)
      return
    }
    let key = nameKey(fields.stream)
    if let index = runs[key] {
      openRun = (Array(fields.stream), index)
      extendRun(index, fields.revision, position)
    } else {
      runs[key] = result.streamRuns.count
      openRun = (Array(fields.stream), result.streamRuns.count)
      result.streamRuns.append(
        StreamRun(stream: key, position: position, revision: fields.revision))
    }
  }

  private func noteName(_ name: UnsafeRawBufferPointer, _ last: inout [UInt8]) {
    guard !last.elementsEqualBytes(name) else { return }
    last = Array(name)
    names.insert(nameKey(name))
  }

  private func nameKey(_ name: UnsafeRawBufferPointer) -> EventID {
    hasher.sha256.hash(name).withUnsafeBytes {
      EventID(loading: UnsafeRawBufferPointer(rebasing: $0[..<EventID.byteCount]))
    }
  }

  private func extendRun(_ index: Int, _ revision: Int, _ position: Int) {
    let last = result.streamRuns[index].lastRevision
    if !result.streamRuns[index].extend(to: revision) {
      note(.revisionGap, position, "revision \(last &+ 1)", "revision \(revision)")
    }
  }

  /// Notes which keys are used where, as runs: neighbors are mostly about the same person.
  private func keysUsed(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> [KeyID] {
    if let last = result.keyRuns.last, lastKeyBytes.elementsEqualBytes(bytes),
      last.last == position - 1
    {
      result.keyRuns[result.keyRuns.count - 1].last = position
      return last.keys
    }
    let keys = stride(from: 0, to: bytes.count, by: KeyID.byteCount).map {
      KeyID(loading: UnsafeRawBufferPointer(rebasing: bytes[$0..<$0 + KeyID.byteCount]))
    }
    lastKeyBytes = Array(bytes)
    result.keyRuns.append(SegmentResult.KeyRun(first: position, last: position, keys: keys))
    return keys
  }

  private func checkSystem(_ fields: Fields, _ position: Int) {
    let isReserved = SystemEvent.isReserved(type: fields.type)
    guard fields.keyIDs.isEmpty || isReserved else { return }
    let type = String(decoding: fields.type, as: UTF8.self)
    guard fields.keyIDs.isEmpty, isReserved else {
      return note(
        .unsealedTypeNotAllowed, position,
        isReserved ? "\(type) without keys" : "keys on \(type)",
        isReserved ? "\(fields.keyIDs.count / KeyID.byteCount) keys" : "none")
    }
    guard fields.stream.elementsEqual(SystemEvent.stream.utf8) else {
      return note(
        .systemEventMisplaced, position, "stream \(SystemEvent.stream)",
        "stream \(String(decoding: fields.stream, as: UTF8.self))")
    }
    guard let body = fields.body else {
      return note(.bodyMissing, position, "the body of \(type), which is never purged", "none")
    }
    if type == "checkpoint.timestamped" { return }
    guard
      let event = SystemEvent(
        type: fields.type, version: UInt16(fields.typeVersion), content: body,
        at: Position(position))
    else {
      return note(
        .systemEventMalformed, position, "\(type) exactly as the format says", "other bytes")
    }
    var rootBefore: TreeFrontier?
    if case .restored = event {
      // The event's own leaf is pending, those before it are in the tree.
      rootBefore = result.tree
    }
    result.systemEvents.append(
      SegmentResult.System(position: position, event: event, treeBefore: rootBefore))
  }

  private func checkBody(_ fields: Fields, _ position: Int) {
    guard let body = fields.body else {
      if !fields.keyIDs.isEmpty { result.holes.append(position) }
      return
    }
    if body.count != fields.bodyLength {
      return note(
        .bodyMismatch, position, "a body of \(fields.bodyLength) bytes", "\(body.count) bytes")
    }
    let hash = hasher.sha256.hash(body)
    guard hash == fields.bodyHash else {
      return note(.bodyMismatch, position, "body hash \(fields.bodyHash)", "\(hash)")
    }
    guard fields.keyIDs.isEmpty else { return }
    let commitment = sealer.commitment(salt: Digest(), content: body)
    if commitment != fields.commitment {
      note(.commitmentMismatch, position, "commitment \(fields.commitment)", "\(commitment)")
    }
  }

  private func checkContent(
    _ fields: Fields, _ keyIDs: [KeyID], claimCount: Int, _ position: Int
  ) throws {
    hasher.sha256.begin()
    hasher.sha256.update(fields.keyIDs)
    hasher.sha256.update(fields.nonce)
    let key = EventID(hasher.sha256.end().bytes.prefix(16))!
    result.nonces.append(UniqueEntry(key: key, position: position))
    guard let body = fields.body, let keys else { return }
    guard let secrets = try JointKey.secrets(of: keyIDs, keys) else {
      if let gone = try keyIDs.first(where: { try keys($0) == nil }) {
        noteUnopened(position, gone)
      }
      return
    }
    do {
      _ = try sealer.open(
        body, claimBytes: UnsafeRawBufferPointer(rebasing: buffer.bytes[..<claimCount]),
        keyIDs: keyIDs, nonce: Nonce(loading: fields.nonce),
        isCompressed: fields.flags & Claim.Flags.compressed.rawValue != 0,
        commitment: fields.commitment, keys: secrets)
    } catch {
      note(.contentUnreadable, position, "a content that opens", "\(error)")
    }
  }

  private func noteUnopened(_ position: Int, _ id: KeyID) {
    let last = result.unopened.indices.last
    if let last, result.unopened[last].extend(to: position, keys: [id]) { return }
    result.unopened.append(SegmentResult.KeyRun(first: position, last: position, keys: [id]))
  }

  private func note(
    _ rule: Finding.Rule, _ position: Int, _ expected: String, _ found: String
  ) {
    result.addFinding(Finding(rule, at: position, expected: expected, found: found))
  }

  private func withdrawLeafMismatch(at position: Int) {
    result.findings.withdrawLast { $0.rule == .leafMismatch && $0.position?.value == position }
  }

  private func describe(_ value: AuditValue) -> String { Fields.describe(value) }
}

extension [UInt8] {
  fileprivate func elementsEqualBytes(_ other: UnsafeRawBufferPointer) -> Bool {
    count == other.count
      && withUnsafeBytes { CRYPTO_memcmp($0.baseAddress, other.baseAddress, other.count) == 0 }
  }
}
