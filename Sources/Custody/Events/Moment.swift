import CustodyStore

/// A moment in the life of a ledger: a query looks at what the ledger knew then.
public enum Moment: Hashable, Sendable {
  /// Now.
  case head
  /// When the event at a position had come, and none after it.
  case position(Position)
  /// When everything recorded up to a time had come, and nothing after it.
  case time(Timestamp)

  /// Which end of a day a bare date stands for.
  public enum DayEnd: Sendable {
    /// 00:00:00 UTC.
    case start
    /// The last microsecond of the day in UTC.
    case end
  }

  /// Reads a moment as the command line names it: `41`, a date, an RFC 3339 time, `P30D`, `head`.
  ///
  /// - Parameters:
  ///   - text: what to read; anything else gives nil.
  ///   - now: what `P30D`, thirty days ago, is counted from.
  ///   - day: which end of the day a bare date means.
  public init?(_ text: String, now: Timestamp, dateMeans day: DayEnd = .end) {
    if text == "head" {
      self = .head
    } else if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let position = Int(text) {
      self = .position(Position(position))
    } else if let match = text.wholeMatch(of: /P([0-9]{1,7})D/), let days = Int64(match.1) {
      self = .time(Timestamp(microseconds: now.microseconds - days * Self.day))
    } else if let time = Timestamp(text) {
      let isDate = text.utf8.count == 10
      self = .time(
        isDate && day == .end ? Timestamp(microseconds: time.microseconds + Self.day - 1) : time)
    } else {
      return nil
    }
  }

  private static let day: Int64 = 86_400_000_000
}

extension Store {
  /// Reads a moment; days are counted back from the store's clock.
  ///
  /// - Returns: nil when it is none: see ``Moment/init(_:now:dateMeans:)``.
  public func moment(_ text: String, dateMeans day: Moment.DayEnd = .end) -> Moment? {
    Moment(text, now: folder.environment.now(), dateMeans: day)
  }

  /// How many events the ledger had at a moment; of a position that is yet to come, as many as it
  /// has.
  public func eventCount(at moment: Moment) throws -> Int {
    try folder.read { reader in
      let size = try reader.size()
      switch moment {
      case .head: return size
      case .position(let position): return min(position.value, size - 1) + 1
      case .time(let time):
        guard time.microseconds < .max else { return size }
        return try reader.firstPosition(
          recordedSince: Timestamp(microseconds: time.microseconds + 1))
      }
    }
  }
}
