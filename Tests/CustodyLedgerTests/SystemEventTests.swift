import CustodyLedger
import Testing

@Suite("The library's own events")
struct SystemEventTests {
  /// One of each shape: all members, null ones, one and several of what may be many.
  static let contents: [(type: String, position: Int, content: String)] = {
    let (hash, other) = (
      String(repeating: "0123456789abcdef", count: 4),
      String(repeating: "fedcba9876543210", count: 4)
    )
    let (key, second) = (String(hash.prefix(32)), String(other.prefix(32)))
    let origin = "example.org/eu/0191b6f0-0000-7000-8000-00000000c0de/1"
    return [
      ("ledger.created", 0, #"{"organization":"example.org"}"#),
      ("ledger.created", 0, #"{"organization":"école/中.example"}"#),
      ("key.created", 1, #"{"key":"\#(key)","purpose":"operations"}"#),
      ("key.created", 1, #"{"key":"\#(key)","purpose":"epoch"}"#),
      ("key.created", 1, #"{"key":"\#(key)","purpose":"run"}"#),
      ("key.created", 1, #"{"key":"\#(key)","purpose":"group"}"#),
      ("key.created", 1, #"{"key":"\#(hash)","purpose":"signing"}"#),
      (
        "key.destroyed", 20, #"{"keys":["\#(key)","\#(second)"],"reason":"erasure","request":13}"#
      ),
      ("key.destroyed", 20, #"{"keys":["\#(key)"],"reason":"expiry","request":null}"#),
      ("key.destroyed", 20, #"{"keys":["\#(key)"],"reason":"rotation","request":null}"#),
      (
        "ledger.purged", 20,
        #"{"reason":"erasure","request":10,"positions":[[0,3],[5,5],[7,19]],"#
          + #""leaves":"\#(hash)","objects":"\#(other)"}"#
      ),
      (
        "ledger.purged", 20,
        #"{"reason":"expiry","request":null,"positions":[],"leaves":"\#(hash)","objects":"\#(other)"}"#
      ),
      (
        "ledger.restored", 110,
        #"{"size":110,"root":"\#(hash)","incarnation":2,"lost":{"origin":"\#(origin)","#
          + #""size":113,"root":"\#(other)"}}"#
      ),
      (
        "ledger.restored", 110,
        #"{"size":110,"root":"\#(hash)","incarnation":12,"lost":null}"#
      ),
    ]
  }()

  private func parse(_ type: String, _ content: [UInt8], at position: Int) -> SystemEvent? {
    SystemEvent(type: type.utf8, version: 1, content: content, at: Position(position))
  }

  @Test("each is read and written back byte for byte", arguments: contents.indices)
  func roundTrip(number: Int) throws {
    let (type, position, content) = Self.contents[number]
    let event = try #require(parse(type, Array(content.utf8), at: position))
    #expect(event.type == type)
    #expect(event.content == Array(content.utf8))
    #expect(
      SystemEvent(type: type.utf8, version: 2, content: content.utf8, at: Position(position))
        == nil)
    for other in [
      "ledger.created", "key.created", "key.destroyed", "ledger.purged", "ledger.restored",
    ]
    where other != type {
      #expect(parse(other, Array(content.utf8), at: position) == nil)
    }
    #expect(parse("ledger.other", Array(content.utf8), at: position) == nil)
  }

  /// Values that digits, letters, JSON's signs and UTF-8 turn into, and all flipped bits.
  private static func replacements(of byte: UInt8) -> Set<UInt8> {
    var values = Set(#"0189afgAF"\{}[]:,+-.eE /nN"#.utf8)
    values.formUnion([0x00, 0x09, 0x0a, 0x0d, 0x7f, 0x80, 0xc2, 0xc3, 0xff])
    for bit in 0..<8 as Range<UInt8> { values.insert(byte ^ 1 << bit) }
    values.remove(byte)
    return values
  }

  @Test(
    "any changed, missing or added byte fails to parse, or is what that event writes",
    arguments: contents.indices)
  func exact(number: Int) {
    let (type, position, text) = Self.contents[number]
    let content = Array(text.utf8)
    let original = parse(type, content, at: position)
    func check(_ changed: [UInt8]) {
      guard let event = parse(type, changed, at: position) else { return }
      if event.content != changed || event == original {
        Issue.record("\(String(decoding: changed, as: UTF8.self))")
      }
    }
    for at in content.indices {
      for value in Self.replacements(of: content[at]) {
        var changed = content
        changed[at] = value
        check(changed)
        changed = content
        changed.insert(value, at: at)
        check(changed)
      }
      var shorter = content
      shorter.remove(at: at)
      check(shorter)
    }
    for value in 0...255 as ClosedRange<UInt8> {
      #expect(parse(type, content + [value], at: position) == nil)
      #expect(parse(type, [value] + content, at: position) == nil)
    }
    for count in content.indices {
      #expect(parse(type, Array(content[..<count]), at: position) == nil)
    }
  }

  private static let zeros = String(repeating: "0", count: 64)

  private static func purged(
    _ positions: String, request: String = "null", reason: String = "erasure"
  ) -> [UInt8] {
    let text =
      #"{"reason":"\#(reason)","request":\#(request),"positions":\#(positions),"#
      + #""leaves":"\#(zeros)","objects":"\#(zeros)"}"#
    return Array(text.utf8)
  }

  @Test("a purge names positions below its own, ascending, neither touching nor overlapping")
  func positions() {
    func isAccepted(_ positions: String, at position: Int = 10) -> Bool {
      parse("ledger.purged", Self.purged(positions), at: position) != nil
    }
    for good in ["[]", "[[0,0]]", "[[0,9]]", "[[0,3],[5,9]]", "[[1,1],[3,3],[5,5]]"] {
      #expect(isAccepted(good), "\(good)")
    }
    for bad in [
      "[[0,10]]", "[[10,10]]", "[[3,2]]", "[[0,3],[4,5]]", "[[0,3],[3,5]]", "[[0,3],[2,5]]",
      "[[5,6],[0,1]]", "[[0,1],[0,1]]", "[[0]]", "[[0,1,2]]", "[0,1]", "[[0,1],]", "[,[0,1]]",
      "[[0,1][3,4]]", "[[-1,1]]", "[[+1,1]]", "[[00,1]]", "[[0,01]]", "[[0,1.0]]", "[[0,1e0]]",
      "[[0,9223372036854775807]]", "[[0,9223372036854775808]]", "[[0,99999999999999999999]]",
      "[[0, 1]]", "[[0,1]]]", "null",
    ] {
      #expect(!isAccepted(bad), "\(bad)")
    }
    #expect(isAccepted("[[0,9223372036854775806]]", at: .max))
    #expect(!isAccepted("[[0,0]]", at: 0))
  }

  @Test("a request lies below its event")
  func requests() {
    for (request, isAccepted) in [
      ("0", true), ("9", true), ("null", true), ("10", false), ("-1", false), ("09", false),
      ("9.0", false), ("\"9\"", false), ("NULL", false), ("", false),
    ] {
      let purge = parse("ledger.purged", Self.purged("[]", request: request), at: 10)
      #expect((purge != nil) == isAccepted, "\(request)")
      let key = String(Self.zeros.prefix(32))
      let destroyed = parse(
        "key.destroyed",
        Array(#"{"keys":["\#(key)"],"reason":"erasure","request":\#(request)}"#.utf8), at: 10)
      #expect((destroyed != nil) == isAccepted, "\(request)")
    }
  }

  @Test("a destruction names at least one key")
  func noKeys() {
    let content = #"{"keys":[],"reason":"erasure","request":null}"#
    #expect(parse("key.destroyed", Array(content.utf8), at: 10) == nil)
  }

  @Test("a reason is one of its type's")
  func reasons() {
    #expect(parse("ledger.purged", Self.purged("[]", reason: "expiry"), at: 10) != nil)
    for reason in ["rotation", "Erasure", "erasure ", ""] {
      #expect(parse("ledger.purged", Self.purged("[]", reason: reason), at: 10) == nil)
    }
  }

  @Test("a key has 16 bytes, a public key for signing 32")
  func keys() {
    func isAccepted(_ purpose: String, _ digits: Int) -> Bool {
      let key = String(repeating: "a", count: digits)
      return parse(
        "key.created", Array(#"{"key":"\#(key)","purpose":"\#(purpose)"}"#.utf8), at: 1) != nil
    }
    for purpose in SystemEvent.KeyCreated.Purpose.allCases {
      for digits in [0, 31, 32, 33, 63, 64, 65] {
        #expect(
          isAccepted(purpose.rawValue, digits) == (digits == (purpose == .signing ? 64 : 32)),
          "\(purpose), \(digits) digits")
      }
    }
    #expect(!isAccepted("Signing", 64) && !isAccepted("", 32) && !isAccepted("subject", 32))
  }

  @Test("a recovered ledger says its own position, and an incarnation after the first")
  func restored() {
    func isAccepted(size: Int, incarnation: String, at position: Int = 10) -> Bool {
      let content =
        #"{"size":\#(size),"root":"\#(Self.zeros)","incarnation":\#(incarnation),"lost":null}"#
      return parse("ledger.restored", Array(content.utf8), at: position) != nil
    }
    #expect(isAccepted(size: 10, incarnation: "2"))
    #expect(!isAccepted(size: 9, incarnation: "2") && !isAccepted(size: 11, incarnation: "2"))
    for incarnation in ["0", "1", "02", "-2", "null"] {
      #expect(!isAccepted(size: 10, incarnation: incarnation), "\(incarnation)")
    }
  }

  @Test(
    "an organization has no white space, control, +, \" or \\, and is not empty",
    arguments: [
      ("example.org", true), ("a", true), ("a/b", true), ("école", true), ("-", true),
      ("", false), ("a b", false), ("a\u{a0}b", false), ("a\u{2003}b", false), ("a\tb", false),
      ("a\nb", false), ("a\u{7f}", false), ("a\u{85}", false), ("a+b", false), ("a\"b", false),
      ("a\\b", false), ("a\u{2028}", false),
    ])
  func organizations(organization: String, isAccepted: Bool) {
    #expect(Origin.isOrganization(organization) == isAccepted)
    let content = Array(#"{"organization":"\#(organization)"}"#.utf8)
    #expect((parse("ledger.created", content, at: 0) != nil) == isAccepted)
    let text = "\(organization)/0191b6f0-0000-7000-8000-00000000c0de/1"
    #expect((Origin(text) != nil) == isAccepted)
  }

  @Test("content that is not UTF-8 explains nothing")
  func notUTF8() {
    let content = Array(#"{"organization":""#.utf8) + [0xc3] + Array(#""}"#.utf8)
    #expect(parse("ledger.created", content, at: 0) == nil)
  }

  @Test("types that only the library writes")
  func reserved() {
    for type in [
      "ledger.created", "ledger.x", "ledger.", "key.created", "key.", "checkpoint.timestamped",
    ] {
      #expect(SystemEvent.isReserved(type: type.utf8), "\(type)")
    }
    for type in [
      "ledger", "key", "keys.created", "ledgers.x", "checkpoint.timestamped2", "checkpoint.signed",
      "Ledger.created", "run.key.created",
    ] {
      #expect(!SystemEvent.isReserved(type: type.utf8), "\(type)")
    }
  }
}
