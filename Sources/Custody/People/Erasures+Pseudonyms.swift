import CustodyModel
import CustodyStore

extension Erasures {
  /// Destroys a key that makes tokens, as the keys of a person are: nobody makes the same tokens again.
  ///
  /// Versions that have its tokens stay as they are, and pseudonymized: what is gone is one way back. They
  /// are called anonymized only when somebody measures or claims more, which a key that lives prevents;
  /// whoever holds the values can compare all the same.
  ///
  /// - Parameters:
  ///   - key: of purpose `pseudonym`; keys of people go with them.
  ///   - reason: why.
  /// - Throws: `notFound` for a key that there is not; `keyDestroyed`, with when, for one that is gone;
  ///   `usage` for a key of another kind; `locked` as ``run(_:)``.
  ///
  /// Cost: every key rewrapped, and a pass over every file of the store. Others wait meanwhile.
  public func destroy(pseudonymKey key: KeyID, reason: ErasureReason) async throws -> ErasureResult
  {
    try checkNothingIsSetAside()
    let ledger = try store.folder.ledger()
    return try await ledger.locked {
      let (erasure, keyring) = try begin(ledger)
      try check(key, keyring)
      let matters = try store.holds.heldKeys().active
      guard matters.isEmpty else {
        throw CustodyError(
          .restricted,
          "While a matter holds anybody's data, no key that makes tokens is destroyed: "
            + "\(matters.map(\.name).joined(separator: ", ")). Release it first: custody hold list")
      }
      let dying = DyingKeys([key])
      let sealed = try KeyErasure.sealed(under: dying, in: store.folder)
      let plan = ErasurePlan(
        subjects: [], reason: reason, classes: [], keys: [], keptKeys: [], held: [], runs: [],
        runKeys: [key], releasedJoint: [], keptJoint: [], eventCount: sealed.positions.count,
        objectCount: sealed.objectCount,
        objectByteCount: sealed.objectByteCount, records: [], derivedCount: 0, possible: [],
        models: [],
        copies: [], sources: [], unsearchedRunCount: 0, unsearchedImportCount: 0,
        backupsExpire: try ErasurePlanning(store).backupsExpire(), skippedPositions: [])
      let request = try say(plan, nil, ledger).request!
      return try carryOut(
        try erasure.decide(dying, sealed, request: request, hashes: []), erasure, ledger, plan)
    }
  }

  private func check(_ key: KeyID, _ keyring: Keyring) throws {
    if let erased = try erasure(of: key) {
      throw CustodyError(
        .keyDestroyed,
        "The key was destroyed\(erased.requestedAt.map { " at \($0)" } ?? ""), under request "
          + "\(erased.request).")
    }
    guard try keyring.missing([key]).isEmpty else {
      throw CustodyError(
        .notFound, "There is no key \(key). `custody key list` lists those there are.")
    }
    guard try keyring.keys(among: [key], for: [.pseudonym]) == [key] else {
      throw CustodyError(
        .usage,
        "\(key) makes no tokens. Keys of people go with `custody subject erase`, and the store's own "
          + "stay.")
    }
  }
}
