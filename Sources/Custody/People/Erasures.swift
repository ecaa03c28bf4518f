import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

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
    guard !subjects.isEmpty else {
      throw CustodyError(.usage, "Nobody is named who is to be erased.")
    }
    let ids = try Set(subjects.map { try id(of: $0) })
    return try ErasurePlanning(store).plan(Array(ids), classes: classes, reason: reason).plan
  }

  private func id(of subject: Subject) throws -> KeyID {
    switch subject {
    case .identifier(let identifier):
      guard let id = try store.subjects.id(of: identifier) else { throw try unknown(nil) }
      return id
    case .key(let id):
      guard try store.subjects.entry(id) != nil else { throw try unknown(id) }
      return id
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

  /// The erasure that destroyed a key, or nil.
  ///
  /// - Parameter key: the id by which a person was named, or of any of her keys.
  public func erasure(of key: KeyID) throws -> Decided? {
    guard let tombstone = try journal().last(where: { $0.keys.contains(key) }) else { return nil }
    return Decided(
      request: tombstone.request,
      requestedAt: try store.event(id: tombstone.request)?.header.place.recordedAt,
      keys: tombstone.keys)
  }

  private func journal() throws -> [Tombstone] {
    let own = try store.folder.journal().tombstones
    let guarded = try store.folder.guardFolder.journal().tombstones
    return own.count < guarded.count ? guarded : own
  }

  // MARK: - Erasing

  /// Erases, as far as nothing speaks against it.
  ///
  /// A kill at any point leaves a store that finishes the erasure when it is opened for writing next,
  /// once its journal has it; before that nothing has happened.
  ///
  /// - Parameters:
  ///   - plan: as ``plan(_:classes:reason:)`` made it. What was appended since goes as well.
  ///   - waiting: called while other processes, which are named, read an older state: nothing is
  ///     claimed before they are done.
  /// - Returns: what was searched afterwards, and what was found.
  ///
  /// Cost: the plan again under the store's lock, every key rewrapped, and a pass over every file of
  /// the store. Others wait meanwhile.
  public func run(
    _ plan: ErasurePlan, waiting: @escaping @Sendable ([String]) -> Void = { _ in }
  ) async throws -> ErasureResult {
    try checkNothingIsSetAside()
    let ledger = try store.folder.ledger()
    let result = try await ledger.locked {
      let (plan, sealed, hashes) = try ErasurePlanning(store).plan(
        plan.subjects, classes: plan.classes, reason: plan.reason)
      let request = try self.request(plan, ledger)
      let erasure = try KeyErasure(store.folder, actor: try Name("custody"), surroundings(waiting))
      let tombstone = try erasure.decide(plan.allKeys, sealed, request: request, hashes: hashes)
      return try carryOut(tombstone, erasure, ledger)
    }
    return result
  }

  /// Carries out what a kill has cut short; called when a clean store was opened for writing.
  func finish() throws -> [ErasureResult] {
    let ledger = try store.folder.ledger()
    return try ledger.withLock {
      let erasure = try KeyErasure(
        store.folder, actor: try Name("custody"), surroundings { _ in })
      let results = try pending().map { try carryOut($0, erasure, ledger) }
      try KeyErasure.removeLeftNeedles(in: store.folder)
      return results
    }
  }

  /// Lines of the journal that the ledger does not say to be done, the oldest first.
  private func pending() throws -> [Tombstone] {
    let all = try store.folder.journal().tombstones
    var pending: [Tombstone] = []
    for tombstone in all.reversed() {
      // One after the other: what comes before one that is done is done.
      if try store.folder.read({ try $0.isErasureCompleted(tombstone.request, store.ledgerID) }) {
        break
      }
      pending.append(tombstone)
    }
    return pending.reversed()
  }

  /// Files that a recovery replaced hold what an erasure does not reach.
  private func checkNothingIsSetAside() throws {
    let names = SetAside.names(in: store.folder.layout.root)
    guard names.isEmpty else {
      throw CustodyError(
        .usage,
        "A recovery set \(names.joined(separator: ", ")) aside in \(store.path), which no erasure "
          + "reaches. When nothing of it is missed any more, remove it and repeat the command.")
    }
  }

  private func surroundings(
    _ waiting: @escaping ([String]) -> Void
  ) -> KeyErasure.Surroundings {
    KeyErasure.Surroundings(
      projections: { try store.engine.followErasure() },
      truncateProjections: { try store.engine.truncateLog(wait: $0) },
      compactProjections: { try store.engine.compact() },
      waiting: waiting, reached: reached)
  }

  // MARK: - Events

  private func request(_ plan: ErasurePlan, _ ledger: LedgerStore) throws -> EventID {
    let environment = store.folder.environment
    let id = environment.eventID(at: environment.now())
    let content = plan.requested.content
    try append(ErasureRequested.type, ErasureRequested.version, content, of: id, id: id, ledger)
    return id
  }

  private func append(
    _ type: String, _ version: UInt16, _ content: [UInt8], of request: EventID, id: EventID?,
    _ ledger: LedgerStore
  ) throws {
    let event = NewEvent(
      id: id, stream: "\(ErasureRequested.streamPrefix)\(request)", type: type,
      typeVersion: version,
      causationID: id == nil ? request : nil, content: content)
    try ledger.appendUnderLock(try store.sealing.seal([event], isOwn: true))
  }

  private func carryOut(
    _ tombstone: Tombstone, _ erasure: KeyErasure, _ ledger: LedgerStore
  ) throws -> ErasureResult {
    try checkIsRequested(tombstone)
    let scan = try erasure.carryOut(tombstone) { [] }
    let remnants = scan.remnants.values.reduce(0, +)
    let content = ErasureCompleted(
      request: "\(tombstone.request)", needles: scan.needleCount, files: scan.fileCount,
      bytes: scan.byteCount, remnants: remnants
    ).content
    try append(
      ErasureCompleted.type, ErasureCompleted.version, content, of: tombstone.request, id: nil,
      ledger)
    try ledger.signAll()
    try erasure.forgetNeedles(of: tombstone)
    let (requested, size) = try store.folder.read {
      (try $0.position(of: tombstone.request), try $0.size())
    }
    return ErasureResult(
      request: tombstone.request, requestPosition: requested,
      completedPosition: Position(size - 1), needleCount: scan.needleCount,
      fileCount: scan.fileCount, byteCount: scan.byteCount, remnants: scan.remnants)
  }

  /// Whoever can write the store's files can write a line into its journal, but no request that opens
  /// under the store's keys. What the guard knows is beyond him.
  private func checkIsRequested(_ tombstone: Tombstone) throws {
    let isGuarded = try store.folder.guardFolder.journal().tombstones.contains(tombstone)
    guard let event = try store.event(id: tombstone.request),
      let content = try store.folder.openedContent(of: event)
    else {
      if isGuarded { return }
      throw Self.notRequested
    }
    guard let requested = ErasureRequested(content: content),
      event.header.claim.type.text == ErasureRequested.type,
      requested.keys == tombstone.keys.map(\.hex)
    else { throw Self.notRequested }
  }

  private static let notRequested = CustodyError(
    .needsRecovery,
    "The erasure journal names an erasure that nobody requested: it was tampered with. Put the file "
      + "tombstones back from where it was kept. Run: custody doctor")
}
