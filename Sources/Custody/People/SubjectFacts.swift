import CustodyLedger
import CustodyModel

/// What the ledger says of a person: where clocks of retention start, and whose law is for her.
public struct SubjectFacts: Sendable {
  /// Something that happened to or with her, or is going to.
  public struct Event: Sendable {
    /// What.
    public let kind: SubjectEventKind
    /// When.
    public let on: DateOrTime
    /// When the ledger was told.
    public let recordedAt: Timestamp
    /// Where the event stands that says so.
    public let position: Position
  }

  /// Whose law is for her, as it was said last; nil where nobody said.
  public let jurisdiction: Jurisdiction?
  /// When she was born, as it was said last; nil where nobody said.
  public let birthDate: CalendarDate?
  /// What happened, in the order in which it was recorded. One of a kind may come again: she was
  /// dealt with once more, or the first one was wrong.
  public let events: [Event]
  /// How much was said that is left out, because it is restricted.
  public let restricted: Int

  /// - Parameter registered: what was said of her, the oldest first. What cannot be a fact is none.
  init(_ registered: [SubjectRegistered], events: [Event] = [], restricted: Int = 0) {
    let newest = registered.reversed()
    jurisdiction = newest.lazy.compactMap(\.jurisdiction).first.flatMap { Jurisdiction($0) }
    birthDate = newest.lazy.compactMap(\.birthDate).first.flatMap { CalendarDate($0) }
    self.events = events
    self.restricted = restricted
  }
}
