import CustodyModel
import CustodyStore

extension Store {
  /// Appends one event.
  ///
  /// - Returns: its receipt, after the event is durable. Appending an event with an id that stands
  ///   in the ledger already, and the same claim and content, returns the first receipt again.
  /// - Throws: `CustodyError`: `unknownSubject` (register her), `nameHoldsIdentifier` (choose
  ///   another name), `revisionConflict` (read the stream and decide again), `idReused` (give a new
  ///   event a new id), `contentTooLarge`, `invalidInput`, `keyDestroyed`, `diskFull`.
  ///
  /// Cost: one commit with one fsync, shared with whoever appends at the same time.
  @discardableResult
  public func append(_ event: NewEvent) async throws -> Receipt {
    try await append([event])[0]
  }

  /// Appends all events, in order and next to each other, or none of them.
  ///
  /// - Parameter events: at most `Limits.batchCountMax`; empty appends nothing.
  /// - Returns: a receipt for each, in order.
  /// - Throws: the error of the first event that cannot be taken; see ``append(_:)-(NewEvent)``.
  @discardableResult
  public func append(_ events: [NewEvent]) async throws -> [Receipt] {
    try await folder.ledger().append(try sealing.seal(events))
  }

  /// Appends a sequence of any length in batches; the next batch is sealed while one is committed.
  ///
  /// A batch that is refused ends the appending; the batches before it stay. With ids of their own,
  /// the events can then be appended again from the start without standing there twice.
  ///
  /// - Parameters:
  ///   - events: any number of events; they are taken as they come.
  ///   - batchSize: events that are refused or taken together, at most `Limits.batchCountMax`.
  ///   - onReceipts: called with the receipts of each batch, in order, after it is durable.
  /// - Returns: how many events were appended, repeats included.
  @discardableResult
  public func append<Events: AsyncSequence>(
    contentsOf events: Events, batchSize: Int = 1000,
    onReceipts: ([Receipt]) async throws -> Void = { _ in }
  ) async throws -> Int where Events.Element == NewEvent {
    let pipeline = AppendPipeline(store: self)
    var batch: [NewEvent] = []
    var count = 0
    func take(_ receipts: [Receipt]) async throws {
      count += receipts.count
      try await onReceipts(receipts)
    }
    do {
      for try await event in events {
        batch.append(event)
        if batch.count >= min(max(1, batchSize), Limits.batchCountMax) {
          try await pipeline.append(batch, take)
          batch.removeAll(keepingCapacity: true)
        }
      }
    } catch {
      // When the sequence itself fails, batches are on their way whose receipts somebody waits for.
      try await pipeline.finish(take)
      throw error
    }
    if !batch.isEmpty { try await pipeline.append(batch, take) }
    try await pipeline.finish(take)
    return count
  }

  /// Signs a checkpoint over every event, unless the newest one covers them all.
  ///
  /// - Returns: the newest checkpoint. Publish it, or give it to someone else: it is what an auditor
  ///   compares the ledger with.
  /// - Throws: `CustodyError` with `needsRecovery` when the signer or the guard has seen another
  ///   history; nothing is signed then.
  @discardableResult
  public func checkpoint() async throws -> SignedCheckpoint {
    let note = try await folder.ledger().checkpoint()
    return try SignedCheckpoint(verifying: note.encoded, keys: [try verifierKey])
  }
}

extension Store {
  /// Appends an event on a stream that is Custody's own; the caller has checked what it says.
  func appendOwn(_ event: NewEvent) async throws { try await appendOwn([event]) }

  /// The same of several with versions of datasets among them.
  ///
  /// - Parameter key: one that seals none of them and has to be there still.
  /// - Throws: `revisionConflict` in the words of datasets when somebody was faster; `keyDestroyed`.
  func appendVersions(
    _ events: [NewEvent], of datasets: String, whileLive key: KeyID? = nil
  ) async throws {
    do {
      if let key {
        try await appendOwn(events, whileLive: [key])
      } else {
        try await appendOwn(events)
      }
    } catch let error as CustodyError where error.code == .revisionConflict {
      throw CustodyError(
        .revisionConflict,
        "Somebody else committed to \(datasets) meanwhile; nothing of this was committed. Look at what "
          + "came with `custody dataset log`, and try again.", cause: error)
    }
  }

  /// The same, unless one of some keys is gone that seals none of them.
  ///
  /// - Throws: `keyDestroyed`.
  func appendOwn(_ events: [NewEvent], whileLive keys: [KeyID]) async throws {
    let sealed = try sealing.seal(events, isOwn: true)
    let (ledger, keyring) = (try folder.ledger(), folder.keyring)
    try await ledger.locked {
      if let gone = try keyring?.missing(keys).first { throw CustodyError.destroyed(gone) }
      try ledger.appendUnderLock(sealed)
    }
  }

  /// The same of several, all or none of them.
  func appendOwn(_ events: [NewEvent]) async throws {
    _ = try await folder.ledger().append(try sealing.seal(events, isOwn: true))
  }

  /// The same of any number, batch by batch; the next one is sealed while one is committed. What was
  /// committed before one that is refused stays.
  func appendOwn(batchesOf events: [NewEvent]) async throws {
    let pipeline = AppendPipeline(store: self, isOwn: true)
    for batch in events.batches { try await pipeline.append(batch) { _ in } }
    try await pipeline.finish { _ in }
  }
}

/// Seals batches while the ones before are committed, and keeps their order.
///
/// Two may be on their way: then the committing thread always has the next one, or takes both in
/// one commit. When one is refused, so is the one after it.
package final class AppendPipeline {
  private static let depth = 2

  private let store: Store
  private let isOwn: Bool
  private var chain = LedgerStore.Chain()
  private var inFlight: [Task<[Receipt], any Error>] = []

  /// - Parameter isOwn: whether the events are on streams that are Custody's own.
  package init(store: Store, isOwn: Bool = false) {
    self.store = store
    self.isOwn = isOwn
  }

  /// Called with the receipts of each batch, in order, when it is durable.
  package typealias OnReceipts = ([Receipt]) async throws -> Void

  /// Hands over a batch; waits only while two are on their way.
  ///
  /// - Throws: the refusal of the oldest batch that is not durable; nothing of it or after it
  ///   stands in the ledger then, and the pipeline is empty.
  package func append(_ events: [NewEvent], _ onReceipts: OnReceipts) async throws {
    let sealed = Result { try store.sealing.seal(events, isOwn: isOwn) }
    if inFlight.count >= Self.depth { try await takeNext(onReceipts) }
    let pending: [PendingEvent]
    do {
      pending = try sealed.get()
    } catch {
      try await finish(onReceipts)
      throw error
    }
    let ledger = try store.folder.ledger()
    let chain = chain
    // Runs up to its first wait at once: batches stand in the queue in the order of these calls.
    inFlight.append(Task.immediate { try await ledger.append(pending, in: chain) })
  }

  /// Waits for the batches that are still on their way.
  package func finish(_ onReceipts: OnReceipts) async throws {
    while !inFlight.isEmpty { try await takeNext(onReceipts) }
  }

  private func takeNext(_ onReceipts: OnReceipts) async throws {
    let receipts: [Receipt]
    do {
      receipts = try await inFlight.removeFirst().value
    } catch {
      // The ones after it fail for its sake: their errors say nothing new.
      for task in inFlight { _ = try? await task.value }
      inFlight = []
      chain = LedgerStore.Chain()
      throw error
    }
    try await onReceipts(receipts)
  }
}
