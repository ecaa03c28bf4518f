import CustodyLedger
import CustodyModel
import CustodyProjections
import CustodyStore

/// Everything that was said of what is allowed of one person's data.
public struct ConsentRecord: Sendable {
  /// Something that was said.
  public struct Entry: Sendable {
    /// What was said.
    public enum Kind: String, Sendable {
      /// Purposes were allowed.
      case granted
      /// They were taken back.
      case withdrawn
    }

    /// Where the event stands.
    public let position: Position
    /// Its id.
    public let event: EventID
    /// When it was recorded, by the writer's clock.
    public let recordedAt: Timestamp
    /// Who recorded it, as asserted.
    public let actor: String
    /// What was said.
    public let kind: Kind
    /// Of which purposes; empty in a withdrawal of all that its grants allowed.
    public let purposes: [String]
    /// From when on.
    public let from: Timestamp
    /// Of a withdrawal, the ids of the events whose grants it ends; else none.
    public let grants: [EventID]
  }

  /// The key id that names her.
  public let subject: KeyID
  /// What each grant of each purpose came to, in the order of the ledger.
  public let consents: [Consent]
  /// What was said, the oldest first.
  public let history: [Entry]

  /// What holds of each purpose at a time, by purpose: of several grants the one that is in force,
  /// else the one that ended last.
  public func standing(at time: Timestamp) -> [Consent] {
    Dictionary(grouping: consents, by: \.purpose).sorted { $0.key < $1.key }
      .compactMap { Consent.standing($0.value, at: time) }
  }
}

extension Consents {
  /// Consents as the ledger knew them at a moment: what was said later is not there.
  ///
  /// What was erased since is gone from every moment.
  public func known(at moment: Moment) throws -> Consents {
    guard moment != .head else { return self }
    let count = try store.eventCount(at: moment)
    var time: Timestamp?
    switch moment {
    case .head: break
    case .time(let then): time = then
    case .position:
      time =
        try count == 0
        ? nil : store.event(at: Position(count - 1))?.header.place.recordedAt
    }
    return Consents(store: store, end: min(end, count), knownAt: time)
  }

  /// What counts as now: the moment as of which consents are known.
  public var now: Timestamp { knownAt ?? store.folder.environment.now() }

  /// Every grant of every purpose, by person and then in the order of the ledger.
  ///
  /// - Parameter subject: only of this person.
  /// - Throws: `notFound` for somebody whom nobody registered; `keyDestroyed`, with when and under
  ///   which request, for somebody who was erased.
  ///
  /// Cost: opens what was said of these people, some microseconds each, on all cores.
  public func all(of subject: Subject? = nil) throws -> [Consent] {
    if let subject { return try consents(of: try store.subjects.id(of: subject)) }
    return Consent.consents(try rows(of: nil))
  }

  /// What was said of one person's data, and what it came to.
  ///
  /// - Throws: as ``all(of:)``.
  public func record(of subject: Subject) throws -> ConsentRecord {
    let id = try store.subjects.id(of: subject)
    let rows = try rows(of: id)
    return ConsentRecord(
      subject: id, consents: Consent.consents(rows), history: try rows.map(entry))
  }

  private func entry(_ row: ConsentRow) throws -> ConsentRecord.Entry {
    switch row.said {
    case .granted(let said): try entry(row, .granted, said.purposes, said.from)
    case .withdrawn(let said):
      try entry(row, .withdrawn, said.purposes, said.from, ending: said.grants)
    }
  }

  private func entry(
    _ row: ConsentRow, _ kind: ConsentRecord.Entry.Kind, _ purposes: [String], _ from: Timestamp,
    ending grants: [EventID] = []
  ) throws -> ConsentRecord.Entry {
    ConsentRecord.Entry(
      position: row.position, event: row.id, recordedAt: row.recordedAt,
      actor: try store.event(at: row.position)?.header.claim.actor.text ?? "", kind: kind,
      purposes: purposes, from: from, grants: grants)
  }

  // MARK: - Rows

  func consents(of person: KeyID) throws -> [Consent] { Consent.consents(try rows(of: person)) }

  private func rows(of person: KeyID?) throws -> [ConsentRow] {
    let engine = store.engine
    let rows = try engine.read(ConsentProjection.kind) {
      try ConsentReader($0).rows(of: person, below: end)
    }
    // A key that another process has destroyed opens nothing here either.
    try store.folder.keyring?.refresh()
    try store.folder.keyring?.prepare(rows.map(\.key))
    return try Parallel.map(rows.count) { range in
      let columns = try engine.columns()
      return try rows[range].compactMap { try $0.opened(columns) }
    }
  }
}
