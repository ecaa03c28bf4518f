import CustodyLedger

/// A day of the calendar, in whatever time zone: `2026-01-31`.
public struct CalendarDate: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The first moment of the day in UTC.
  public let start: Timestamp

  /// A day of the years 0001 to 9999 that exists, or nil.
  public init?(_ text: String) {
    guard text.utf8.count == 10, let start = Timestamp(text) else { return nil }
    self.start = start
  }

  /// As it was read: `2026-01-31`.
  public var description: String { String(start.description.prefix(10)) }

  /// Whether `left` is earlier than `right`.
  public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
    left.start < right.start
  }

  /// Whether the day has begun somewhere on earth: clocks are at most 14 hours ahead of UTC.
  package func hasBegun(by now: Timestamp) -> Bool {
    start.microseconds - 14 * 3_600_000_000 <= now.microseconds
  }
}
