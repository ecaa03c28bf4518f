import CustodyStore

extension ProjectionEngine {
  /// Brings every projection up to the newest event, so that what went with a key has gone from its
  /// rows too. Where one is halted all are thrown away: what it holds cannot be told, and everything
  /// can be computed again.
  package func followErasure() throws {
    let size = try catchUp()
    let states = try storedStates()
    if states.contains(where: { $0.haltReason != nil || $0.position < size }) { try discard() }
  }

  /// Cuts the log beside the rows; false when a reader keeps it.
  package func truncateLog(wait seconds: Double) throws -> Bool {
    try writing { try $0.truncateLog(wait: seconds) }
  }

  /// Writes the rows anew, without what moved ones left behind in the pages.
  package func compact() throws { try writing { try $0.compact() } }
}
