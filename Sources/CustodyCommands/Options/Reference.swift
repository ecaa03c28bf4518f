import Custody

/// A moment as the command line names it.
enum Reference {
  static let help = "a position, a date, an RFC 3339 time, P30D (days ago) or head"

  /// Which end of a range a reference stands for: a bare date starts `since` and ends `until`.
  enum End { case since, until }

  /// Narrows `filter` by one end of a range.
  static func apply(
    _ text: String, _ end: End, to filter: inout EventFilter, in store: Store
  ) throws {
    let moment = try moment(text, in: store, dateMeans: end == .since ? .start : .end)
    switch (moment, end) {
    case (.head, .since): filter.from = try store.head().position
    case (.position(let position), .since): filter.from = position
    case (.time(let time), .since): filter.since = time
    case (.head, .until): filter.to = try store.head().position.next
    case (.position(let position), .until): filter.to = position.next
    case (.time(let time), .until): filter.until = time
    }
  }

  /// - Throws: `usage` when `text` is no moment.
  static func moment(
    _ text: String, in store: Store, dateMeans day: Moment.DayEnd = .end
  ) throws -> Moment {
    guard let moment = store.moment(text, dateMeans: day) else {
      throw CustodyError(.usage, "\(text) is no moment: give \(help).")
    }
    return moment
  }

  /// A date or an RFC 3339 time.
  ///
  /// - Throws: `usage` when `text` is neither.
  static func time(
    _ text: String, in store: Store, dateMeans day: Moment.DayEnd = .end
  ) throws -> Timestamp {
    guard case .time(let time) = store.moment(text, dateMeans: day) else {
      throw CustodyError(.usage, "\(text) is no time: give a date or an RFC 3339 time.")
    }
    return time
  }
}
