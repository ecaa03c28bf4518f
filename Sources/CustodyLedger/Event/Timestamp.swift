/// A moment: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Microseconds since 1970-01-01T00:00:00Z; negative before. Any value can be written down.
  public let microseconds: Int64

  /// The moment so many microseconds after 1970-01-01T00:00:00Z.
  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// Whether `left` is earlier than `right`.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.microseconds < right.microseconds
  }

  /// RFC 3339 in UTC, with six decimals when there are any: `2026-01-01T00:00:00.000003Z`.
  public var description: String {
    let (seconds, fraction) = microseconds.flooredDivision(by: 1_000_000)
    let (days, second) = seconds.flooredDivision(by: 86_400)
    let (year, month, day) = Timestamp.civil(days: days)
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    func padded(_ value: Int64, _ width: Int) -> String {
      let digits = String(abs(value))
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date = "\(year < 0 ? "-" : "")\(padded(year, 4))-\(two(month))-\(two(day))"
    let time = "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
    return "\(date)T\(time)\(fraction == 0 ? "" : ".\(padded(fraction, 6))")Z"
  }

  /// A date (its start, UTC) or an RFC 3339 time with a zone, or nil.
  ///
  /// More than six decimals are cut off; years run from 0001 to 9999; a leap second is refused.
  public init?(_ text: some StringProtocol) {
    var scanner = DigitScanner(text.utf8)
    guard let year = scanner.digits(4), scanner.skip("-"), let month = scanner.digits(2),
      scanner.skip("-"), let day = scanner.digits(2), year >= 1, (1...12).contains(month),
      (1...Timestamp.days(in: month, of: year)).contains(day)
    else { return nil }
    var seconds = Timestamp.days(year: year, month: month, day: day) * 86_400
    var fraction: Int64 = 0
    if !scanner.isAtEnd {
      guard scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
        let hour = scanner.digits(2), scanner.skip(":"), let minute = scanner.digits(2),
        scanner.skip(":"), let second = scanner.digits(2), hour < 24, minute < 60, second < 60
      else { return nil }
      seconds += hour * 3600 + minute * 60 + second
      if scanner.skip(".") {
        guard let decimals = scanner.fraction() else { return nil }
        fraction = decimals
      }
      if !(scanner.skip("Z") || scanner.skip("z")) {
        let west = scanner.skip("-")
        guard west || scanner.skip("+"), let hour = scanner.digits(2), scanner.skip(":"),
          let minute = scanner.digits(2), hour < 24, minute < 60
        else { return nil }
        seconds -= (hour * 3600 + minute * 60) * (west ? -1 : 1)
      }
    }
    guard scanner.isAtEnd else { return nil }
    microseconds = seconds * 1_000_000 + fraction
  }

  // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil and
  // civil_from_days: eras of 400 years that start on 1 March.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = year.flooredDivision(by: 400)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  private static func days(in month: Int64, of year: Int64) -> Int64 {
    let leap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    switch month {
    case 2: return leap ? 29 : 28
    case 4, 6, 9, 11: return 30
    default: return 31
    }
  }
}

extension Int64 {
  /// The quotient rounded down and the remainder that is never negative.
  fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

/// Reads the fixed-width numbers of a time.
private struct DigitScanner {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: some Sequence<UInt8>) { rest = Array(bytes)[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  mutating func digits(_ count: Int) -> Int64? {
    guard rest.count >= count else { return nil }
    var value: Int64 = 0
    for byte in rest.prefix(count) {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    rest.removeFirst(count)
    return value
  }

  /// One digit or more after a point, in microseconds.
  mutating func fraction() -> Int64? {
    var value: Int64 = 0
    var count = 0
    while let digit = digits(1) {
      if count < 6 { value = value * 10 + digit }
      count += 1
    }
    guard count > 0 else { return nil }
    while count < 6 {
      value *= 10
      count += 1
    }
    return value
  }
}
