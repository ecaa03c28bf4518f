import CustodyLedger
import Testing

/// A header that breaks the rules, and the line on which it does.
struct AgeBadHeader: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let line: Int
  let file: [UInt8]

  /// Where Custody is stricter than age 1.1.1, which does not look past the stanza that opens.
  static let isOpenedByAge: Set = [
    "a scrypt stanza beside another", "a broken stanza after the right one",
  ]

  /// Every rule of the grammar, broken once, under a MAC that fits.
  static func all() throws -> [AgeBadHeader] {
    let forgery = try AgeForgery()
    let (share, body) = (forgery.share, forgery.body)
    let sound = ["-> X25519 \(share)", body]
    // Of the last character of 32 bytes only four bits count; this sets one that does not.
    let crooked = { (text: String) -> String in
      let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
      let value = text.last.flatMap { alphabet.firstIndex(of: $0) } ?? 0
      return text.dropLast() + String(alphabet[value ^ 1])
    }
    let longBody = String(decoding: AgeBase64.encode(forgery.stanza.body + [0]), as: UTF8.self)
    let full = String(repeating: "A", count: 64)
    let stanzas: [(String, Int, [String])] = [
      ("no stanza", 2, []),
      ("a line that opens no stanza", 2, [body]),
      ("an opening without a space", 2, ["->X25519 \(share)", body]),
      ("an opening of another mark", 2, ["-- X25519 \(share)", body]),
      ("an opening without arguments", 2, ["->", body] + sound),
      ("an opening with a space only", 2, ["-> ", body] + sound),
      ("an empty argument", 2, ["-> X25519  \(share)", body]),
      ("a space at the end", 2, ["-> X25519 \(share) ", body]),
      ("a tabulator in an argument", 2, ["-> strange a\tb", ""] + sound),
      ("a letter beyond ASCII in an argument", 2, ["-> strange é", ""] + sound),
      ("a carriage return in an opening", 2, ["-> X25519 \(share)\r", body]),
      ("a carriage return in a body", 3, ["-> X25519 \(share)", body + "\r"]),
      ("no share", 2, ["-> X25519", body]),
      ("two shares", 2, ["-> X25519 \(share) \(share)", body]),
      ("a share of 30 bytes", 2, ["-> X25519 \(share.dropLast(3))", body]),
      ("a share of 33 bytes", 2, ["-> X25519 \(share.dropLast(2))AAA", body]),
      ("a share with padding", 2, ["-> X25519 \(share)=", body]),
      ("a share spelled differently", 2, ["-> X25519 \(crooked(share))", body]),
      ("no body", 3, ["-> X25519 \(share)"]),
      ("an empty body", 2, ["-> X25519 \(share)", ""]),
      ("a body with padding", 3, ["-> X25519 \(share)", body + "="]),
      ("a body spelled differently", 3, ["-> X25519 \(share)", crooked(body)]),
      ("a body of 33 bytes", 2, ["-> X25519 \(share)", longBody]),
      ("a body in two short lines", 4, ["-> strange", "AAAA", body] + sound),
      ("a body of one character", 3, ["-> strange", "A"] + sound),
      ("a body character of the other base64", 3, ["-> strange", "AA-_"] + sound),
      ("a body line of 65 characters", 3, ["-> strange", full + "A", ""] + sound),
      ("a body line of 68 characters", 3, ["-> strange", full + "AAAA", ""] + sound),
      ("a full line without a last one", 4, ["-> strange", full] + sound),
      ("an empty line between stanzas", 4, sound + ["", "-> strange", ""]),
      (
        "a scrypt stanza beside another", 6,
        sound + ["-> scrypt ajMFur+EJLGaohv/dLRGnw 18", body]
      ),
      ("a broken stanza after the right one", 4, sound + ["-> X25519 AAAA", body]),
    ]
    let ends: [(String, (String) -> String)] = [
      ("an end without a MAC", { _ in "---" }),
      ("an end with a space only", { _ in "--- " }),
      ("an end without a space", { "---\($0)" }),
      ("an end with two spaces", { "---  \($0)" }),
      ("an end with a space after it", { "--- \($0) " }),
      ("an end with more after it", { "--- \($0)AAAA" }),
      ("an end with a carriage return", { "--- \($0)\r" }),
      ("a MAC of 30 bytes", { "--- \($0.dropLast(3))" }),
      ("a MAC with padding", { "--- \($0)=" }),
      ("a MAC spelled differently", { "--- \(crooked($0))" }),
    ]
    let bodies = try stanzas.map { name, line, lines in
      AgeBadHeader(testDescription: name, line: line, file: try forgery.file(lines: lines))
    }
    let endings = try ends.map { name, end in
      AgeBadHeader(testDescription: name, line: 4, file: try forgery.file(lines: sound, end: end))
    }
    return bodies + endings
  }
}

@Suite("Forged age files")
struct AgeForgeryTests {
  @Test("the forger's sound file opens, so that the others fail for what is wrong with them")
  func sound() throws {
    let forgery = try AgeForgery()
    let file = try forgery.file(lines: ["-> X25519 \(forgery.share)", forgery.body])
    #expect(try AgeFile.open(file, with: forgery.identity) == Array("custody".utf8))
  }

  @Test(
    "a header that breaks the grammar is refused with its line", arguments: try AgeBadHeader.all())
  func grammar(header: AgeBadHeader) throws {
    let identity = try AgeForgery().identity
    #expect(throws: AgeError.malformedHeader(line: header.line)) {
      try AgeFile.open(header.file, with: identity)
    }
  }

  @Test("a file of another format, or a later version of this one, is told apart")
  func version() throws {
    let forgery = try AgeForgery()
    let lines = ["-> X25519 \(forgery.share)", forgery.body]
    for version in ["age-encryption.org/v2", "age-encryption.org/v1 ", "age-encryption.org/v1\r"] {
      let file = try forgery.file(lines: lines, version: version)
      #expect(throws: AgeError.unsupportedVersion) {
        try AgeFile.open(file, with: forgery.identity)
      }
    }
    for version in ["", "Age-encryption.org/v1", "-----BEGIN AGE ENCRYPTED FILE-----"] {
      let file = try forgery.file(lines: lines, version: version)
      #expect(throws: AgeError.notAge) { try AgeFile.open(file, with: forgery.identity) }
    }
    #expect(throws: AgeError.notAge) { try AgeFile.open([], with: forgery.identity) }
  }

  @Test("stanzas of strange kinds are passed over, before and after the right one")
  func strangeStanzas() throws {
    let forgery = try AgeForgery()
    let full = String(repeating: "A", count: 64)
    let lines = [
      "-> grease", "",
      "-> x25519 \(forgery.share)", forgery.body,
      "-> example.com/enigma !\"#$%&'()*+,-./ ~", full, full, "AAAA",
      "-> X25519 \(forgery.share)", forgery.body,
      "-> ----", full, "",
    ]
    let file = try forgery.file(lines: lines)
    #expect(try AgeFile.open(file, with: forgery.identity) == Array("custody".utf8))
    let kinds = try AgeHeader(parsing: file).stanzas.map { stanza in
      if case .other(let kind) = stanza { kind } else { "ours" }
    }
    #expect(kinds == ["grease", "x25519", "example.com/enigma", "ours", "----"])
  }

  @Test("a file that only a passphrase opens is nobody's here")
  func passphrase() throws {
    let forgery = try AgeForgery()
    let file = try forgery.file(
      lines: ["-> scrypt ajMFur+EJLGaohv/dLRGnw 18", forgery.body])
    #expect(throws: AgeError.noMatch) { try AgeFile.open(file, with: forgery.identity) }
  }

  @Test("a header without an end is refused at its limit, and not read on")
  func endlessHeader() throws {
    let identity = try AgeForgery().identity
    let endless =
      Array("age-encryption.org/v1\n-> ".utf8)
      + [UInt8](repeating: UInt8(ascii: "a"), count: AgeHeader.byteCountMax)
    #expect(throws: AgeError.malformedHeader(line: 2)) {
      try AgeFile.open(endless, with: identity)
    }
  }

  @Test("a header with the MAC of another file key is refused")
  func wrongMAC() throws {
    let forgery = try AgeForgery()
    let file = try forgery.file(lines: ["-> X25519 \(forgery.share)", forgery.body]) { _ in
      "--- " + String(repeating: "A", count: 43)
    }
    #expect(throws: AgeError.headerMismatch) { try AgeFile.open(file, with: forgery.identity) }
  }

  @Test("an ephemeral share of low order is refused, though another stanza would open")
  func lowOrderShare() throws {
    let forgery = try AgeForgery()
    let zeros = String(repeating: "A", count: 43)
    let file = try forgery.file(lines: [
      "-> X25519 \(zeros)", forgery.body, "-> X25519 \(forgery.share)", forgery.body,
    ])
    #expect(throws: AgeError.lowOrderPoint) { try AgeFile.open(file, with: forgery.identity) }
  }

  @Test("a payload's last chunk is the one that is marked, and is empty only if it is the only one")
  func lastChunk() throws {
    let full = [UInt8](repeating: 5, count: AgePayload.chunkByteCount)
    #expect(try open([(full, false), (full, true)]) == full + full)
    #expect(try open([([], true)]) == [])
    #expect(throws: AgeError.damagedChunk(1)) { try open([(full, false), ([], true)]) }
    #expect(throws: AgeError.damagedChunk(0)) { try open([(full, false)]) }
    #expect(throws: AgeError.damagedChunk(0)) { try open([([], false)]) }
    #expect(throws: AgeError.damagedChunk(0)) { try open([(full, true), ([1], true)]) }
    #expect(throws: AgeError.damagedChunk(0)) { try open([([1], false), ([2], true)]) }
    #expect(throws: AgeError.damagedChunk(0)) { try open([([1], true), ([2], true)]) }
  }

  private func open(_ chunks: [(plaintext: [UInt8], isLast: Bool)]) throws -> [UInt8] {
    let forgery = try AgeForgery()
    let file = try forgery.file(
      lines: ["-> X25519 \(forgery.share)", forgery.body],
      payload: AgeForgery.payload(chunks: chunks))
    return try AgeFile.open(file, with: forgery.identity)
  }
}
