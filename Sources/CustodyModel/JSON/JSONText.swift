/// JSON (RFC 8259) as bytes: checked, and taken apart without being turned into values.
///
/// Events keep the exact bytes that their caller gave, so nothing here re-encodes. SQLite's
/// `json_valid` is as fast but says neither where an error is nor where a member's bytes are.
package struct JSONText {
  /// Deeper nesting is refused, so that no later reader of the content runs out of stack.
  package static let depthMax = 512

  /// Why bytes are no JSON text, and where.
  package struct Fault: Error, Equatable {
    package let reason: String
    /// In bytes from the start.
    package let offset: Int
  }

  private let bytes: UnsafeRawBufferPointer
  private var at = 0
  /// What the outermost object or array holds.
  private var members: [Member] = []
  private var elements: [Range<Int>] = []
  /// What is to be written down beside the check.
  private let kept: Kept
  private var nodes: [JSONDocument.Node] = []
  /// Whether the last string that was read has escapes.
  private var hasEscapes = false

  private enum Kept {
    case nothing
    /// What the outermost value holds, in `members` and `elements`.
    case parts
    /// Every value, in `nodes`.
    case nodes
  }

  private init(_ bytes: UnsafeRawBufferPointer, keeping kept: Kept = .nothing) {
    self.bytes = bytes
    self.kept = kept
  }

  /// Checks that `bytes` are one JSON text in UTF-8, white space around it allowed.
  package static func validate(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
    var text = JSONText(bytes)
    text.skipSpace()
    try text.value(depth: 0)
    try text.end()
  }

  /// One member of the outermost object.
  package struct Member {
    package let name: String
    /// Where its value's bytes are, without white space around them.
    package let range: Range<Int>
    /// Where its name starts, for messages.
    package let offset: Int
  }

  /// Checks `bytes` and takes the outermost object apart.
  package static func members(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> [Member] {
    var text = JSONText(bytes, keeping: .parts)
    text.skipSpace()
    guard text.peek == UInt8(ascii: "{") else {
      throw text.fault(text.otherEncoding ?? "an object is expected")
    }
    try text.object(depth: 0)
    try text.end()
    return text.members
  }

  /// Checks `bytes` and takes the outermost array apart: where each element's bytes are.
  package static func elements(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> [Range<Int>] {
    let (elements, fault) = elementsBeforeFault(bytes)
    if let fault { throw fault }
    return elements
  }

  /// The elements of the outermost array up to the first fault, if there is one.
  package static func elementsBeforeFault(
    _ bytes: UnsafeRawBufferPointer
  ) -> (elements: [Range<Int>], fault: Fault?) {
    var text = JSONText(bytes, keeping: .parts)
    text.skipSpace()
    do throws(Fault) {
      guard text.peek == UInt8(ascii: "[") else { throw text.fault("an array is expected") }
      try text.array(depth: 0)
      try text.end()
      return (text.elements, nil)
    } catch {
      return (text.elements, error)
    }
  }

  /// Checks `bytes` and says where every value within is, each before what it holds.
  static func nodes(_ bytes: UnsafeRawBufferPointer) -> Result<[JSONDocument.Node], Fault> {
    precondition(bytes.count <= UInt32.max)
    var text = JSONText(bytes, keeping: .nodes)
    text.nodes.reserveCapacity(bytes.count / 12 + 8)
    text.skipSpace()
    do throws(Fault) {
      try text.value(depth: 0)
      try text.end()
      return .success(text.nodes)
    } catch {
      return .failure(error)
    }
  }

  /// The text of a JSON string, or nil when `bytes` are none.
  package static func string(_ bytes: UnsafeRawBufferPointer) -> String? {
    var text = JSONText(bytes)
    guard text.peek == UInt8(ascii: "\"") else { return nil }
    do {
      let range = try text.string()
      guard text.at == bytes.count else { return nil }
      return unescape(UnsafeRawBufferPointer(rebasing: bytes[range]))
    } catch {
      return nil
    }
  }

  // MARK: - Grammar

  private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

  private func fault(_ reason: String) -> Fault { Fault(reason: reason, offset: at) }

  private mutating func skipSpace() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0a, 0x0d: at += 1
      default: return
      }
    }
  }

  private mutating func end() throws(Fault) {
    skipSpace()
    guard at == bytes.count else { throw fault("nothing is expected after the value") }
  }

  private mutating func value(depth: Int) throws(Fault) {
    guard depth <= Self.depthMax else {
      throw fault("nesting deeper than \(Self.depthMax) is refused")
    }
    let (node, start) = (nodes.count, at)
    if kept == .nodes { nodes.append(JSONDocument.Node(.null, start..<start)) }
    switch peek {
    case UInt8(ascii: "{"): try object(depth: depth)
    case UInt8(ascii: "["): try array(depth: depth)
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"): try literal("true")
    case UInt8(ascii: "f"): try literal("false")
    case UInt8(ascii: "n"): try literal("null")
    case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): try number()
    case nil: throw fault("the text ends where a value is expected")
    default: throw fault(otherEncoding ?? "a value is expected")
    }
    if kept == .nodes {
      nodes[node] = JSONDocument.Node(
        JSONDocument.Kind(first: bytes[start]), start..<at, hasEscapes: hasEscapes,
        after: nodes.count)
    }
  }

  /// What a text that is not plain UTF-8 begins with; RFC 8259 §8.1: "MUST NOT add a byte order
  /// mark".
  private var otherEncoding: String? {
    guard at == 0 else { return nil }
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) {
      return "a byte-order mark stands before the text; save it as UTF-8 without one"
    }
    let isUTF16 = bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff])
    return isUTF16 ? "the text is UTF-16; save it as UTF-8" : nil
  }

  private mutating func object(depth: Int) throws(Fault) {
    at += 1
    skipSpace()
    if peek == UInt8(ascii: "}") {
      at += 1
      return
    }
    while true {
      guard peek == UInt8(ascii: "\"") else { throw fault("a member name in quotes is expected") }
      let offset = at
      let name = try string()
      if kept == .nodes {
        nodes.append(
          JSONDocument.Node(
            .string, offset..<at, hasEscapes: hasEscapes, after: nodes.count + 1))
      }
      skipSpace()
      guard peek == UInt8(ascii: ":") else { throw fault("a colon is expected") }
      at += 1
      skipSpace()
      let start = at
      try value(depth: depth + 1)
      if depth == 0, kept == .parts {
        members.append(
          Member(
            name: Self.unescape(UnsafeRawBufferPointer(rebasing: bytes[name])),
            range: start..<at, offset: offset))
      }
      skipSpace()
      switch peek {
      case UInt8(ascii: ","):
        at += 1
        skipSpace()
      case UInt8(ascii: "}"):
        at += 1
        return
      default: throw fault("a comma or a closing brace is expected")
      }
    }
  }

  private mutating func array(depth: Int) throws(Fault) {
    at += 1
    skipSpace()
    if peek == UInt8(ascii: "]") {
      at += 1
      return
    }
    while true {
      let start = at
      try value(depth: depth + 1)
      if depth == 0, kept == .parts { elements.append(start..<at) }
      skipSpace()
      switch peek {
      case UInt8(ascii: ","):
        at += 1
        skipSpace()
      case UInt8(ascii: "]"):
        at += 1
        return
      default: throw fault("a comma or a closing bracket is expected")
      }
    }
  }

  private mutating func literal(_ word: StaticString) throws(Fault) {
    for index in 0..<word.utf8CodeUnitCount {
      guard peek == word.utf8Start[index] else { throw fault("\(word) is expected") }
      at += 1
    }
  }

  /// `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?`
  private mutating func number() throws(Fault) {
    if peek == UInt8(ascii: "-") { at += 1 }
    if peek == UInt8(ascii: "0") {
      at += 1
      if let next = peek, Self.isDigit(next) { throw fault("a number has no leading zero") }
    } else {
      try digits()
    }
    if peek == UInt8(ascii: ".") {
      at += 1
      try digits()
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      at += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { at += 1 }
      try digits()
    }
  }

  private mutating func digits() throws(Fault) {
    guard let first = peek, Self.isDigit(first) else { throw fault("a digit is expected") }
    while let next = peek, Self.isDigit(next) { at += 1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// The range between the quotes; escapes and UTF-8 are checked.
  private mutating func string() throws(Fault) -> Range<Int> {
    at += 1
    let start = at
    hasEscapes = false
    while at < bytes.count {
      skipPlain()
      guard at < bytes.count else { break }
      let byte = bytes[at]
      switch byte {
      case UInt8(ascii: "\""):
        at += 1
        return start..<at - 1
      case UInt8(ascii: "\\"):
        hasEscapes = true
        try escape()
      case 0..<0x20: throw fault("a control character in a string has to be escaped")
      case 0..<0x80: at += 1
      default: try multibyte()
      }
    }
    throw fault("the text ends inside a string")
  }

  /// Skips eight bytes at a time while they are ASCII without quote, backslash or control.
  @inline(__always)
  private mutating func skipPlain() {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    // A byte is zero where (v - 1) & ~v has its high bit; a false hit above a true one only ends
    // the skipping early.
    func zero(_ value: UInt64) -> UInt64 { (value &- ones) & ~value & highs }
    while at + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      let special =
        word & highs | zero(word ^ ones &* 0x22) | zero(word ^ ones &* 0x5c)
        | zero(word & (ones &* 0xe0))
      if special != 0 { return }
      at += 8
    }
  }

  private mutating func escape() throws(Fault) {
    at += 1
    switch peek {
    case UInt8(ascii: "u"):
      let value = try hexadecimal()
      // A high surrogate needs its low one, or the string has no Unicode scalars.
      if (0xd800..<0xdc00).contains(value) {
        guard peek == UInt8(ascii: "\\"), at + 1 < bytes.count,
          bytes[at + 1] == UInt8(ascii: "u")
        else { throw fault("the second half of a surrogate pair is expected") }
        at += 1
        guard (0xdc00..<0xe000).contains(try hexadecimal()) else {
          throw fault("the second half of a surrogate pair is expected")
        }
      } else if (0xdc00..<0xe000).contains(value) {
        throw fault("half of a surrogate pair stands alone")
      }
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      at += 1
    default: throw fault("an escape is expected after the backslash")
    }
  }

  private mutating func hexadecimal() throws(Fault) -> UInt32 {
    at += 1
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw fault("four hexadecimal digits are expected")
      }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }

  private mutating func multibyte() throws(Fault) {
    guard let count = ByteSearch.multibyteCount(in: bytes, at: at) else {
      throw fault("the text is not UTF-8")
    }
    at += count
  }

  /// The text of a checked string.
  private static func unescape(_ bytes: UnsafeRawBufferPointer) -> String {
    guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
    return String(decoding: unescaped(bytes), as: UTF8.self)
  }

  /// The UTF-8 of a checked string.
  static func unescaped(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var at = 0
    while at < bytes.count {
      guard bytes[at] == UInt8(ascii: "\\") else {
        out.append(bytes[at])
        at += 1
        continue
      }
      at += 2
      switch bytes[at - 1] {
      case UInt8(ascii: "b"): out.append(0x08)
      case UInt8(ascii: "f"): out.append(0x0c)
      case UInt8(ascii: "n"): out.append(0x0a)
      case UInt8(ascii: "r"): out.append(0x0d)
      case UInt8(ascii: "t"): out.append(0x09)
      case UInt8(ascii: "u"):
        var value = hexadecimal(bytes, at)
        at += 4
        if (0xd800..<0xdc00).contains(value) {
          // Checked: the low half follows, after a backslash and a u.
          value = 0x10000 + (value - 0xd800) << 10 + (hexadecimal(bytes, at + 2) - 0xdc00)
          at += 6
        }
        out.append(contentsOf: String(UnicodeScalar(value)!).utf8)
      default: out.append(bytes[at - 1])
      }
    }
    return out
  }

  private static func hexadecimal(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
    bytes[at..<at + 4].reduce(0) { value, byte in
      let digit = byte < UInt8(ascii: "A") ? byte - UInt8(ascii: "0") : byte & 0x0f + 9
      return value << 4 | UInt32(digit)
    }
  }
}
