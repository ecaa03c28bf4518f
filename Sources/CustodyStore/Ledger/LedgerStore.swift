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

  private let path: String
  package let ledgerID: LedgerID
  private let lock: FileLock
  private let environment: Environment
  private let keyring: Keyring
  private let signer: CheckpointSigner
  private let database: DatabaseQueue
  private let readers: ReaderPool
  /// Blocking work has a thread of its own: it waits for locks and disks.
  private let thread = DispatchQueue(label: "custody.commit")
  private let queue = Mutex(Queue())
  nonisolated(unsafe) private var writer: LedgerWriter?

  /// One caller's events and where its receipts go.
  private struct Batch {
    var events: [PendingEvent]
    let deliver: @Sendable (Result<[Receipt], any Error>) -> Void
  }

  private struct Queue {
    var waiting: [Batch] = []
    var isRunning = false
    /// Callers in the last commit: as many may be about to come again.
    var lastCallers = 0
    var statistics = Statistics()
    /// Set when a commit failed in a way after which nothing may be written.
    var failure: CustodyError?
  }

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
  /// - Returns: their receipts, in order, after they are durable.
  package func append(_ events: [PendingEvent]) async throws -> [Receipt] {
    guard events.count <= Limits.batchCountMax else {
      throw CustodyError(
        .usage, "A batch has \(events.count) events; the most is \(Limits.batchCountMax).")
    }
    guard !events.isEmpty else { return [] }
    // The caller's thread lets go of the events last: freeing them is work for it, not for the
    // thread that everyone waits for.
    defer { withExtendedLifetime(events) {} }
    return try await withCheckedThrowingContinuation { continuation in
      enqueue(Batch(events: events) { continuation.resume(with: $0) })
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
    while let group = nextGroup() { commit(group) }
  }

  /// Waits a moment for callers of the last commit to come back, so that they share the next one.
  ///
  /// Without this, every second commit would be of the one caller that came back first.
  private func awaitCompany() {
    for _ in 0..<20 {
      let (waiting, expected) = queue.withLock { ($0.waiting.count, $0.lastCallers) }
      if waiting >= expected || expected < 2 { return }
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
      if group.isEmpty { queue.isRunning = false } else { queue.lastCallers = group.count }
      return group.isEmpty ? nil : Array(group)
    }
  }

  private func commit(_ waiting: [Batch]) {
    var group = waiting
    if let failure = queue.withLock({ $0.failure }) {
      for batch in group { batch.deliver(.failure(failure)) }
      return
    }
    var outcomes: [Result<[Receipt], any Error>] = []
    do {
      try lock.withLock {
        outcomes = try write(group)
        for index in group.indices { group[index].events = [] }
        // Callers go on while the checkpoint is made.
        for (batch, outcome) in zip(group, outcomes) { batch.deliver(outcome) }
        try afterCommit(isLast: false)
      }
    } catch {
      let failure = described(error)
      if outcomes.isEmpty {
        for batch in group { batch.deliver(.failure(failure)) }
      } else {
        // The events are durable and their receipts are out; the store must not go on.
        queue.withLock { $0.failure = failure }
      }
    }
    awaitCompany()
  }

  /// One transaction; a batch that is refused leaves it without a trace.
  private func write(_ group: [Batch]) throws -> [Result<[Receipt], any Error>] {
    try Connection.translating(path) {
      try database.writeWithoutTransaction { db in
        let writer = try self.writer(db)
        var outcomes: [Result<[Receipt], any Error>] = []
        do {
          try db.inTransaction(.immediate) {
            try writer.refresh()
            for batch in group {
              outcomes.append(try write(batch, isAlone: group.count == 1, db, writer))
            }
            if group.count == 1, case .failure = outcomes[0] { return .rollback }
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

  private func writer(_ db: Database) throws -> LedgerWriter {
    if let writer { return writer }
    let made = try LedgerWriter(db.sqliteConnection!, ledgerID: ledgerID)
    writer = made
    return made
  }

  // MARK: - Checkpoints

  /// Signs what is committed, when a checkpoint is due or `isLast`; the lock is held.
  private func afterCommit(isLast: Bool) throws {
    try Connection.translating(path) {
      try database.writeWithoutTransaction { db in
        let writer = try self.writer(db)
        if isLast { try writer.refresh() }
        let reader = LedgerReader(db.sqliteConnection!)
        let signed = try reader.newestCheckpoint()?.size ?? 0
        let size = writer.tree.size
        if size - signed >= (isLast ? 1 : Limits.checkpointInterval) {
          let note = try signer.sign(
            reader, size: size, expected: writer.tree.root(using: SHA256()))
          try db.inTransaction(.immediate) {
            try writer.insertCheckpoint(size: size, note: note.encoded)
            return .commit
          }
        }
        if WriteAheadLog.size(path) > Limits.walSizeMax { try WriteAheadLog.shorten(db) }
      }
    }
  }

  /// Signs a checkpoint over every event there is, unless the newest one already does.
  package func checkpoint() async throws -> SignedNote {
    try await onThread { [self] in
      try lock.withLock {
        try afterCommit(isLast: true)
        return try database.writeWithoutTransaction { db in
          guard let newest = try LedgerReader(db.sqliteConnection!).newestCheckpoint() else {
            throw CustodyError(.internal, "No checkpoint after signing one.")
          }
          return try SignedNote(parsing: newest.note)
        }
      }
    }
  }

  /// Runs `body` on the thread that writes, with the store's lock held.
  package func locked<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await onThread { [self] in try lock.withLock(body) }
  }

  /// Signs what is due and empties the WAL.
  package func close() async throws {
    try await onThread { [self] in
      try lock.withLock {
        if queue.withLock({ $0.failure == nil }) { try afterCommit(isLast: true) }
        _ = try database.writeWithoutTransaction { try WriteAheadLog.truncate($0) }
        try keyring.truncateLog()
      }
    }
  }

  private func onThread<R: Sendable>(
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
