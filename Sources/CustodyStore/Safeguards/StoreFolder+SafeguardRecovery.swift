import CustodyLedger

/// What `recover` does with the guard's safeguards; the ledger gets what it lacks when it is opened next.
extension StoreFolder {
  /// How many safeguards guards know that the ledger does not.
  ///
  /// - Parameter former: where the guard was before.
  func lostSafeguardCount(former: String?) throws -> Int {
    let known = try Self.readable(guards(former))
    return try read { reader in
      try known.count {
        try Safeguard.is($0.header.claim) && reader.position(of: $0.id) == nil
      }
    }
  }

  /// Whether the file of one of these guards is there and whole.
  func hasWholeSafeguards(former: String?) throws -> Bool {
    try guards(former).contains { candidate in
      try candidate.keepsSafeguards && candidate.safeguardsUpToFault().fault == nil
    }
  }

  /// Writes into the guard what can be read of what it and its former place know.
  func mendSafeguards(former: String?) throws {
    let guards = guards(former)
    let isWhole = try guardFolder.safeguardsUpToFault().fault == nil
    if isWhole, guards.count == 1 { return }
    try Journal.write(try Self.readable(guards), to: guardFolder.safeguardsPath)
  }

  private func guards(_ former: String?) -> [Guard] {
    [guardFolder] + [former.map(Guard.init)].compactMap { $0 }
  }

  /// Each line stands for itself: sealed under the store's key, or of no use.
  private static func readable(_ guards: [Guard]) throws -> [Safeguard] {
    var known: Set<EventID> = []
    return try guards.flatMap { try Journal<Safeguard>.readableLines($0.safeguardsPath) }
      .filter { known.insert($0.id).inserted }
  }
}
