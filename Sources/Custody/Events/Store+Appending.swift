import CustodyModel
import CustodyStore

extension Store {
  /// Appends one event.
  ///
  /// - Returns: its receipt, after the event is durable. Appending an event with an id that stands
  ///   in the ledger already, and the same claim and content, returns the first receipt again.
  /// - Throws: ``CustodyStore/CustodyError``: `unknownSubject` (register her), `nameHoldsIdentifier`
  ///   (choose another name), `revisionConflict` (read the stream and decide again), `idReused`
  ///   (give a new event a new id), `contentTooLarge`, `invalidInput`, `keyDestroyed`, `diskFull`.
  ///
  /// Cost: one commit with one fsync, shared with whoever appends at the same time.
  @discardableResult
  public func append(_ event: NewEvent) async throws -> Receipt {
    try await append([event])[0]
  }

  /// Appends all events, in order and next to each other, or none of them.
  ///
  /// - Parameter events: at most ``CustodyStore/Limits/batchCountMax``; empty appends nothing.
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
  ///   - batchSize: events in a commit, at most ``CustodyStore/Limits/batchCountMax``.
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
      if !receipts.isEmpty { try await onReceipts(receipts) }
    }
    for try await event in events {
      batch.append(event)
      if batch.count >= min(batchSize, Limits.batchCountMax) {
        try await take(pipeline.append(batch))
        batch.removeAll(keepingCapacity: true)
      }
    }
    try await take(pipeline.append(batch))
    try await take(pipeline.finish())
    return count
  }

  /// Signs a checkpoint over every event, unless the newest one covers them all.
  ///
  /// - Returns: the newest checkpoint. Publish it, or give it to someone else: it is what an auditor
  ///   compares the ledger with.
  /// - Throws: ``CustodyStore/CustodyError`` with `needsRecovery` when the signer or the guard has
  ///   seen another history; nothing is signed then.
  @discardableResult
  public func checkpoint() async throws -> SignedCheckpoint {
    let note = try await folder.ledger().checkpoint()
    return try SignedCheckpoint(verifying: note.encoded, keys: [try verifierKey])
  }
}

/// Seals one batch while the one before is committed, and keeps their order.
package final class AppendPipeline {
  private let store: Store
  private var inFlight: Task<[Receipt], any Error>?

  package init(store: Store) { self.store = store }

  /// Hands over a batch and returns the receipts of the one before.
  package func append(_ events: [NewEvent]) async throws -> [Receipt] {
    let sealed = Result { try store.sealing.seal(events) }
    // The batch before has to be durable first: a refused one ends the appending.
    let receipts = try await finish()
    let pending = try sealed.get()
    let ledger = try store.folder.ledger()
    inFlight = Task { try await ledger.append(pending) }
    return receipts
  }

  /// The receipts of the last batch.
  package func finish() async throws -> [Receipt] {
    defer { inFlight = nil }
    return try await inFlight?.value ?? []
  }
}
