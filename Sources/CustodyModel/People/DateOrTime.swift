import CustodyLedger

/// When something was: on a day, or at a moment.
public enum DateOrTime: Hashable, Sendable, CustomStringConvertible {
  /// On a day, nobody said at what time.
  case date(CalendarDate)
  /// At a moment.
  case time(Timestamp)

  /// A date as `2026-01-31`, or an RFC 3339 time with a zone; nil for anything else.
  public init?(_ text: String) {
    if let date = CalendarDate(text) {
      self = .date(date)
    } else if let time = Timestamp(text) {
      self = .time(time)
    } else {
      return nil
    }
  }

  /// The date, or the time in UTC.
  public var description: String {
    switch self {
    case .date(let date): date.description
    case .time(let time): time.description
    }
  }

  /// Whether it has come, for a date: anywhere on earth.
  package func hasBegun(by now: Timestamp) -> Bool {
    switch self {
    case .date(let date): date.hasBegun(by: now)
    case .time(let time): time <= now
    }
  }
}
