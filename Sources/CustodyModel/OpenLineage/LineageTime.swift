import CustodyLedger

/// A time of an event, and whether it says in which zone it is.
///
/// Some producers leave the zone out. Such a time is kept, read as UTC and marked, so that nobody
/// orders anything by it.
package struct LineageTime: Hashable, Sendable, CustomStringConvertible {
  package let timestamp: Timestamp
  package let hasZone: Bool

  package var description: String {
    hasZone ? "\(timestamp)" : "\(timestamp) (without a zone)"
  }

  static let rule = "a time as in 2026-01-31T08:00:00.000Z is expected"

  /// RFC 3339's date-time, or the same without the zone; years run from 0001 to 9999.
  package init?(_ text: String) {
    var text = text
    let zone = text.withUTF8 { Self.zone(UnsafeRawBufferPointer($0)) }
    guard let zone, let timestamp = Timestamp(zone == .missing ? "\(text)Z" : text) else {
      return nil
    }
    self.timestamp = timestamp
    hasZone = zone == .given
  }

  init?(_ value: JSONValue?) {
    guard let text = value?.string else { return nil }
    self.init(text)
  }

  static func isTime(_ text: ArraySlice<UInt8>) -> Bool {
    text.withUnsafeBytes { zone($0) } != nil
  }

  private enum Zone { case given, missing }

  /// RFC 3339 §5.6; nil when `text` is no such time. Looked at in place, because every facet with a
  /// time is checked and few are read.
  private static func zone(_ text: UnsafeRawBufferPointer) -> Zone? {
    guard text.count >= 19 else { return nil }
    func two(_ at: Int) -> Int? {
      guard at + 1 < text.count, ASCII.isDigit(text[at]), ASCII.isDigit(text[at + 1]) else {
        return nil
      }
      return Int(text[at] - 0x30) * 10 + Int(text[at + 1] - 0x30)
    }
    func isAt(_ at: Int, _ sign: UInt8) -> Bool { at < text.count && text[at] == sign }
    guard let century = two(0), let rest = two(2), let month = two(5), let day = two(8),
      let hour = two(11), let minute = two(14), let second = two(17),
      isAt(4, UInt8(ascii: "-")), isAt(7, UInt8(ascii: "-")), isAt(13, UInt8(ascii: ":")),
      isAt(16, UInt8(ascii: ":")), [0x54, 0x74, 0x20].contains(text[10])
    else { return nil }
    let year = century * 100 + rest
    guard year >= 1, (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 60,
      day <= days(in: month, of: year)
    else { return nil }
    var at = 19
    if isAt(at, UInt8(ascii: ".")) {
      at += 1
      let first = at
      while at < text.count, ASCII.isDigit(text[at]) { at += 1 }
      if at == first { return nil }
    }
    if at == text.count { return .missing }
    if text[at] | 0x20 == UInt8(ascii: "z") { return at + 1 == text.count ? .given : nil }
    guard text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-"), at + 6 == text.count,
      let hours = two(at + 1), let minutes = two(at + 4), isAt(at + 3, UInt8(ascii: ":")),
      hours < 24, minutes < 60
    else { return nil }
    return .given
  }

  private static func days(in month: Int, of year: Int) -> Int {
    let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    return switch month {
    case 2: isLeap ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
