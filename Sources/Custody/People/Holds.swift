import CustodyLedger
import CustodyModel
import CustodyStore

/// Matters that keep data from being destroyed, each with a scope, a reason, who approved it, and when it
/// is to be looked at again.
///
/// What is decided by them is read from the ledger itself, not from a projection.
///
/// ```swift
/// try await store.holds.place(
///   "M-2026-014", on: [.identifier("patient-0017")], reason: .litigation, approver: "counsel",
///   review: Timestamp("2027-01-31")!)
/// let erased = try await store.holds.release(
///   "M-2026-014", reason: .resolved, approver: "counsel")
/// print(erased.map(\.request))
/// ```
public struct Holds: Sendable {
  let store: Store
  /// Called after each step of an erasure that a release carries out; a test that throws here stops as a
  /// kill would.
  package var reached: @Sendable (KeyErasure.Step) throws -> Void = { _ in }

  /// Every matter there was, the oldest first.
  ///
  /// - Parameter moment: as the ledger knew it then.
  /// - Throws: `usage` without secrets; `damaged` for an event that is not what Custody writes: what it
  ///   holds is not known, so nothing can be destroyed.
  ///
  /// Cost: a look-up and an opened content for each event of each matter.
  public func matters(at moment: Moment = .head) throws -> [Matter] {
    let end = try moment == .head ? Int.max : store.eventCount(at: moment)
    let events = try store.folder.safeguards(
      ofTypes: [HoldPlaced.type, HoldReleased.type], inStreams: HoldPlaced.streamPrefix, below: end)
    var matters: [Matter] = []
    for (event, content) in events {
      let claim = event.header.claim
      let stream = claim.stream.text.dropFirst(HoldPlaced.streamPrefix.count)
      guard let content, let id = EventID(uuid: stream) else { throw Self.damaged(event) }
      let index = matters.firstIndex { $0.id == id }
      if let placed = HoldPlaced(content: content, version: claim.typeVersion),
        claim.type.text == HoldPlaced.type
      {
        guard let placement = Matter.Placement(event, placed) else { throw Self.damaged(event) }
        if let index {
          matters[index].placements.append(placement)
        } else {
          matters.append(Matter(id: id, name: placed.matter, placements: [placement]))
        }
      } else if let released = HoldReleased(content: content, version: claim.typeVersion) {
        // Of a matter that nothing places it ends nothing.
        guard let index else { continue }
        matters[index].release = Matter.Release(
          position: event.position, recordedAt: claim.occurredAt, actor: claim.actor.text,
          reason: released.reason, approver: released.approver)
      } else {
        throw Self.damaged(event)
      }
    }
    return matters
  }

  private static func damaged(_ event: StoredEvent) -> CustodyError {
    CustodyError(
      .damaged,
      "What the event at position \(event.position) says of a hold cannot be read, so nothing is "
        + "destroyed. Run: custody verify --level contents")
  }

  /// A matter by name: the one in force, or the last that was.
  ///
  /// - Throws: `notFound` when there never was one.
  public func matter(_ name: String, at moment: Moment = .head) throws -> Matter {
    let found = try matters(at: moment).filter { Array($0.name.utf8) == Array(name.utf8) }
    guard let matter = found.last(where: { $0.release == nil }) ?? found.last else {
      throw CustodyError(
        .notFound, "There is no such matter. `custody hold list --all` names those there were.")
    }
    return matter
  }

  /// How many keys a matter holds now; what arrives later adds to them.
  ///
  /// Cost: a look-up for each person that it names; a pass over who is in which dataset where it names
  /// datasets.
  public func keyCount(of matter: Matter) throws -> Int {
    guard matter.release == nil, let keyring = store.folder.keyring else { return 0 }
    let held = try HeldKeys([matter], store).all
    return held.count - (try keyring.missing(held).count)
  }

  /// Whether a matter on datasets holds everybody since a recovery lost events, because nobody knows who was
  /// in the versions among them. Placing it again ends that.
  public func isWidened(_ matter: Matter) throws -> Bool {
    let lossAt = try HeldKeys.lossAt(store)
    return matter.placements.contains { matter.isWidened($0, by: lossAt) }
  }

  /// Which keys the matters in force hold.
  func heldKeys() throws -> HeldKeys { try HeldKeys(matters(), store) }

  // MARK: - Placing

  /// Holds data, also what arrives later, until the matter is released.
  ///
  /// A matter that is in force already holds this as well from now on. Placing takes turns with erasing:
  /// either this holds, or the event says of whom it came too late.
  ///
  /// - Parameters:
  ///   - name: what the matter is called; no name of anybody.
  ///   - people: whose data; everybody's in `datasets` when empty.
  ///   - datasets: everyone of whom a version has a record.
  ///   - classes: these classes of data alone.
  ///   - everyone: that nobody and no dataset is named on purpose.
  ///   - reason: why.
  ///   - approver: who approved it; somebody else than who acts.
  ///   - review: when it is to be looked at again. It holds on after that.
  /// - Returns: the matter; its last placement is this one.
  /// - Throws: `notFound` for somebody or a dataset that there is not; `usage` for a scope without
  ///   anything, a review that is past, or an approver who acts; `nameHoldsIdentifier`.
  ///
  /// Cost: one event, whatever is held.
  @discardableResult
  public func place(
    _ name: String, on people: [Subject] = [], datasets: [String] = [], classes: [String] = [],
    everyone: Bool = false, reason: HoldReason, approver: String, review: Timestamp
  ) async throws -> Matter {
    try check(name, approver)
    guard everyone == (people.isEmpty && datasets.isEmpty) else {
      throw CustodyError(
        .usage,
        everyone
          ? "Name people and datasets, or everyone, not both."
          : "Say what is held: --subject ID, --dataset NAME, or --everyone.")
    }
    guard review > store.folder.environment.now() else {
      throw CustodyError(.usage, "The review would be in the past. Give a later date.")
    }
    for dataset in datasets { _ = try store.datasets.existing(dataset) }
    for dataClass in classes { try Subjects.check(dataClass, "class") }
    // Found before the lock is asked for: whoever is erased meanwhile is known to have been there.
    let subjects = Set(try people.map(find)).sorted()
    let began = store.now
    let ledger = try store.folder.ledger()
    return try await ledger.locked {
      let known = try matters().last {
        Array($0.name.utf8) == Array(name.utf8) && $0.release == nil
      }
      let environment = store.folder.environment
      let id = environment.eventID(at: environment.now())
      let placed = HoldPlaced(
        matter: name,
        scope: .init(
          subjects: subjects.map(\.hex), datasets: Array(Set(datasets)).sorted(),
          classes: Array(Set(classes)).sorted()),
        reason: reason.rawValue, approver: approver, review: "\(review)",
        tooLate: try subjects.isEmpty
          ? tooLate(datasets, since: began) : tooLate(subjects))
      try append(placed, id, of: known?.id ?? id, ledger)
      return try matters().first { $0.id == known?.id ?? id }!
    }
  }

  private func find(_ subject: Subject) throws -> KeyID {
    do {
      return try store.subjects.id(of: subject)
    } catch let error as CustodyError where error.code == .keyDestroyed {
      // She was erased, and whoever holds her is to see that.
      guard case .key(let id) = subject else { throw error }
      return id
    }
  }

  /// Those of some people of whom something was erased before.
  private func tooLate(_ subjects: [KeyID]) throws -> [HoldPlaced.TooLate] {
    try subjects.compactMap { subject in
      try store.erasures.erasure(of: subject).map {
        .init(subject: subject.hex, request: "\($0.request)")
      }
    }
  }

  /// Those in some datasets, or anywhere, who were erased while this waited for its turn. Who was erased
  /// before that is no part of a dataset any more.
  private func tooLate(
    _ datasets: [String], since began: Timestamp
  ) throws -> [HoldPlaced.TooLate] {
    let there = try datasets.isEmpty ? nil : HeldKeys.keys(in: datasets, store)
    var found: [HoldPlaced.TooLate] = []
    for (tombstone, erased) in try store.erasures.decided(since: began)
    where there.map({ !$0.isDisjoint(with: tombstone.keys) }) ?? true {
      found += erased.subjects.map { .init(subject: $0, request: "\(tombstone.request)") }
    }
    return found
  }

  // MARK: - Releasing

  /// Ends a matter. What it alone kept from being erased is erased now.
  ///
  /// - Returns: what was erased.
  /// - Throws: `notFound`; `conflict` when it is released already; `usage` for an approver who acts.
  ///
  /// Cost: that of the erasures that waited.
  @discardableResult
  public func release(
    _ name: String, reason: HoldReleaseReason, approver: String
  ) async throws -> [ErasureResult] {
    try check(name, approver)
    let ledger = try store.folder.ledger()
    return try await ledger.locked {
      let matter = try matter(name)
      if let release = matter.release {
        throw CustodyError(
          .alreadyExists, "The matter was released at \(release.recordedAt) and holds nothing.")
      }
      let environment = store.folder.environment
      try append(
        HoldReleased(matter: name, reason: reason.rawValue, approver: approver),
        environment.eventID(at: environment.now()), of: matter.id, ledger)
      var erasures = store.erasures
      erasures.reached = reached
      do {
        let (results, obstacle) = try erasures.finishUnderLock(ledger, erasures.due)
        if let obstacle { throw obstacle }
        return results
      } catch let error as CustodyError where Erasures.isUnreadable(error) {
        throw CustodyError(
          error.code,
          "The matter is released, and not all that waited for it is erased: \(error.message) The next "
            + "command that writes tries again.", cause: error)
      }
    }
  }

  // MARK: - Events

  private func check(_ name: String, _ approver: String) throws {
    for (text, field) in [(name, "matter"), (approver, "approver")] {
      try Subjects.check(text, field)
      try store.datasets.check(text, field)
    }
    guard approver != store.actor.text else {
      throw CustodyError(
        .usage,
        "The approver is who acts: a hold takes two. Name another with --approver, or say who acts with "
          + "--actor.")
    }
  }

  private func append(
    _ content: some ModelEvent, _ id: EventID, of matter: EventID, _ ledger: LedgerStore
  ) throws {
    let type = Swift.type(of: content)
    let event = NewEvent(
      id: id, stream: "\(HoldPlaced.streamPrefix)\(matter)", type: type.type,
      typeVersion: type.version, content: content.content)
    try ledger.appendUnderLock(try store.sealing.seal([event], isOwn: true))
  }
}
