/// A 16-byte identifier, printed as hexadecimal digits or as a UUID.
public protocol Identifier: FixedBytes {}

extension Identifier {
  /// The five groups of a UUID in lower case (RFC 9562 §4).
  public var uuid: String {
    String(unsafeUninitializedCapacity: 36) { text in
      let digits: StaticString = "0123456789abcdef"
      var place = 0
      withUnsafeBytes { bytes in
        for (index, byte) in bytes.enumerated() {
          if [4, 6, 8, 10].contains(index) {
            text[place] = UInt8(ascii: "-")
            place += 1
          }
          text[place] = digits.utf8Start[Int(byte >> 4)]
          text[place + 1] = digits.utf8Start[Int(byte & 15)]
          place += 2
        }
      }
      return place
    }
  }

  /// The identifier written as a UUID, with or without its hyphens, or nil.
  public init?(uuid: some StringProtocol) {
    let bytes = Array(uuid.utf8)
    if bytes.count == 36 {
      guard [8, 13, 18, 23].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }) else { return nil }
    }
    let digits = bytes.filter { $0 != UInt8(ascii: "-") }
    guard bytes.count == 32 || bytes.count == 36, let decoded = Hex.decode(digits) else {
      return nil
    }
    self.init(decoded)
  }
}

/// Which ledger an event belongs to.
public struct LedgerID: Identifier {
  /// 16, those of a UUID.
  public static let byteCount = 16
  private var a: UInt64 = 0
  private var b: UInt64 = 0
  /// The id that is all zero, which no ledger has.
  public init() {}
  /// The id as a UUID in lower case.
  public var description: String { uuid }
}

/// The identity of an event, and what makes appending it twice harmless.
public struct EventID: Identifier {
  /// 16, those of a UUID.
  public static let byteCount = 16
  private var a: UInt64 = 0
  private var b: UInt64 = 0
  /// The id that is all zero, which stands for none.
  public init() {}
  /// The id as a UUID in lower case.
  public var description: String { uuid }

  /// A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, then random bits.
  ///
  /// Time first, so that the index of ids grows at its end.
  public init(at time: Timestamp, random: (UInt64, UInt64)) {
    let milliseconds = UInt64(max(0, time.microseconds / 1000)) & 0xffff_ffff_ffff
    a = (milliseconds << 16 | 0x7000 | random.0 & 0x0fff).bigEndian
    b = (0x8000_0000_0000_0000 | random.1 & 0x3fff_ffff_ffff_ffff).bigEndian
  }

  /// A UUID of version 8 (RFC 9562 §5.8) made of a digest: the same digest, the same id.
  public init(derivedFrom digest: Digest) {
    self.init(digest.bytes.prefix(16))!
    a = (UInt64(bigEndian: a) & ~0xf000 | 0x8000).bigEndian
    b = (UInt64(bigEndian: b) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000).bigEndian
  }
}

/// Which data key seals a content. Random: it says nothing about the person.
public struct KeyID: Identifier {
  /// 16 random bytes; no version of UUID, so it prints as 32 hexadecimal digits.
  public static let byteCount = 16
  private var a: UInt64 = 0
  private var b: UInt64 = 0
  /// The id that is all zero, which no key has.
  public init() {}
}

/// The place of an event in its ledger, from 0 without a gap.
public struct Position: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// How many events of the ledger come before.
  public let value: Int

  /// The place with this many events before it; a negative number traps.
  public init(_ value: Int) {
    precondition(value >= 0, "a position is not negative")
    self.value = value
  }

  /// Whether `left` was recorded before `right`.
  public static func < (left: Position, right: Position) -> Bool { left.value < right.value }
  /// The number in decimal digits.
  public var description: String { String(value) }
  /// The position after this one; there is none after the largest number, which stands for the end.
  public var next: Position { Position(value == .max ? value : value + 1) }
}

/// The place of an event in its stream, from 0 without a gap.
public struct Revision: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// How many events of the stream come before.
  public let value: Int

  /// The place with this many events of the stream before it; a negative number traps.
  public init(_ value: Int) {
    precondition(value >= 0, "a revision is not negative")
    self.value = value
  }

  /// Whether `left` comes before `right` in one and the same stream.
  public static func < (left: Revision, right: Revision) -> Bool { left.value < right.value }
  /// The number in decimal digits.
  public var description: String { String(value) }
}
