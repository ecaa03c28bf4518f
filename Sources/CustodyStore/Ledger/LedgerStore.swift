import CSQLiteShim
import CustodyLedger
import CustodyMigrations
import Foundation
import GRDB
import Synchronization

/// ledger.sqlite and its one writer: callers of one process share commits, processes take turns.
package final class LedgerStore: Sendable {
  /// Looks up the data key of an id; nil when it is gone.
  package typealias Keys = @Sendable (KeyID) throws -> SecretBytes?

  /// What the commits of this process were like.
  package struct Statistics: Sendable {
    package fileprivate(set) var commits = 0
    package fileprivate(set) var events = 0
  }

  package let path: String
  package let ledgerID: LedgerID
  let lock: FileLock
  let environment: Environment
  private let keyring: Keyring
  let signer: CheckpointSigner
  let database: DatabaseQueue
  private let readers: ReaderPool
  private let opened: OpenedFiles
  private let journal: String
  /// Blocking work has a thread of its own: it waits for locks and disks.
  private let thread = DispatchQueue(label: "custody.commit")
  private let queue = Mutex(Queue())
  nonisolated(unsafe) private var writer: LedgerWriter?

  /// Batches that follow each other: when one is refused, those after it are too.
  ///
  /// Lets a caller hand over the next batch before the last one is durable, so that both share a
  /// commit. Used by the committing thread only.
  package final class Chain: @unchecked Sendable {
    fileprivate var isBroken = false

    package init() {}
  }

  /// One caller's events and where its receipts go.
  private struct Batch {
    var events: [PendingEvent]
    let chain: Chain?
    let deliver: @Sendable (Result<[Receipt], any Error>) -> Void
  }

  private static let patienceMax = Duration.milliseconds(10)

  private struct Queue {
    var waiting: [Batch] = []
    var isRunning = false
    /// Callers with events in the last commit or waiting at its end: all may be back in a moment.
    var active = 0
    /// How long it is worth to wait for them.
    var patience = Duration.zero
    var statistics = Statistics()
    /// Set when a commit failed in a way after which nothing may be written.
    var failure: CustodyError?
  }

  /// - Parameter keyring: opened under the same hold of the store's lock, which lasts while this is
  ///   made.
  package init(
    path: String, ledgerID: LedgerID, lock: FileLock, environment: Environment, keyring: Keyring,
    signer: CheckpointSigner
  ) throws {
    self.path = path
    self.ledgerID = ledgerID
    self.lock = lock
    self.environment = environment
    self.keyring = keyring
    self.signer = signer
    database = try Connection.writer(path)
    readers = ReaderPool(path: path)
    let layout = Layout(root: PathParts.folder(of: path))
    opened = OpenedFiles([path, keyring.path, layout.objects])
    journal = layout.tombstones
  }

  /// The GRDB connection, for tests that read its settings back and for migrations.
  package var connection: DatabaseQueue { database }

  package var statistics: Statistics { queue.withLock { $0.statistics } }

  // MARK: - Reading

  /// Reads with a connection of its own, beside the writer and other readers.
  package func read<R>(_ body: (LedgerReader) throws -> R) throws -> R {
    try readers.read(body)
  }

  // MARK: - Appending

  /// Appends all of `events` or, when one is refused, none of them.
  ///
  /// - Parameter chain: what the batch belongs to, when it follows others that may be refused.
  /// - Returns: their receipts, in order, after they are durable.
  package func append(
    _ events: [PendingEvent], in chain: Chain? = nil
  ) async throws -> [Receipt] {
    guard events.count <= Limits.batchCountMax else {
      throw CustodyError(
        .usage, "A batch has \(events.count) events; the most is \(Limits.batchCountMax).")
    }
    guard !events.isEmpty else { return [] }
    // The caller's thread lets go of the events last: freeing them is work for it, not for the
    // thread that everyone waits for.
    defer { withExtendedLifetime(events) {} }
    return try await withCheckedThrowingContinuation { continuation in
      enqueue(Batch(events: events, chain: chain) { continuation.resume(with: $0) })
    }
  }

  private func enqueue(_ batch: Batch) {
    let isFirst = queue.withLock { queue in
      queue.waiting.append(batch)
      defer { queue.isRunning = true }
      return !queue.isRunning
    }
    if isFirst { thread.async { self.run() } }
  }

  private func run() {
    awaitCompany()
    guard let group = nextGroup() else { return }
    commit(group)
    // A turn for each group, so that a checkpoint or a registration is not kept waiting for ever.
    thread.async { self.run() }
  }

  /// Waits a moment for callers of the last commit to come back, so that they share the next one.
  ///
  /// Without this, those who come back first would get a commit to themselves each time. Never
  /// longer than the last two commits took: who stays away costs the others no more than that.
  private func awaitCompany() {
    let start = ContinuousClock.now
    while true {
      let (waiting, expected, patience) = queue.withLock {
        ($0.waiting.count { $0.chain == nil }, $0.active, $0.patience)
      }
      if waiting >= expected || expected < 2 || start.duration(to: .now) >= patience { return }
      usleep(20)
    }
  }

  /// As many waiting batches as fit in one commit; nil when there are none.
  private func nextGroup() -> [Batch]? {
    queue.withLock { queue in
      var count = 0
      var size = 0
      let group = queue.waiting.prefix { batch in
        defer {
          count += batch.events.count
          size += batch.events.reduce(0) { $0 + $1.body.count }
        }
        return count == 0
          || count + batch.events.count <= Limits.batchCountMax && size < Limits.batchSizeMax
      }
      queue.waiting.removeFirst(group.count)
      if group.isEmpty { queue.isRunning = false }
      return group.isEmpty ? nil : Array(group)
    }
  }

  private func commit(_ group: [Batch]) {
    var undelivered = group
    var isSigning = false
    if let failure = queue.withLock({ $0.failure }) {
      for batch in group { batch.deliver(.failure(failure)) }
      return
    }
    do {
      try withLock {
        try write(&undelivered, completing: nil)
        isSigning = true
        guard let signature = try startCheckpointIfDue() else { return try shortenLog() }
        // The checkpoint is signed while the next batches are inserted, and stored with them. One
        // group at most: other processes wait for the lock.
        undelivered = nextGroup() ?? []
        if undelivered.isEmpty {
          try store(signature)
        } else {
          do {
            try write(&undelivered, completing: signature)
          } catch {
            // The signer is not left writing its state without the lock.
            _ = try? signature.note.value()
            throw error
          }
        }
        try shortenLog()
      }
    } catch {
      let failure = described(error)
      // Events whose receipts are out are durable; after a failed signature nothing may follow.
      // Nor after an error of the disk: "an fsync that failed is never retried".
      if isSigning || Self.isOfTheDisk(failure) {
        queue.withLock { $0.failure = failure }
      }
      for batch in undelivered {
        batch.chain?.isBroken = true
        batch.deliver(.failure(failure))
      }
    }
  }

  /// Whether nobody knows any more what is on the disk. A full one is not of this kind.
  private static func isOfTheDisk(_ error: CustodyError) -> Bool {
    guard let error = error.cause as? SQLiteError else { return false }
    return error.code & 0xff == SQLITE_IOERR
  }

  /// Commits a group and delivers its receipts, which empties it.
  private func write(_ group: inout [Batch], completing signature: PendingSignature?) throws {
    let start = ContinuousClock.now
    let outcomes = try transact(group, completing: signature)
    let deliveries = group.map(\.deliver)
    // A pipeline's next batch is not about to come: it is being sealed.
    let callers = group.count { $0.chain == nil }
    queue.withLock {
      $0.active = callers + $0.waiting.count { $0.chain == nil }
      $0.patience = min(start.duration(to: .now) * 2, Self.patienceMax)
    }
    group = []
    for (deliver, outcome) in zip(deliveries, outcomes) { deliver(outcome) }
  }

  /// One transaction; a batch that is refused leaves it without a trace.
  private func transact(
    _ group: [Batch], completing signature: PendingSignature?
  ) throws -> [Result<[Receipt], any Error>] {
    try Connection.translating(path) {
      try database.writeWithoutTransaction { db in
        let writer = try self.writer(db)
        var outcomes: [Result<[Receipt], any Error>] = []
        do {
          try db.inTransaction(.immediate) {
            try writer.refresh()
            for batch in group {
              outcomes.append(
                try write(batch, isAlone: group.count == 1 && signature == nil, db, writer))
            }
            if group.count == 1, signature == nil, case .failure = outcomes[0] { return .rollback }
            if let signature {
              try writer.insertCheckpoint(
                size: signature.size, note: try signature.note.value().encoded)
            }
            let count = outcomes.reduce(0) { $0 + ((try? $1.get().count) ?? 0) }
            queue.withLock {
              $0.statistics.commits += 1
              $0.statistics.events += count
            }
            return .commit
          }
        } catch {
          writer.forget()
          throw error
        }
        let safeguards = zip(group, outcomes).flatMap { batch, outcome in
          zip(batch.events, (try? outcome.get()) ?? []).compactMap { event, receipt in
            event.isSafeguard && !receipt.isRepeat ? receipt.position : nil
          }
        }
        try keepSafeguards(at: safeguards, LedgerReader(db.sqliteConnection!))
        return outcomes
      }
    }
  }

  /// Writes a batch whole or not at all.
  ///
  /// - Parameter isAlone: whether the transaction can be rolled back for it.
  private func write(
    _ batch: Batch, isAlone: Bool, _ db: Database, _ writer: LedgerWriter
  ) throws -> Result<[Receipt], any Error> {
    let mark = writer.mark()
    var outcome: Result<[Receipt], any Error> = .success([])
    func write() throws -> Database.TransactionCompletion {
      do {
        if batch.chain?.isBroken == true {
          throw CustodyError(.usage, "A batch before this one was refused.")
        }
        try checkKeys(batch.events)
        let now = environment.now()
        outcome = .success(
          try batch.events.map { event in
            try writer.append(event, at: now) { try self.keyring.key($0) }
          })
        return .commit
      } catch let error as CustodyError {
        // A refusal of this batch alone; failures of the database end the transaction.
        writer.goBack(to: mark)
        batch.chain?.isBroken = true
        outcome = .failure(error)
        return .rollback
      }
    }
    // A single event is refused before anything is written. A savepoint copies every page that is
    // changed, so only a batch among others gets one.
    if isAlone || batch.events.count == 1 {
      _ = try write()
    } else {
      try db.inSavepoint(write)
    }
    return outcome
  }

  /// "Checks ... in keys.sqlite that every key id is still live": a key may have been destroyed
  /// since the content was sealed.
  private func checkKeys(_ events: [PendingEvent]) throws {
    var ids: Set<KeyID> = []
    for event in events { ids.formUnion(event.claim.keyIDs) }
    let missing = try keyring.missing(ids)
    guard missing.isEmpty else {
      throw CustodyError(
        .keyDestroyed,
        "Key \(missing[0]) is gone: the person it belonged to was erased. Nothing is written "
          + "under it any more.")
    }
  }

  func writer(_ db: Database) throws -> LedgerWriter {
    if let writer { return writer }
    let made = try LedgerWriter(db.sqliteConnection!, ledgerID: ledgerID)
    writer = made
    return made
  }

  // MARK: - Under the lock

  /// Appends events of the library's own while the store's lock is held already.
  package func appendUnderLock(_ events: [PendingEvent]) throws {
    let outcome = try transact(
      [Batch(events: events, chain: nil, deliver: { _ in })], completing: nil)
    for case .failure(let error) in outcome { throw error }
  }

  /// After a failed signature or a fault of the disk nothing is written any more.
  func checkFailure() throws {
    if let failure = queue.withLock({ $0.failure }) { throw failure }
  }

  /// Runs `body` on the thread that writes, with the store's lock held.
  package func locked<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await onThread { [self] in
      try checkFailure()
      return try withLock(body)
    }
  }

  /// Holds the store's lock, in files that are still those that were opened.
  ///
  /// - Throws: `needsRecovery` when one was replaced; nothing is ever written here again then.
  package func withLock<R>(_ body: () throws -> R) throws -> R {
    try lock.withLock {
      if let path = opened.replaced() {
        let failure = CustodyError(
          .needsRecovery,
          "\(path) was replaced while this process had the older file open: a recovery, or a copy "
            + "that was put back. Nothing was written. Run the command again.")
        queue.withLock { $0.failure = failure }
        throw failure
      }
      // Somebody else may have decided since that keys go.
      try keyring.bury(namedIn: journal)
      return try body()
    }
  }

  /// Signs what is due and empties the WAL.
  ///
  /// - Throws: what stopped the writer, if something did: a checkpoint that could not be signed
  ///   after its events were committed has no other way to be told.
  package func close() async throws {
    try await onThread { [self] in
      try checkFailure()
      try withLock {
        try signAll()
        try database.writeWithoutTransaction { try WriteAheadLog.shorten($0) }
        try keyring.shortenLog()
      }
    }
  }

  func onThread<R: Sendable>(
    _ body: @escaping @Sendable () throws -> R
  ) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
      thread.async {
        continuation.resume(with: Result { try body() }.mapError { self.described($0) })
      }
    }
  }

  private func described(_ error: any Error) -> CustodyError {
    switch error {
    case let error as CustodyError: error
    case let error as SQLiteError: CustodyError(sqlite: error, path: path)
    case let error as DatabaseError: CustodyError(error, path: path)
    default: CustodyError(.internal, "The ledger could not be used.", cause: error)
    }
  }
}
