import Custody
import Foundation

/// A moment as the command line names it: a position, a date or time, `P30D` ago, or `head`.
enum Reference {
  static let help = "a position, a date, an RFC 3339 time, P30D (days ago) or head"

  /// Which end of a range a reference stands for: a bare date starts `since` and ends `until`.
  enum End { case since, until }

  /// Narrows `filter` by one end of a range.
  static func apply(
    _ text: String, _ end: End, to filter: inout EventFilter, in store: Store
  ) throws {
    let position = text == "head" ? try store.head().position.value : Int(text)
    if let position {
      guard position >= 0 else { throw unknown(text) }
      switch end {
      case .since: filter.from = Position(position)
      // Nothing stands at or after the last number there is.
      case .until: filter.to = Position(min(position, Int.max - 1) + 1)
      }
      return
    }
    guard let time = time(text, end) else { throw unknown(text) }
    switch end {
    case .since: filter.since = time
    case .until: filter.until = time
    }
  }

  private static func time(_ text: String, _ end: End) -> Timestamp? {
    if text.hasPrefix("P"), text.hasSuffix("D"), let days = Int64(text.dropFirst().dropLast()),
      (0...1_000_000).contains(days)
    {
      let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
      return Timestamp(microseconds: now - days * 86_400_000_000)
    }
    guard let time = Timestamp(text) else { return nil }
    // "A bare date means the end of that day UTC in --until, its start in --since."
    let isDate = text.utf8.count == 10
    guard isDate, end == .until else { return time }
    return Timestamp(microseconds: time.microseconds + 86_400_000_000 - 1)
  }

  private static func unknown(_ text: String) -> CustodyError {
    CustodyError(.usage, "\(text) is no moment: give \(help).")
  }
}
