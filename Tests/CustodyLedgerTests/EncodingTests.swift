import CustodyLedger
import Foundation
import Testing

@Suite("Base64")
struct Base64Tests {
  // RFC 4648 §10.
  @Test(
    "the test vectors of RFC 4648",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func known(text: String, digits: String) {
    #expect(Base64.encode(Array(text.utf8)) == digits)
    #expect(Base64.decode(digits) == Array(text.utf8))
  }

  @Test("encodes as Foundation does, and decodes it again", arguments: 0..<100)
  func roundTrip(count: Int) {
    var random = TestRandom(seed: UInt64(count))
    let bytes = random.bytes(count)
    let digits = Base64.encode(bytes)
    #expect(digits == Data(bytes).base64EncodedString())
    #expect(Base64.decode(digits) == bytes)
    #expect(Base64.decode("…\(digits)".dropFirst()) == bytes)
  }

  @Test("only the digits that would have been written are read")
  func canonical() {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var accepted = 0
    for first in alphabet {
      for second in alphabet {
        for end in ["==", "A=", "E=", "B="] {
          let digits = "\(first)\(second)\(end)"
          guard let bytes = Base64.decode(digits) else { continue }
          accepted += 1
          if Base64.encode(bytes) != digits { Issue.record("\(digits)") }
        }
      }
    }
    // 256 bytes alone, and 4,096 beginnings with A= and with E=; B= hides bits that are set.
    #expect(accepted == 256 + 2 * 4096)
  }

  @Test(
    "these are not base64",
    arguments: [
      "A", "AA", "AAA", "A===", "====", "=AAA", "AA=A", "AAAA====", "AA==AAAA", "Zg==Zg==",
      "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm9v ", "Zm 9v", "Zm9\u{301}", "Zm-_", "Zm9\u{0}",
      "Zm9ｖ", "%%%%",
    ])
  func refused(digits: String) {
    #expect(Base64.decode(digits) == nil)
  }
}

@Suite("Hexadecimal digits")
struct HexTests {
  @Test("every byte, both ways and in both cases")
  func bytes() throws {
    let bytes = [UInt8](0...255)
    let digits = Hex.encode(bytes)
    #expect(digits == bytes.map { String(format: "%02x", Int($0)) }.joined())
    #expect(Hex.decode(digits.utf8) == bytes)
    #expect(Hex.decode(digits.uppercased().utf8) == bytes)
    #expect(Hex.decode("".utf8) == [])
  }

  @Test("no other character is a digit, and none is left over")
  func refused() {
    let digits = Set("0123456789abcdefABCDEF".utf8)
    for byte in 0...255 as ClosedRange<UInt8> {
      #expect((Hex.decode([byte, 0x30]) != nil) == digits.contains(byte))
      #expect((Hex.decode([0x30, byte]) != nil) == digits.contains(byte))
    }
    #expect(Hex.decode("0".utf8) == nil)
    #expect(Hex.decode("abc".utf8) == nil)
  }

  @Test("values of fixed size have exactly their size")
  func fixedBytes() throws {
    let text = String(repeating: "0a", count: 16)
    let id = try #require(KeyID(hex: text))
    #expect(id.hex == text && id.bytes == [UInt8](repeating: 10, count: 16))
    #expect(KeyID(hex: text + "00") == nil && KeyID(hex: text.dropLast(2)) == nil)
    #expect(KeyID(hex: text.dropLast(1)) == nil && Digest(hex: text) == nil)
    #expect(KeyID().isZero && !id.isZero)
    #expect(KeyID([UInt8](repeating: 0, count: 17)) == nil)
  }

  @Test("they are ordered as their bytes are", arguments: 0..<200 as Range<UInt64>)
  func order(seed: UInt64) {
    var random = TestRandom(seed: seed)
    let left = random.fixed(Digest.self)
    let at = Int.random(in: 0..<32, using: &random)
    let right = Digest(left.bytes.prefix(at) + random.bytes(32 - at))!
    #expect((left < right) == left.bytes.lexicographicallyPrecedes(right.bytes))
    #expect((left == right) == (left.bytes == right.bytes))
    #expect(!(left < left))
  }
}

@Suite("Identifiers")
struct IdentifierTests {
  @Test("a UUID is written in lower case and read with or without hyphens")
  func uuid() throws {
    let text = "0191b6f0-0000-7000-8000-00000000c0de"
    let id = try #require(LedgerID(uuid: text))
    #expect(id.uuid == text && id.description == text)
    #expect(LedgerID(uuid: text.uppercased()) == id)
    #expect(LedgerID(uuid: id.hex) == id)
  }

  @Test(
    "these are no UUIDs",
    arguments: [
      "", "0191b6f0", "0191b6f0-0000-7000-8000-00000000c0d",
      "0191b6f0-0000-7000-8000-00000000c0dex",
      "0191b6f00000-7000-8000-00000000c0de", "0191b6f0-0000-7000-8000-00000000c0dg",
      "0191b6f-00000-7000-8000-00000000c0de", "0191b6f0-0000-7000-8000000000000-c0de",
      "----0191b6f000007000800000000000c0de", "0191b6f000007000800000000000c0d-",
      "{0191b6f0-0000-7000-8000-00000000c0de}",
    ])
  func refused(text: String) {
    #expect(EventID(uuid: text) == nil)
  }

  @Test(
    "a made id is a UUID of version 7 that starts with its time", arguments: 0..<50 as Range<UInt64>
  )
  func version7(seed: UInt64) throws {
    var random = TestRandom(seed: seed)
    let milliseconds = Int64.random(in: 0..<1 << 48, using: &random)
    let time = Timestamp(
      microseconds: milliseconds * 1000 + Int64.random(in: 0...999, using: &random))
    let id = EventID(at: time, random: (random.next(), random.next()))
    #expect(id.bytes.prefix(6).reduce(0 as Int64) { $0 << 8 | Int64($1) } == milliseconds)
    #expect(id.bytes[6] >> 4 == 7 && id.bytes[8] >> 6 == 0b10)
    let other = EventID(at: time, random: (random.next(), random.next()))
    #expect(id != other)
    #expect(
      EventID(at: Timestamp(microseconds: -5), random: (0, 0)).bytes.prefix(6).allSatisfy {
        $0 == 0
      })
  }

  @Test("a derived id is a UUID of version 8, the same for the same digest")
  func version8() {
    var random = TestRandom(seed: 8)
    let digest = random.fixed(Digest.self)
    let id = EventID(derivedFrom: digest)
    #expect(id == EventID(derivedFrom: digest))
    #expect(id.bytes[6] >> 4 == 8 && id.bytes[8] >> 6 == 0b10)
    for at in 0..<16 where at != 6 && at != 8 { #expect(id.bytes[at] == digest.bytes[at]) }
    #expect(id.bytes[6] & 15 == digest.bytes[6] & 15 && id.bytes[8] & 63 == digest.bytes[8] & 63)
  }
}

@Suite("Decimal numbers of notes and contents")
struct DecimalTests {
  @Test("a number has no sign and no leading zero, and fits in 63 bits")
  func numbers() {
    for value in [0, 1, 9, 10, 11, 4_611_686_018_427_387_904, Int.max] {
      #expect(Decimal.parse("\(value)".utf8) == value)
    }
    for text in [
      "", "00", "01", "+1", "-1", " 1", "1 ", "1.0", "1e3", "0x1", "9223372036854775808",
      "18446744073709551616", "99999999999999999999", "١",
    ] {
      #expect(Decimal.parse(text.utf8) == nil, "\(text)")
    }
  }
}
