/// Takes apart what holds several events: one object, an array of them, or a line each.
///
/// What is wrong with one part is a fault of that part. Parts are ranges of the bytes that were
/// given: nothing is copied before it is read.
package enum OpenLineageSplitter {
  /// Where a part stands, for messages.
  package enum Place: Hashable, Sendable, CustomStringConvertible {
    case whole
    /// From 1, as editors count.
    case line(Int)
    /// From 0, as JSON paths count.
    case element(Int)

    package var description: String {
      switch self {
      case .whole: "the event"
      case .line(let number): "line \(number)"
      case .element(let index): "element \(index)"
      }
    }
  }

  package struct Part: Sendable {
    package let place: Place
    /// Where its bytes are; of a part with a fault, where it would be.
    package let range: Range<Int>
    /// Why there is no event here; its path begins at the whole.
    package let fault: OpenLineageFault?
  }

  /// The event of a line, its number counted by the caller; nil for an empty one. White space
  /// around it and the CR of another system are no part of it.
  package static func line(
    _ bytes: ArraySlice<UInt8>, number: Int
  ) -> Part? {
    let text = trimmed(bytes)
    guard !text.isEmpty else { return nil }
    return Part(place: .line(number), range: text.indices, fault: mark(text))
  }

  /// The events of a whole file.
  ///
  /// Lines, if the first holds a whole JSON text or several begin with a brace at their first byte,
  /// unless all is one JSON text. An array that breaks off keeps the elements before its fault.
  package static func parts(_ bytes: [UInt8]) -> [Part] {
    let text = trimmed(bytes[...])
    if text.isEmpty {
      return [Part(place: .whole, range: text.indices, fault: empty)]
    }
    if let fault = mark(text) { return [Part(place: .whole, range: text.indices, fault: fault)] }
    if text.first == UInt8(ascii: "[") { return elements(bytes) }
    if isLines(text) { return lines(bytes) }
    return [Part(place: .whole, range: text.indices, fault: nil)]
  }

  private static let empty = OpenLineageFault(path: "$", rule: "nothing is here")

  /// RFC 8259 §8.1: "MUST NOT add a byte order mark".
  private static func mark(_ text: ArraySlice<UInt8>) -> OpenLineageFault? {
    if text.starts(with: ASCII.byteOrderMark) {
      return OpenLineageFault(
        path: "$", rule: "a byte-order mark stands before it; save it as UTF-8 without one")
    }
    return text.starts(with: [0xff, 0xfe]) || text.starts(with: [0xfe, 0xff])
      ? OpenLineageFault(path: "$", rule: "is UTF-16; save it as UTF-8") : nil
  }

  // MARK: - Elements

  private static func elements(_ bytes: [UInt8]) -> [Part] {
    let (ranges, fault) = bytes.withUnsafeBytes { JSONText.elementsBeforeFault($0) }
    var parts = ranges.enumerated().map {
      Part(place: .element($0.offset), range: $0.element, fault: nil)
    }
    if let fault {
      let start = ranges.last?.upperBound ?? 0
      parts.append(
        Part(
          place: .element(parts.count), range: start..<bytes.count,
          fault: OpenLineageFault(
            path: "$[\(parts.count)]",
            rule: "\(fault.reason), at byte \(fault.offset); the array is not read further")))
    }
    return parts
  }

  // MARK: - Lines

  private static func isLines(_ text: ArraySlice<UInt8>) -> Bool {
    let end = text.firstIndex(of: ASCII.lf) ?? text.endIndex
    guard end < text.endIndex else { return false }
    if isJSON(trimmed(text[..<end])) { return true }
    // Of lines it takes no more than the first to tell.
    if isJSON(text) { return false }
    var braces = 0
    var isStart = true
    for byte in text {
      if isStart, byte == UInt8(ascii: "{") { braces += 1 }
      if braces > 1 { return true }
      isStart = byte == ASCII.lf
    }
    return false
  }

  private static func isJSON(_ text: ArraySlice<UInt8>) -> Bool {
    text.withUnsafeBytes { raw in
      do throws(JSONText.Fault) {
        try JSONText.validate(raw)
        return true
      } catch {
        return false
      }
    }
  }

  private static func lines(_ bytes: [UInt8]) -> [Part] {
    var parts: [Part] = []
    var start = 0
    var number = 0
    while start < bytes.count {
      number += 1
      let end = bytes.withUnsafeBytes { ByteSearch.first(ASCII.lf, in: $0, from: start) }
      if let part = line(bytes[start..<end], number: number) { parts.append(part) }
      start = end + 1
    }
    return parts
  }

  /// Without JSON's white space around it.
  private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool {
      byte == 0x20 || byte == 0x09 || ASCII.isLineEnd(byte)
    }
    let tail = text.drop(while: isSpace)
    guard let last = tail.lastIndex(where: { !isSpace($0) }) else { return tail.prefix(0) }
    return tail[...last]
  }
}
