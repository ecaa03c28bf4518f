import CustodyLedger
import CustodyTesting
import Testing

/// `custody-format-v1.json`, `refuse`: what looks like the format and is not.
@Suite("The format's shared vectors hold what is refused, for its own reason", .needsVectors)
struct FormatRefusalTests {
  @Test("10 notes")
  func notes() throws {
    let file = try FormatFile.shared()
    let other = try #require(
      Origin("example.org/0191b6f0-0000-7000-8000-00000000c0de/2"))
    #expect(file.checkpoints.last?.origin == other.description)
    #expect(
      try file.checkRefusedNotes() == [
        "two newest blank lines inside the text": .checkpoint(.extensionLines),
        "carriage returns": .note(.controlCharacter),
        "size with a plus sign": .checkpoint(.size),
        "size with a leading zero": .checkpoint(.size),
        "extension line": .checkpoint(.extensionLines),
        "root of 31 bytes": .checkpoint(.root),
        "base64 with wrong trailing bits": .checkpoint(.root),
        "another ledger's origin": .checkpoint(.origin),
        "signature of another text": .notSigned,
        "unsigned": .note(.noSignatures),
      ])
  }

  @Test("7 contents of events that explain")
  func systemContent() throws {
    let file = try FormatFile.shared()
    #expect(file.refuse.systemContent.values.map(\.count) == [7])
    file.checkRefusedSystemContent()
  }

  @Test("4 bodies")
  func opening() throws {
    #expect(
      try FormatFile.shared().checkRefusedOpening() == [
        "body changed": .notAuthentic,
        "wrong key": .notAuthentic,
        "authentic, but another content than the commitment": .commitment,
        "no padding": .padding,
      ])
  }

  @Test("4 strings")
  func strings() throws {
    let file = try FormatFile.shared()
    #expect(file.refuse.strings.count == 4)
    file.checkRefusedStrings()
  }
}
