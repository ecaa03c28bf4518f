import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore
import Foundation

/// Forgetting people: their keys are destroyed and everything is removed that these sealed, in every
/// version of every dataset, while every hash of the past still verifies.
///
/// ```swift
/// let plan = try store.erasures.plan([.identifier("patient-0017")], reason: .consentWithdrawn)
/// print(plan.eventCount, plan.records.map(\.dataset), plan.copies.compactMap(\.path))
/// let result = try await store.erasures.run(plan)
/// print(result.remnants.isEmpty)
/// ```
public struct Erasures: Sendable {
  let store: Store
  /// Called after each step; a test that throws here stops as a kill would.
  package var reached: @Sendable (KeyErasure.Step) throws -> Void = { _ in }

  /// What erasing people would take away; nothing is changed.
  ///
  /// - Parameters:
  ///   - subjects: whom.
  ///   - classes: which classes of data; all when empty.
  ///   - reason: why.
  /// - Throws: `notFound` for somebody whom nobody registered, or of whom nothing is kept in these
  ///   classes; `keyDestroyed`, with when and under which request, for somebody who was erased.
  ///
  /// Cost: a pass over the headers of all events and objects, and over all uses of the lineage.
  public func plan(
    _ subjects: [Subject], classes: [String] = [], reason: ErasureReason
  ) throws -> ErasurePlan {
    let ids = try store.subjects.ids(of: subjects)
    return try ErasurePlanning.run(store) {
      try $0.plan(.init(subjects: ids, classes: classes, reason: reason)).plan
    }
  }

  /// Why nobody is found: she was never registered, or erased, and when.
  ///
  /// - Parameter id: the key id by which she was asked for; by what she is called outside nobody knows
  ///   that she was ever there.
  package func unknown(_ id: KeyID?) throws -> CustodyError {
    guard let erased = try id.flatMap({ try erasure(of: $0) }) else {
      return CustodyError(
        .notFound, "There is no such subject. `custody subject list` lists those there are.")
    }
    return CustodyError(
      .keyDestroyed,
      "She was erased\(erased.requestedAt.map { " at \($0)" } ?? ""), under request "
        + "\(erased.request).")
  }

  /// An erasure that is decided.
  public struct Decided: Sendable {
    /// The id of its request.
    public let request: EventID
    /// When it was requested; nil where the ledger has lost the request since.
    public let requestedAt: Timestamp?
    /// The keys that are gone.
    public let keys: [KeyID]
  }

  /// The erasure of a person, or the one that destroyed a key; nil when there was none.
  ///
  /// - Parameter key: the id by which a person was named, or of any of her keys.
  ///
  /// Cost: opens the requests of all erasures, from the newest on, until one names it.
  public func erasure(of key: KeyID) throws -> Decided? {
    let tombstones = try journal()
    let named = try tombstones.last { try requested($0)?.subjects.contains(key.hex) == true }
    guard let tombstone = named ?? tombstones.last(where: { $0.keys.contains(key) }) else {
      return nil
    }
    return Decided(
      request: tombstone.request,
      requestedAt: try store.event(id: tombstone.request)?.header.place.recordedAt,
      keys: tombstone.keys)
  }

  /// What was requested at or after a moment, and decided.
  func decided(since moment: Timestamp) throws -> [(Tombstone, ErasureRequested)] {
    try journal().reversed().prefix { tombstone in
      guard let event = try? store.event(id: tombstone.request) else { return false }
      return event.header.place.recordedAt >= moment
    }.compactMap { tombstone in try requested(tombstone).map { (tombstone, $0) } }
  }

  func journal() throws -> [Tombstone] {
    let own = try store.folder.journal().lines
    let guarded = try store.folder.guardFolder.journal().lines
    return own.count < guarded.count ? guarded : own
  }

  // MARK: - Erasing

  /// Erases, as far as no matter holds it; the rest waits until it is released.
  ///
  /// A kill at any point leaves a store that finishes the erasure when it is opened for writing next,
  /// once its journal has it; before that nothing has happened.
  ///
  /// - Parameters:
  ///   - plan: as ``plan(_:classes:reason:)`` made it. What was appended since goes as well.
  /// - Returns: what was searched afterwards, and what was found.
  /// - Throws: as ``plan(_:classes:reason:)``; `locked` when others read an older state for longer than
  ///   ``Store/whileLocked(waitingFor:onLongWait:onReaders:)`` says: the erasure is decided then.
  ///
  /// Cost: the plan again under the store's lock, every key rewrapped, and a pass over every file of
  /// the store. Others wait meanwhile.
  public func run(_ plan: ErasurePlan) async throws -> ErasureResult {
    try checkNothingIsSetAside()
    let ledger = try store.folder.ledger()
    return try await ledger.locked {
      let erasure = try begin(ledger).erasure
      for subject in plan.subjects where try store.subjects.entry(subject) == nil {
        throw try unknown(subject)
      }
      let wanted = ErasurePlanning.Wanted(
        subjects: plan.subjects, classes: plan.classes, reason: plan.reason)
      return try run(planned(wanted), erasure, ledger)
    }
  }

  private func planned(_ wanted: ErasurePlanning.Wanted) throws -> ErasurePlanning.Found {
    try ErasurePlanning.run(store) { try $0.plan(wanted) }
  }

  /// The store's lock is held.
  ///
  /// - Parameter cause: the id of the event that says that it waited.
  private func run(
    _ found: ErasurePlanning.Found, _ erasure: KeyErasure, _ ledger: LedgerStore,
    cause: EventID? = nil
  ) throws -> ErasureResult {
    let (plan, sealed, hashes) = found
    let (request, waiting) = try say(plan, cause, ledger)
    guard let request else { return try blocked(plan, waiting!, ledger) }
    let decision = try erasure.decide(plan.dying, sealed, request: request, hashes: hashes)
    do {
      return try carryOut(decision, erasure, ledger, plan, waiting)
    } catch let error as CustodyError where error.code != .locked {
      throw CustodyError(
        error.code,
        "The erasure is decided and not done. \(error.message) The next command that writes goes on "
          + "with it: there is no need to ask again.", cause: error)
    }
  }

  /// What another process has decided, and could not finish, comes first. The store's lock is held.
  func begin(_ ledger: LedgerStore) throws -> (erasure: KeyErasure, keyring: Keyring) {
    guard let keyring = store.folder.keyring else {
      throw CustodyError(.usage, "Destroying keys needs the store's secrets.")
    }
    let erasure = try KeyErasure(store.folder, actor: try Name("custody"), surroundings)
    _ = try finish(erasure, ledger)
    return (erasure, keyring)
  }

  /// Carries out what a kill has cut short; called when a clean store was opened for writing.
  func finish() throws -> [ErasureResult] {
    // The usual case, without waiting for the lock again.
    if try pending().isEmpty, try KeyErasure.needleFiles(in: store.folder).isEmpty,
      try dueWhereKnown().isEmpty
    {
      return []
    }
    let ledger = try store.folder.ledger()
    return try ledger.withLock {
      let results = try finishUnderLock(ledger, dueWhereKnown).results
      if results.allSatisfy({ $0.completedPosition != nil }) {
        for path in try KeyErasure.needleFiles(in: store.folder) { unlink(path) }
      }
      return results
    }
  }

  /// Carries out what a kill has cut short, and what waited for matters that are released; the store's
  /// lock is held.
  ///
  /// - Returns: also why something is not carried out, because the ledger cannot be read: it is tried
  ///   again when the store is opened for writing next.
  func finishUnderLock(
    _ ledger: LedgerStore, _ due: () throws -> Due
  ) throws -> (results: [ErasureResult], obstacle: CustodyError?) {
    let erasure = try KeyErasure(store.folder, actor: try Name("custody"), surroundings)
    var results = try finish(erasure, ledger)
    var tried: Set<EventID> = []
    var obstacle: CustodyError?
    // One may take along what another waited for.
    while let waiting = try due().waiting.first(where: { !tried.contains($0.id) }) {
      tried.insert(waiting.id)
      let wanted = ErasurePlanning.Wanted(
        subjects: waiting.subjects, classes: waiting.classes, reason: waiting.reason,
        waitedFor: Set(waiting.keys))
      let found: ErasurePlanning.Found
      do {
        found = try planned(wanted)
      } catch let error as CustodyError where Self.isUnreadable(error) {
        obstacle = obstacle ?? error
        continue
      }
      if !found.plan.isBlocked {
        results.append(try run(found, erasure, ledger, cause: waiting.id))
      } else if Set(found.plan.matters.map(\.id)) != Set(waiting.matters) {
        // Said anew: it waits for others now.
        _ = try say(found.plan, waiting.id, ledger)
      }
    }
    let joint = try due().joint
    if !joint.isEmpty {
      let wanted = ErasurePlanning.Wanted(
        subjects: [], classes: [], reason: .request, waitedFor: Set(joint.map(\.id)))
      results.append(try run(planned(wanted), erasure, ledger))
    }
    return (results, obstacle)
  }

  static func isUnreadable(_ error: CustodyError) -> Bool {
    [.damaged, .needsRecovery].contains(error.code)
  }

  /// The store's lock is held.
  private func finish(_ erasure: KeyErasure, _ ledger: LedgerStore) throws -> [ErasureResult] {
    try pending().map { try carryOut(KeyErasure.Decision($0), erasure, ledger) }
  }

  /// Lines of the journal that are not done, the oldest first: the ledger does not say that they are, or
  /// their keys are there whatever it says.
  package func pending() throws -> [Tombstone] {
    let all = try store.folder.journal().lines
    guard !all.isEmpty else { return [] }
    let completed = try store.folder.read { try $0.completedErasures(store.ledgerID) }
    return try all.filter { tombstone in
      try !completed.contains(tombstone.request)
        || store.folder.keyring?.holdsAny(of: Set(tombstone.keys)) == true
    }
  }

  /// Files that a recovery replaced hold what an erasure does not reach.
  func checkNothingIsSetAside() throws {
    let names = SetAside.names(in: store.folder.layout.root)
    guard names.isEmpty else {
      throw CustodyError(
        .usage,
        "A recovery set \(names.joined(separator: ", ")) aside in \(store.path), which no erasure "
          + "reaches. When nothing of it is missed any more, remove it and repeat the command.")
    }
  }

  private var surroundings: KeyErasure.Surroundings {
    KeyErasure.Surroundings(
      projections: store.engine, followErasure: { try store.engine.followErasure() },
      reached: reached)
  }

  // MARK: - Events

  /// Says what is requested and what of it waits, in one commit: what waits is never lost.
  func say(
    _ plan: ErasurePlan, _ cause: EventID?, _ ledger: LedgerStore
  ) throws -> (request: EventID?, waiting: EventID?) {
    let environment = store.folder.environment
    let now = environment.now()
    var events: [NewEvent] = []
    var (request, waiting): (EventID?, EventID?)
    if !plan.isBlocked {
      let id = environment.eventID(at: now)
      events.append(Self.event(plan.requested, id, cause))
      request = id
    }
    if !plan.held.isEmpty {
      let denied = plan.denied
      if request == nil, cause == nil,
        let known = try self.waiting().first(where: { $0.says(denied) })
      {
        waiting = known.id
      } else {
        let id = environment.eventID(at: now)
        events.append(Self.event(denied, id, request ?? cause))
        waiting = id
      }
    }
    if !events.isEmpty {
      try ledger.appendUnderLock(try store.sealing.seal(events, isOwn: true))
    }
    return (request, waiting)
  }

  static func event(
    _ content: some ModelEvent, _ id: EventID, _ cause: EventID?
  ) -> NewEvent {
    let type = Swift.type(of: content)
    return NewEvent(
      id: id, stream: "\(ErasureRequested.streamPrefix)\(id)", type: type.type,
      typeVersion: type.version, causationID: cause, content: content.content)
  }

  private func blocked(
    _ plan: ErasurePlan, _ waiting: EventID, _ ledger: LedgerStore
  ) throws -> ErasureResult {
    try ledger.signAll()
    return ErasureResult(
      request: waiting, waiting: waiting, requestPosition: nil, completedPosition: nil,
      plan: plan, needleCount: 0, fileCount: 0, byteCount: 0, remnants: [:], unreadable: [])
  }

  private func append(
    _ completed: ErasureCompleted, of request: EventID, _ ledger: LedgerStore
  ) throws {
    let event = NewEvent(
      stream: "\(ErasureRequested.streamPrefix)\(request)", type: ErasureCompleted.type,
      typeVersion: ErasureCompleted.version, causationID: request, content: completed.content)
    try ledger.appendUnderLock(try store.sealing.seal([event], isOwn: true))
  }

  func carryOut(
    _ decision: KeyErasure.Decision, _ erasure: KeyErasure, _ ledger: LedgerStore,
    _ plan: ErasurePlan? = nil, _ waiting: EventID? = nil
  ) throws -> ErasureResult {
    let tombstone = decision.tombstone
    try checkIsRequested(tombstone)
    let scan = try erasure.carryOut(decision) {
      try ErasurePlanning.run(store) { try $0.hashes(goingWith: tombstone) }
    }
    var completed: Position?
    if scan.isClean {
      try append(
        ErasureCompleted(
          request: "\(tombstone.request)", needles: scan.needleCount, files: scan.fileCount,
          bytes: scan.byteCount, remnants: 0, isOfLaterNeedles: scan.isOfLaterNeedles),
        of: tombstone.request, ledger)
      completed = Position(try store.folder.read { try $0.size() } - 1)
    }
    try ledger.signAll()
    if completed != nil { try erasure.forgetNeedles(of: tombstone) }
    return ErasureResult(
      request: tombstone.request, waiting: waiting,
      requestPosition: try store.folder.read { try $0.position(of: tombstone.request) },
      completedPosition: completed, plan: plan, needleCount: scan.needleCount,
      fileCount: scan.fileCount, byteCount: scan.byteCount, remnants: scan.remnants,
      unreadable: scan.unreadable)
  }

  /// What the ledger says of a line of the journal; nil where it says nothing of that kind, or nothing
  /// that can be read.
  private func requested(_ tombstone: Tombstone) throws -> ErasureRequested? {
    guard
      let event = try store.folder.read({
        try $0.erasureRequest(tombstone.request, store.ledgerID)
      })
    else { return nil }
    do {
      return try store.folder.openedContent(of: event).flatMap {
        ErasureRequested(content: $0, version: event.header.claim.typeVersion)
      }
    } catch let error as CustodyError where error.code == .damaged {
      return nil
    }
  }

  /// Whoever can write files can write a line into a journal, but no request that opens under the store's
  /// keys. Without one a line counts only where a recovery has lost the ledger's later events.
  private func checkIsRequested(_ tombstone: Tombstone) throws {
    if let requested = try requested(tombstone) {
      guard requested.keys == tombstone.keys.map(\.hex) else { throw Self.notRequested }
      return
    }
    let isLost = try tombstone.incarnation < store.folder.origin().incarnation
    let isGuarded = try store.folder.guardFolder.journal().lines.contains(tombstone)
    guard isLost, isGuarded, try store.event(id: tombstone.request) == nil else {
      throw Self.notRequested
    }
  }

  private static let notRequested = CustodyError(
    .needsRecovery,
    "The erasure journal names an erasure that nobody requested: it was tampered with. Put the file "
      + "tombstones back from where it was kept. Run: custody doctor")
}
