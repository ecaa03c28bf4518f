import CustodyLedger
import Foundation
import GRDB

extension LedgerStore {
  /// A checkpoint that is being signed on another thread.
  struct PendingSignature: Sendable {
    let size: Int
    let note: EarlyResult<SignedNote, any Error>
  }

  /// Starts to sign what is committed, when a checkpoint is due; the lock is held until it is
  /// stored.
  ///
  /// - Parameter interval: events since the last checkpoint that make the next one due.
  func startCheckpointIfDue(
    interval: Int = Limits.checkpointInterval
  ) throws -> PendingSignature? {
    try Connection.translating(path) {
      try database.writeWithoutTransaction { db in
        let writer = try writer(db)
        let size = writer.tree.size
        let reader = LedgerReader(db.sqliteConnection!)
        let signed = try reader.newestCheckpoint()?.size ?? 0
        guard size - signed >= interval else { return nil }
        let unsigned = try signer.prepare(
          reader, size: size, expected: writer.tree.root(using: SHA256()))
        return PendingSignature(
          size: size, note: EarlyResult { [signer] in try signer.sign(unsigned) })
      }
    }
  }

  /// Stores a finished checkpoint in a transaction of its own.
  func store(_ signature: PendingSignature) throws {
    let note = try signature.note.value()
    try Connection.translating(path) {
      try database.writeWithoutTransaction { db in
        try db.inTransaction(.immediate) {
          try writer(db).insertCheckpoint(size: signature.size, note: note.encoded)
          return .commit
        }
      }
    }
  }

  func shortenLog() throws {
    guard WriteAheadLog.size(path) > Limits.walSizeMax else { return }
    try Connection.translating(path) {
      try database.writeWithoutTransaction { try WriteAheadLog.shorten($0) }
    }
  }

  /// Signs everything there is; the lock is held.
  package func signAll() throws {
    try Connection.translating(path) {
      try database.writeWithoutTransaction { try writer($0).refresh() }
    }
    if let signature = try startCheckpointIfDue(interval: 1) { try store(signature) }
  }

  /// Signs a checkpoint over every event there is, unless the newest one already does.
  package func checkpoint() async throws -> SignedNote {
    try await onThread { [self] in
      try checkFailure()
      return try withLock {
        try signAll()
        return try database.writeWithoutTransaction { db in
          guard let newest = try LedgerReader(db.sqliteConnection!).newestCheckpoint() else {
            throw CustodyError(.internal, "No checkpoint after signing one.")
          }
          return try SignedNote(parsing: newest.note)
        }
      }
    }
  }
}
