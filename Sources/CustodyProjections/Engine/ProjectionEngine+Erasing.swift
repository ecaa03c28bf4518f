import CustodyStore
import GRDB

extension ProjectionEngine: LoggedDatabase {
  package func writing<R>(_ body: (Database) throws -> R) throws -> R {
    try writing { (database: ProjectionDatabase) in try database.withDatabase(body) }
  }

  /// Brings every projection up to the newest event, so that what went with a key has gone from its
  /// rows too. Where one is halted all are thrown away: what it holds cannot be told, and everything
  /// can be computed again.
  package func followErasure() throws {
    let size = try catchUp()
    let states = try storedStates()
    if states.contains(where: { $0.haltReason != nil || $0.position < size }) { try discard() }
  }
}
