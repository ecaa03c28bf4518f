/// Joins segments, in order, into a verdict on the whole ledger.
package struct LedgerVerifier {
  private let ledger: AuditLedger
  /// Keys from outside; when there are none, the ones the ledger declares are believed.
  private let givenKeys: [VerifierKey]
  private let sha256 = SHA256()
  private var report: VerificationReport
  private var tree = TreeFrontier()
  private var isBroken = false
  private var end = 0
  private var lastRecordedAt: Int64?
  private var organization: String?
  private var declaredKeys: [(position: Int, key: PublicKey)] = []
  private var destroyed: [KeyID: Int] = [:]
  private var purges: [(position: Int, event: SystemEvent.Purged)] = []
  private var incarnations = Incarnations()
  private var holes = PositionSet()
  private var unopened: [SegmentResult.KeyRun] = []
  private var lastHoldingSize = 0
  /// Findings that the `ledger.restored` at a position excuses, once a signature covers it.
  private var excused: [(restoredAt: Int, finding: Finding)] = []
  private var hasMismatch = false
  /// Subtree roots of 2^16 leaves and more, that join those of the segments.
  package private(set) var upperTiles: [(level: Int, place: Int, root: Digest)] = []

  /// - Parameter keys: verifier keys from outside; empty to believe the ledger's own.
  package init(level: VerificationLevel, ledger: AuditLedger, keys: [VerifierKey]) {
    self.ledger = ledger
    givenKeys = keys
    report = VerificationReport(level: level)
    report.isKeySelfDeclared = keys.isEmpty
  }

  /// Takes the next segment; the caller hands them over in the order of their positions.
  package mutating func join(_ segment: SegmentResult) {
    precondition(segment.start == end || isBroken || segment.start > end)
    // Nothing in it: the next one that has events shows what is missing.
    if segment.end == segment.start, segment.start > 0 { return }
    report.add(segment.findings)
    if segment.start > end {
      add(.positionMissing, end, "position \(end)", "position \(segment.start)")
      isBroken = true
    }
    if let first = segment.firstRecordedAt, let last = lastRecordedAt, first.time < last {
      add(
        .recordedAtBackward, first.position,
        "recorded at or after \(Timestamp(microseconds: last))",
        "\(Timestamp(microseconds: first.time))")
    }
    lastRecordedAt = segment.lastRecordedAt ?? lastRecordedAt
    checkKeys(segment)

    // Events and claims in the order of the ledger: a claim of size n has seen events below n.
    var claims = segment.claims[...]
    for system in segment.systemEvents {
      while let claim = claims.first, claim.claim.size <= system.position {
        check(claim)
        claims.removeFirst()
      }
      take(system)
    }
    for claim in claims { check(claim) }
    isBroken = isBroken || segment.isBroken
    if !isBroken {
      var completed: [(Int, Int, Digest)] = []
      tree.append(segment.tree, using: sha256) { level, place, root in
        if level.isMultiple(of: 8), level > 8 { completed.append((level / 8, place, root)) }
      }
      upperTiles.append(contentsOf: completed.map { (level: $0.0, place: $0.1, root: $0.2) })
    }
    for hole in segment.holes { holes.insert(hole) }
    joinUnopened(segment.unopened)
    end = segment.end
    report.eventCount = end
  }

  /// Keys that may sign a checkpoint: without keys from outside, those that it covers.
  private func keys(for checkpoint: Checkpoint) -> [VerifierKey] {
    guard givenKeys.isEmpty else { return givenKeys }
    return declaredKeys.filter { $0.position < checkpoint.size }.map {
      VerifierKey(
        name: checkpoint.origin.description, algorithm: .ed25519, publicKey: $0.key)
    }
  }

  // MARK: - Events that explain

  private mutating func take(_ system: SegmentResult.System) {
    if case .created = system.event {
      if system.position != 0 {
        add(.systemEventMisplaced, system.position, "ledger.created at position 0 only", "it here")
      }
    } else if system.position == 0 {
      add(.systemEventMisplaced, 0, "ledger.created", system.event.type)
    }
    switch system.event {
    case .created(let organization):
      self.organization = self.organization ?? organization
    case .keyCreated(let event):
      if event.purpose == .signing, let key = Digest(event.key) {
        declaredKeys.append((system.position, PublicKey(key)))
      }
    case .keyDestroyed(let event):
      for key in event.keys where destroyed[key] == nil { destroyed[key] = system.position }
    case .purged(let event):
      purges.append((system.position, event))
    case .restored(let event):
      checkRestored(event, system)
    }
  }

  private mutating func checkRestored(
    _ event: SystemEvent.Restored, _ system: SegmentResult.System
  ) {
    if event.incarnation <= incarnations.incarnation(at: system.position) {
      add(
        .incarnationNotRising, system.position,
        "an incarnation above \(incarnations.incarnation(at: system.position))",
        "\(event.incarnation)")
    }
    if let before = system.treeBefore, !isBroken {
      let root = root(joining: before)
      if root != event.root {
        add(.restoredRootMismatch, system.position, "root \(root)", "root \(event.root)")
      }
    }
    incarnations.add(event, at: system.position)
  }

  private mutating func checkKeys(_ segment: SegmentResult) {
    // Keys that this segment itself destroys, with their positions.
    var dead = destroyed
    for system in segment.systemEvents {
      if case .keyDestroyed(let event) = system.event {
        for key in event.keys where dead[key] == nil { dead[key] = system.position }
      }
    }
    guard !dead.isEmpty else { return }
    for run in segment.keyRuns {
      for key in run.keys {
        guard let death = dead[key], run.last > death else { continue }
        add(
          .keyUsedAfterDestruction, max(run.first, death + 1),
          "no content under key \(key), destroyed at position \(death)", "one")
      }
    }
  }

  // MARK: - Checkpoints

  private func root(joining segment: TreeFrontier) -> Digest {
    var whole = tree
    whole.append(segment, using: sha256)
    return whole.root(using: sha256)
  }

  private mutating func check(_ resolved: ResolvedClaim) {
    check(resolved.claim, computed: isBroken ? nil : root(joining: resolved.tree))
  }

  /// - Parameter computed: the root at the claim's size, nil when leaves are missing.
  private mutating func check(_ claim: RootClaim, computed: Digest?) {
    switch claim.word {
    case .unreadable:
      report.notCompared.append(claim.source)
    case .missing:
      add(.checkpointMissing, nil, "what \(claim.source) keeps of the ledger", "nothing")
    case .state(let incarnation, let root):
      let own = incarnations.incarnation(at: claim.size)
      // Whoever recovers a ledger brings signer and guard into its new life.
      guard incarnation == own else {
        return add(
          .checkpointMismatch, sizePosition(claim.size), "incarnation \(own)",
          "\(claim.source) says \(incarnation)")
      }
      _ = compare(claim, root, computed)
    case .note(let text):
      guard let checkpoint = verified(claim, text) else { return }
      guard checkpoint.origin.incarnation == incarnations.incarnation(at: claim.size) else {
        // The life before a restoration ran on past it: evidence of the loss.
        let finding = Finding(
          .checkpointMismatch, at: sizePosition(claim.size),
          expected: "incarnation \(incarnations.incarnation(at: claim.size))",
          found: "\(claim.source) of incarnation \(checkpoint.origin.incarnation)")
        return excuseOrReport(checkpoint, of: claim, finding)
      }
      if compare(claim, checkpoint.root, computed) {
        report.checkpointCount += 1
        if checkpoint.size >= report.newestCheckpoint?.size ?? 0 {
          report.newestCheckpoint = checkpoint
        }
      }
    }
  }

  /// A checkpoint of a life that ended in a loss is evidence of it, provided that a checkpoint over
  /// the restoration holds: anyone can write a `ledger.restored`, only the signer sign it.
  private mutating func excuseOrReport(
    _ checkpoint: Checkpoint, of claim: RootClaim, _ finding: Finding
  ) {
    // What was lost is kept apart from the ledger, and never in it.
    if !claim.isStored, let position = incarnations.restoration(explaining: checkpoint) {
      excused.append((position, finding))
    } else {
      report.add([finding])
    }
  }

  /// The checkpoint of a note that is this ledger's and properly signed; else a finding.
  private mutating func verified(_ claim: RootClaim, _ text: String) -> Checkpoint? {
    let position = sizePosition(claim.size)
    let note: SignedNote
    let checkpoint: Checkpoint
    do {
      note = try SignedNote(parsing: text)
      checkpoint = try Checkpoint(text: note.text)
    } catch {
      add(.checkpointMalformed, position, "a checkpoint in \(claim.source)", "\(error)")
      return nil
    }
    guard checkpoint.size == claim.size else {
      add(
        .checkpointMismatch, position, "size \(claim.size) in \(claim.source)",
        "size \(checkpoint.size)")
      return nil
    }
    guard checkpoint.origin.ledgerID == ledger.id,
      organization.map({ $0.utf8.elementsEqual(checkpoint.origin.organization.utf8) }) ?? true
    else {
      add(
        .checkpointMismatch, position, "\(claim.source) of this ledger",
        "one of \(checkpoint.origin)")
      return nil
    }
    do {
      _ = try SignedCheckpoint(verifying: note, checkpoint, keys: keys(for: checkpoint))
    } catch {
      add(
        .checkpointSignature, position,
        "\(claim.source) of size \(claim.size) signed by the ledger",
        "\(error)")
      return nil
    }
    return checkpoint
  }

  private mutating func compare(
    _ claim: RootClaim, _ root: Digest, _ computed: Digest?
  ) -> Bool {
    if computed == root {
      lastHoldingSize = max(lastHoldingSize, claim.size)
      return true
    }
    // One change breaks every later checkpoint: the first one names it.
    if !hasMismatch {
      hasMismatch = true
      add(
        .checkpointMismatch, sizePosition(min(claim.size, lastHoldingSize + 1)),
        "root \(root) over \(claim.size) events, by \(claim.source)",
        computed.map {
          "root \($0): a change at positions \(lastHoldingSize) to \(claim.size - 1)"
        } ?? "no root, because leaves are missing")
    }
    return false
  }

  private func sizePosition(_ size: Int) -> Int? { size <= 0 ? nil : size - 1 }

  // MARK: - Level head

  /// Takes what the ledger's own events explain, in their order, before claims are checked.
  package mutating func takeForHead(_ event: SystemEvent, at position: Int) {
    take(SegmentResult.System(position: position, event: event, treeBefore: nil))
  }

  /// Checks one claim against a root that was read from the stored tree, not recomputed.
  package mutating func checkHead(_ claim: RootClaim, root: Digest) {
    check(claim, computed: root)
  }

  /// The verdict of level head.
  package mutating func finishHead(
    size: Int, root: Digest, beyond claims: [RootClaim]
  ) -> VerificationReport {
    end = size
    report.eventCount = size
    report.root = root
    if size == 0 { add(.positionMissing, 0, "ledger.created", "no events") }
    for claim in claims { checkBeyondEnd(claim) }
    settleExcuses()
    checkSigned()
    report.sort()
    return report
  }

  /// How many subtree roots the ledger stores, when its tree could be computed.
  package var tileCount: Int? {
    guard !isBroken else { return nil }
    return stride(from: 8, to: 63, by: 8).reduce(0) { $0 + tree.size >> $1 }
  }

  // MARK: - The end

  /// The verdict.
  ///
  /// - Parameters:
  ///   - claims: roots claimed for sizes above the number of events.
  ///   - leaves: the leaves of a range of positions, all of which were read before: the second
  ///     pass over what purges cover.
  package mutating func finish<E>(
    claimsBeyondEnd claims: [RootClaim],
    leaves: (ClosedRange<Int>, _ each: (Leaf) -> Void) throws(E) -> Void
  ) throws(E) -> VerificationReport {
    if end == 0 {
      add(.positionMissing, 0, "ledger.created", "no events")
    } else if organization == nil {
      add(.systemEventMisplaced, 0, "ledger.created", "another event")
    }
    if !isBroken { report.root = tree.root(using: sha256) }
    for claim in claims { checkBeyondEnd(claim) }
    settleExcuses()
    try checkPurges(leaves)
    checkUnopened()
    checkLedgerRow()
    checkSigned()
    report.sort()
    return report
  }

  private mutating func checkBeyondEnd(_ claim: RootClaim) {
    let finding = Finding(
      .checkpointBeyondEnd, at: end, expected: "\(claim.size) events, by \(claim.source)",
      found: "\(end): positions \(end) to \(claim.size - 1) are missing")
    guard case .note(let text) = claim.word else { return report.add([finding]) }
    if let checkpoint = verified(claim, text) { excuseOrReport(checkpoint, of: claim, finding) }
  }

  /// A key from outside vouches for nothing in a ledger without a checkpoint.
  private mutating func checkSigned() {
    guard !givenKeys.isEmpty, report.newestCheckpoint == nil, report.holds else { return }
    add(.checkpointMissing, nil, "a checkpoint signed by \(givenKeys[0].name)", "none")
  }

  private mutating func settleExcuses() {
    let signed = report.newestCheckpoint?.size ?? 0
    for excuse in excused where signed <= excuse.restoredAt {
      report.add([excuse.finding])
    }
    excused = []
  }

  private mutating func checkPurges<E>(
    _ leaves: (ClosedRange<Int>, _ each: (Leaf) -> Void) throws(E) -> Void
  ) throws(E) {
    var covered = PositionSet()
    for purge in purges {
      var tree = TreeFrontier()
      for range in purge.event.positions {
        for position in range {
          covered.insert(position)
          if report.level >= .bodies, !holes.contains(position) {
            add(
              .bodyNotPurged, position, "no body, purged at position \(purge.position)", "a body")
          }
        }
        try leaves(range) { tree.append($0, using: sha256) }
      }
      let root = tree.root(using: sha256)
      if root != purge.event.leaves {
        add(.purgeLeavesMismatch, purge.position, "leaves \(purge.event.leaves)", "\(root)")
      }
    }
    var missing: [Int] = []
    var purged = 0
    holes.forEach { position in
      if covered.contains(position) { purged += 1 } else { missing.append(position) }
    }
    report.purgedCount = purged
    for position in missing {
      add(.bodyMissing, position, "a body, or a later ledger.purged that covers it", "neither")
    }
  }

  private mutating func joinUnopened(_ runs: [SegmentResult.KeyRun]) {
    for run in runs {
      if let last = unopened.indices.last, unopened[last].last == run.first - 1,
        unopened[last].keys == run.keys
      {
        unopened[last].last = run.last
      } else {
        unopened.append(run)
      }
    }
  }

  private mutating func checkUnopened() {
    for run in unopened {
      if run.keys.allSatisfy({ destroyed[$0] != nil }) {
        report.unreadableCount += run.last - run.first + 1
      } else {
        add(.keyMissing, run.first, "key \(run.keys[0]) in the keyring", "none that opens")
      }
    }
  }

  private mutating func checkLedgerRow() {
    let incarnation = incarnations.incarnation(at: end)
    func check(_ name: String, _ expected: String, _ found: String?) {
      // Bytes, because Swift takes canonically equivalent strings as equal.
      if found.map({ Array($0.utf8) }) != Array(expected.utf8) {
        add(.ledgerRowMismatch, nil, "\(name) \(expected)", found ?? "nothing readable")
      }
    }
    check("format", "\(AuditLedger.format)", ledger.format.map(String.init))
    check("incarnation", "\(incarnation)", ledger.incarnation.map(String.init))
    if let organization, let id = ledger.id {
      let origin = Origin(organization: organization, ledgerID: id, incarnation: incarnation)
      check("origin", "\(origin)", ledger.origin)
    }
  }

  private mutating func add(
    _ rule: Finding.Rule, _ position: Int?, _ expected: String, _ found: String
  ) {
    report.add([Finding(rule, at: position, expected: expected, found: found)])
  }
}
