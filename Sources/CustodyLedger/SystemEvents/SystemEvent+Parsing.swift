extension SystemEvent {
  /// What an event of the library explains, or nil when its bytes are not exactly the format's.
  ///
  /// - Parameter position: the event's own; everything it names lies below it.
  package init?(
    type: some Sequence<UInt8>, version: UInt16, content: some Collection<UInt8>,
    at position: Position
  ) {
    guard version == Self.typeVersion else { return nil }
    var text = ExactText(content)
    let event: SystemEvent?
    switch String(decoding: Array(type), as: UTF8.self) {
    case "ledger.created": event = Self.created(&text)
    case "key.created": event = Self.keyCreated(&text)
    case "key.destroyed": event = Self.keyDestroyed(&text, below: position)
    case "ledger.purged": event = Self.purged(&text, below: position)
    case "ledger.restored": event = Self.restored(&text, at: position)
    default: event = nil
    }
    guard let event, text.isAtEnd else { return nil }
    self = event
  }

  private static func created(_ text: inout ExactText) -> SystemEvent? {
    guard text.skip(#"{"organization":""#), let organization = text.until("\""),
      Origin.isOrganization(organization), text.skip("\"}")
    else { return nil }
    return .created(organization: organization)
  }

  private static func keyCreated(_ text: inout ExactText) -> SystemEvent? {
    guard text.skip(#"{"key":""#), let key = text.until("\""), text.skip(#"","purpose":""#),
      let word = text.until("\""), let purpose = KeyCreated.Purpose(rawValue: word),
      text.skip("\"}"), ExactText.isLowerHex(key)
    else { return nil }
    if purpose == .signing {
      return Digest(hex: key).map { .keyCreated(KeyCreated(signing: PublicKey($0))) }
    }
    return KeyID(hex: key).map { .keyCreated(KeyCreated(purpose: purpose, key: $0)) }
  }

  private static func keyDestroyed(
    _ text: inout ExactText, below position: Position
  ) -> SystemEvent? {
    guard text.skip(#"{"keys":["#) else { return nil }
    var keys: [KeyID] = []
    while !text.skip("]") {
      guard keys.isEmpty || text.skip(","), text.skip("\""), let hex = text.until("\""),
        ExactText.isLowerHex(hex), let key = KeyID(hex: hex), text.skip("\"")
      else { return nil }
      keys.append(key)
    }
    guard !keys.isEmpty, text.skip(#","reason":""#), let word = text.until("\""),
      let reason = KeyDestroyed.Reason(rawValue: word), text.skip(#"","request":"#),
      let request = text.position(below: position), text.skip("}")
    else { return nil }
    return .keyDestroyed(KeyDestroyed(keys: keys, reason: reason, request: request.value))
  }

  private static func purged(_ text: inout ExactText, below position: Position) -> SystemEvent? {
    guard text.skip(#"{"reason":""#), let word = text.until("\""),
      let reason = Purged.Reason(rawValue: word), text.skip(#"","request":"#),
      let request = text.position(below: position), text.skip(#","positions":["#)
    else { return nil }
    var ranges: [ClosedRange<Int>] = []
    while !text.skip("]") {
      guard ranges.isEmpty || text.skip(","), text.skip("["), let from = text.number(),
        text.skip(","), let to = text.number(), text.skip("]"), from <= to,
        to < position.value
      else { return nil }
      // "neither touching nor overlapping"
      if let last = ranges.last, from <= last.upperBound + 1 { return nil }
      ranges.append(from...to)
    }
    guard text.skip(#","leaves":""#), let leaves = text.digest(), text.skip(#"","objects":""#),
      let objects = text.digest(), text.skip("\"}")
    else { return nil }
    return .purged(
      Purged(
        reason: reason, request: request.value, positions: ranges, leaves: leaves,
        objects: objects))
  }

  private static func restored(_ text: inout ExactText, at position: Position) -> SystemEvent? {
    guard text.skip(#"{"size":"#), let size = text.number(), size == position.value,
      text.skip(#","root":""#), let root = text.digest(), text.skip(#"","incarnation":"#),
      let incarnation = text.number(), incarnation >= 2, text.skip(#","lost":"#)
    else { return nil }
    var lost: Restored.Lost?
    if !text.skip("null") {
      guard text.skip(#"{"origin":""#), let origin = text.until("\"").flatMap({ Origin($0) }),
        text.skip(#"","size":"#), let size = text.number(), text.skip(#","root":""#),
        let root = text.digest(), text.skip("\"}")
      else { return nil }
      lost = Restored.Lost(origin: origin, size: size, root: root)
    }
    guard text.skip("}") else { return nil }
    return .restored(Restored(size: size, root: root, incarnation: incarnation, lost: lost))
  }
}

/// Reads JSON that may be written in one way only: each byte is expected.
private struct ExactText {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: some Collection<UInt8>) { rest = Array(bytes)[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ text: String) -> Bool {
    guard rest.starts(with: text.utf8) else { return false }
    rest = rest.dropFirst(text.utf8.count)
    return true
  }

  /// What stands before `end`, which stays.
  mutating func until(_ end: Unicode.Scalar) -> String? {
    guard let at = rest.firstIndex(of: UInt8(ascii: end)),
      let text = String(validating: rest[..<at], as: UTF8.self)
    else { return nil }
    rest = rest[at...]
    return text
  }

  mutating func number() -> Int? {
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard let value = Decimal.parse(digits) else { return nil }
    rest = rest.dropFirst(digits.count)
    return value
  }

  struct OptionalPosition { let value: Position? }

  /// A position or null.
  mutating func position(below limit: Position) -> OptionalPosition? {
    if skip("null") { return OptionalPosition(value: nil) }
    guard let value = number(), value < limit.value else { return nil }
    return OptionalPosition(value: Position(value))
  }

  mutating func digest() -> Digest? {
    let digits = rest.prefix(2 * Digest.byteCount)
    guard let text = String(validating: digits, as: UTF8.self), ExactText.isLowerHex(text),
      let digest = Digest(hex: text)
    else { return nil }
    rest = rest.dropFirst(digits.count)
    return digest
  }

  static func isLowerHex(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
  }
}
