import CustodyLedger
import CustodyModel
import CustodyStore

extension Erasures {
  /// Takes back what waits of some people: it is not erased when the matters are released.
  ///
  /// What of a request has been carried out is gone. Of a request for several people, what waits of the
  /// others goes on waiting.
  ///
  /// - Returns: the keys that stay.
  /// - Throws: `notFound` for somebody who is unknown, or of whom nothing waits: then nothing is taken
  ///   back of anybody.
  ///
  /// Cost: opens the events of what waits.
  @discardableResult
  public func withdraw(_ people: [Subject]) async throws -> [KeyID] {
    let ids = try store.subjects.ids(of: people)
    let ledger = try store.folder.ledger()
    return try await ledger.locked {
      guard let keyring = store.folder.keyring else { return [] }
      var keys: [KeyID: KeyID] = [:]
      for id in ids {
        for (_, key) in try keyring.subjectKeys(of: id) { keys[key] = id }
      }
      var left = Set(ids)
      var stay: Set<KeyID> = []
      var events: [NewEvent] = []
      for waiting in try self.waiting() {
        let who = Set(waiting.keys.compactMap { keys[$0] })
        if who.isEmpty { continue }
        left.subtract(who)
        // What waits for nobody else, such as texts of runs, is taken back with hers.
        let isAll = who.isSuperset(of: waiting.subjects)
        let theirs = waiting.keys.filter { isAll || keys[$0] != nil }
        stay.formUnion(theirs)
        events += answer(waiting, without: who, theirs)
      }
      guard left.isEmpty else {
        throw CustodyError(
          .notFound,
          "Nothing of \(left.min()!) waits to be erased. `custody hold show MATTER` names what waits."
        )
      }
      try ledger.appendUnderLock(try store.sealing.seal(events, isOwn: true))
      return stay.sorted()
    }
  }

  private func answer(
    _ waiting: Waiting, without people: Set<KeyID>, _ keys: [KeyID]
  ) -> [NewEvent] {
    let withdrawn = ErasureWithdrawn(
      subjects: people.sorted().map(\.hex), keys: keys.map(\.hex))
    let rest = ErasureDenied(
      subjects: waiting.subjects.filter { !people.contains($0) }.map(\.hex),
      classes: waiting.classes, reason: waiting.reason.rawValue,
      keys: waiting.keys.filter { !keys.contains($0) }.map(\.hex),
      matters: waiting.matters.map { "\($0)" })
    let environment = store.folder.environment
    let now = environment.now()
    var events = [Self.event(withdrawn, environment.eventID(at: now), waiting.id)]
    if !rest.keys.isEmpty {
      events.append(Self.event(rest, environment.eventID(at: now), waiting.id))
    }
    return events
  }
}
