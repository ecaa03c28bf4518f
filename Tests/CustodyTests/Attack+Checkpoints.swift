import Custody
import CustodyStore
import CustodyTesting
import Foundation

extension Attack {
  /// Notes that are missing, twice, spelled otherwise, or about something else.
  static let checkpoints: [Attack] = [
    .edit(
      "every checkpoint dropped", found: .head, [.checkpointMissing], at: nil,
      "DELETE FROM checkpoint"),
    Attack(
      "two notes of one size, one of them elsewhere", found: .head, [.checkpointMismatch], at: nil
    ) {
      // Both are in order; the owner signed two histories.
      try $0.execute(backdating)
      try $0.sign()
    }.besidesAnchor,
    Attack("two notes of one size", found: .headers, [.checkpointMalformed], at: nil) {
      try $0.execute(
        """
        DELETE FROM checkpoint WHERE size < \(count);
        INSERT INTO checkpoint SELECT size - 1, note FROM checkpoint
        """)
      try RawDatabase.renumber($0.path, table: "checkpoint", row: count - 1, as: count)
    },
    .edit(
      "a note under another size", found: .head, [.checkpointMismatch], at: nil,
      "UPDATE checkpoint SET size = size - 1 WHERE size = \(count)"),

    .note("no note", found: .head, [.checkpointMalformed]) { _, _ in "" },
    .note("a note with two blank lines", found: .head, [.checkpointMalformed]) { _, sample in
      SignedNote.signed(sample.checkpoint.text + "\n", sample)
    },
    .note("a note with a blank line in its text", found: .head, [.checkpointMalformed]) {
      SignedNote.signed("\n" + $1.checkpoint.text, $1)
    },
    .note("a note with an extension line", found: .head, [.checkpointMalformed]) {
      SignedNote.signed($1.checkpoint.text + "more\n", $1)
    },
    .note("a note with CRLF", found: .head, [.checkpointMalformed]) { note, _ in
      note.replacing("\n", with: "\r\n")
    },
    .note("a note with CR before the root, signed", found: .head, [.checkpointMalformed]) {
      SignedNote.signed($1.checkpoint.text.replacing("\n", with: "\r\n"), $1)
    },
    .note("a plus sign in a name", found: .head, [.checkpointMalformed]) { note, _ in
      note + strangersLine.replacing("stranger", with: "stran+ger")
    },
    .note("a space in a name", found: .head, [.checkpointMalformed]) { note, _ in
      note + strangersLine.replacing("stranger", with: "stran ger")
    },
    .note("a hundred and one signatures", found: .head, [.checkpointMalformed]) { note, _ in
      note + String(repeating: strangersLine, count: 100)
    },
    .note("a signature in base64 that is not canonical", found: .head, [.checkpointMalformed]) {
      note, _ in
      // 68 bytes: two bits of the last digit before the padding are nobody's.
      respelling(note, before: "=\n", in: note.dropFirst(note.count - 4))
    },
    .note("a root in base64 that is not canonical", found: .head, [.checkpointMalformed]) {
      let text = $1.checkpoint.text
      return SignedNote.signed(respelling(text, before: "=\n", in: text[...]), $1)
    },
    .note("a note without its last newline", found: .head, [.checkpointMalformed]) { note, _ in
      String(note.dropLast())
    },
    .note("a size with a leading zero", found: .head, [.checkpointMalformed]) {
      SignedNote.signed($1.checkpoint.text.replacing("\n\(count)\n", with: "\n0\(count)\n"), $1)
    },

    .note("another ledger's origin", found: .head, [.checkpointMismatch]) { _, sample in
      let other = Origin(
        organization: "example.org", ledgerID: LedgerID([UInt8](repeating: 7, count: 16))!,
        incarnation: 1)
      return sample.note(as: other)
    },
    .note("another organization's origin", found: .head, [.checkpointMismatch]) { _, sample in
      let other = Origin(
        organization: "example.com", ledgerID: sample.ledgerID, incarnation: 1)
      return sample.note(as: other)
    },
    .note("another incarnation's origin", found: .head, [.checkpointMismatch]) { _, sample in
      sample.note(as: sample.life(2))
    },
    .note("another root", found: .head, [.checkpointMismatch]) { _, sample in
      Checkpoint(origin: sample.origin, size: count, root: Digest()).signed(by: sample.signingKey)
        .encoded
    },
    .note("a stranger's signature alone", found: .head, [.checkpointSignature]) { _, sample in
      sample.checkpoint.signed(by: stranger).encoded
    },
    .note("a signature of another text", found: .head, [.checkpointSignature]) { note, sample in
      let other = Checkpoint(origin: sample.origin, size: count, root: Digest())
      let line = other.signed(by: sample.signingKey).signatures[0].line
      return "\(sample.checkpoint.text)\n\(line)"
    },
    .note("a wrong signature beside the right one", found: .head, [.checkpointSignature]) {
      let other = Checkpoint(origin: $1.origin, size: count, root: Digest())
      return $0 + other.signed(by: $1.signingKey).signatures[0].line
    },
    Attack("a note as bytes", found: .head, [.checkpointMalformed], at: nil) {
      try RawDatabase.withLooseTables($0.path) {
        try $0.execute("UPDATE checkpoint SET note = CAST(note AS BLOB) WHERE size = \(count)")
      }
    },
  ]

  static let strangersLine = "\u{2014} stranger.example AAECAwQ=\n"

  /// Another text in the place of the newest note.
  static func note(
    _ name: String, found level: VerificationLevel, _ rules: Set<Finding.Rule>,
    _ changed: @escaping @Sendable (_ note: String, SampleLedger) -> String
  ) -> Attack {
    Attack(name, found: level, rules, at: nil) { copy in
      let note = String(
        decoding: try RawDatabase(copy.path).value(
          "SELECT note FROM checkpoint WHERE size = \(count)"
        ).bytes, as: UTF8.self)
      let text = RawValue.text(Array(changed(note, copy.sample).utf8))
      try copy.execute("UPDATE checkpoint SET note = \(text.literal) WHERE size = \(count)")
    }
  }

  /// The same bytes in base64 that nobody would write: the last digit's unused bits are set.
  private static func respelling(_ text: String, before end: String, in part: Substring) -> String {
    let at = text.index(before: part.range(of: end)!.lowerBound)
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let digit = digits[digits.firstIndex(of: text[at])! | 1]
    return text.replacingCharacters(in: at...at, with: String(digit))
  }
}

extension SampleLedger {
  /// What the newest note says.
  fileprivate var checkpoint: Checkpoint {
    do {
      return try Checkpoint(text: SignedNote(parsing: anchor).text)
    } catch {
      fatalError("\(error)")
    }
  }

  fileprivate func note(as origin: Origin) -> String {
    Checkpoint(origin: origin, size: checkpoint.size, root: checkpoint.root)
      .signed(by: signingKey).encoded
  }
}

extension SignedNote {
  /// Any text, signed with the ledger's own key under its own name.
  fileprivate static func signed(_ text: String, _ sample: SampleLedger) -> String {
    let signature = Signature(
      name: sample.verifierKey.name, keyID: sample.verifierKey.keyID,
      bytes: sample.signingKey.sign(Array(text.utf8)))
    return "\(text)\n\(signature.line)"
  }
}
