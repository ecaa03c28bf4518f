import CustodyLedger
import Foundation
import GRDB

/// An event that keys seal, as far as its removal has to know it.
struct SealedEvent: Sendable {
  let position: Int
  let leaf: Leaf
}

extension LedgerReader {
  /// The events that go with some keys and whose bodies are there, ascending; and the sets of several
  /// keys that seal them.
  ///
  /// Read from the ledger itself: what projections say may be behind, or not true.
  ///
  /// Cost: a pass over all headers.
  func events(
    goingWith keys: DyingKeys
  ) throws -> (events: [SealedEvent], joint: Set<[KeyID]>) {
    let query = try statement(
      "SELECT position, key_ids, leaf FROM event WHERE key_ids != x'' AND body IS NOT NULL")
    defer { query.reset() }
    var found: [SealedEvent] = []
    var joint: Set<[KeyID]> = []
    while try query.step() {
      guard keys.take(query.bytes(1), &joint) else { continue }
      found.append(SealedEvent(position: Int(query.integer(0)), leaf: try query.value(2)))
    }
    return (found, joint)
  }

  /// Whether every event in `ranges` goes with some keys.
  func areSealed(_ ranges: [ClosedRange<Int>], under keys: DyingKeys) throws -> Bool {
    let query = try statement("SELECT key_ids FROM event WHERE position BETWEEN ? AND ?")
    for range in ranges {
      query.bind(1, Int64(range.lowerBound))
      query.bind(2, Int64(range.upperBound))
      defer { query.reset() }
      while try query.step() {
        guard keys.take(query.bytes(0)) else { return false }
      }
    }
    return true
  }

  /// Calls `each` with the sealed body of every event at `positions` that still has one.
  func forEachBody(
    at positions: some Sequence<Int>, _ each: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let query = try statement("SELECT body FROM event WHERE position = ? AND body IS NOT NULL")
    for position in positions {
      query.bind(1, Int64(position))
      defer { query.reset() }
      if try query.step() { try each(query.bytes(0)) }
    }
  }
}

extension LedgerStore: LoggedDatabase {
  package func writing<R>(_ body: (Database) throws -> R) throws -> R {
    try Connection.translating(path) { try database.writeWithoutTransaction(body) }
  }

  /// Appends what the library says of a removal and removes bodies, in one transaction; the store's
  /// lock is held.
  func purgeUnderLock(_ positions: some Sequence<Int>, saying events: [PendingEvent]) throws {
    try writing { db in
      let writer = try writer(db)
      do {
        try db.inTransaction(.immediate) {
          try writer.refresh()
          let now = environment.now()
          for event in events { _ = try writer.append(event, at: now) { _ in nil } }
          // Overwritten where they stand first: a row that shrinks moves others, and what is moved
          // leaves a copy behind.
          for value in ["zeroblob(length(body))", "NULL"] {
            let purge = try HotStatement(
              db.sqliteConnection!, "UPDATE event SET body = \(value) WHERE position = ?")
            for position in positions {
              purge.bind(1, Int64(position))
              try purge.run()
            }
          }
          return .commit
        }
      } catch {
        writer.forget()
        throw error
      }
    }
  }
}
