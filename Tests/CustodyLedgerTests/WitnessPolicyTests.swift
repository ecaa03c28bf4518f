import CustodyLedger
import Testing

@Suite("A witness policy")
struct WitnessPolicyTests {
  private static let origin = Origin("example.org/0198c4a1-c800-7abc-9def-0123456789ab/1")!
  private static let checkpoint = Checkpoint(origin: origin, size: 0, root: .emptyTree)

  private static func key(_ number: UInt8) -> SigningKey {
    var random = TestRandom(seed: UInt64(number))
    return SigningKey(seed: random.key())
  }

  private static func witness(_ number: UInt8) -> VerifierKey {
    VerifierKey(
      name: "w\(number).example", algorithm: .cosignature, publicKey: key(number).publicKey)
  }

  private static func note(by witnesses: [UInt8]) throws -> SignedNote {
    let text = witnesses.reduce(checkpoint.signed(by: key(0)).encoded) { note, number in
      note
        + Cosignature.sign(
          checkpoint.text, name: witness(number).name, time: 1, key: key(number)
        ).line
    }
    return try SignedNote(parsing: text)
  }

  private static let text = """
    # Three witnesses, of two kinds.
    witness a \(witness(1)) https://a.example
    witness b \(witness(2))
    witness c \(witness(3))
    group two 2 a b
    group any any two c

    quorum any
    """

  @Test(
    "asks for as many cosignatures as it says",
    arguments: [
      ([], false), ([1], false), ([1, 2], true), ([3], true), ([2, 3], true), ([1, 1], false),
    ] as [([UInt8], Bool)])
  func quorum(witnesses: [UInt8], isEnough: Bool) throws {
    let policy = try WitnessPolicy(parsing: Self.text)
    #expect(policy.witnesses.count == 3)
    let answer = try #require(policy.answer(on: Self.note(by: witnesses)))
    #expect(answer.isEnough == isEnough)
  }

  @Test("a cosignature that does not verify refuses the note")
  func wrong() throws {
    let other = Checkpoint(origin: Self.origin, size: 1, root: .emptyTree)
    let line = Cosignature.sign(
      other.text, name: Self.witness(1).name, time: 1, key: Self.key(1)
    ).line
    let note = try SignedNote(parsing: Self.checkpoint.signed(by: Self.key(0)).encoded + line)
    #expect(try WitnessPolicy(parsing: Self.text).answer(on: note) == nil)
  }

  @Test("none asks for nothing")
  func none() throws {
    let policy = try WitnessPolicy(parsing: "quorum none\n")
    #expect(try policy.answer(on: Self.note(by: []))?.isEnough == true)
  }

  @Test(
    "what is none is refused with its line",
    arguments: [
      ("", 0), ("quorum a\n", 1), ("# x\nwitness a b\nquorum a", 2),
      ("witness a \(witness(1))\nwitness a \(witness(2))\nquorum a", 2),
      ("witness a \(witness(1))\nwitness b \(witness(1))\nquorum a", 2),
      ("witness none \(witness(1))\nquorum none", 1),
      ("witness a \(witness(1))\ngroup g 2 a\nquorum g", 2),
      ("witness a \(witness(1))\ngroup g 0 a\nquorum g", 2),
      ("witness a \(witness(1))\ngroup g all a a\nquorum g", 2),
      ("witness a \(witness(1))\ngroup g all a\ngroup h all a\nquorum g", 3),
      ("witness a \(witness(1))\nquorum a\nquorum a", 3), ("hello\n", 1),
      ("log \(witness(1))\nquorum none", 1),
    ])
  func refused(text: String, line: Int) {
    #expect(throws: WitnessPolicyError.self) { try WitnessPolicy(parsing: text) }
    do {
      _ = try WitnessPolicy(parsing: text)
    } catch {
      #expect(error.line == line, "\(text): \(error)")
    }
  }
}
