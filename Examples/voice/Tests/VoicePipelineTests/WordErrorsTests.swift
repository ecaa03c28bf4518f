import Testing

@testable import VoicePipeline

@Suite("Word errors")
struct WordErrorsTests {
  private struct Case: Sendable {
    let said: String
    let heard: String
    let counts: [Int]  // substitutions, deletions, insertions
  }

  private static let cases = [
    Case(said: "a b c", heard: "a b c", counts: [0, 0, 0]),
    Case(said: "a b c", heard: "a x c", counts: [1, 0, 0]),
    Case(said: "a b c", heard: "a c", counts: [0, 1, 0]),
    Case(said: "a c", heard: "a b c", counts: [0, 0, 1]),
    Case(said: "a b c", heard: "", counts: [0, 3, 0]),
    Case(said: "", heard: "a b", counts: [0, 0, 2]),
    Case(said: "a b", heard: "b a", counts: [2, 0, 0]),
    Case(
      said: "he was not an ill disposed man", heard: "he was not until this blows man",
      counts: [3, 0, 0]),
    Case(said: "made amiable himself", heard: "made the amiable itself", counts: [1, 0, 1]),
  ]

  @Test("are the fewest that explain the difference", arguments: cases)
  private func counts(_ example: Case) {
    let errors = WordErrors(reference: example.said, hypothesis: example.heard)
    #expect([errors.substitutions, errors.deletions, errors.insertions] == example.counts)
  }

  @Test("do not see case, punctuation and how mister is written")
  func normalization() {
    #expect(
      WordErrors.words(of: " And Mister John -- Dashwood's, ill-disposed! ") == [
        "and", "mr", "john", "dashwoods", "illdisposed",
      ])
    #expect(WordErrors(reference: "Mister John.", hypothesis: "mr. john").errors == 0)
  }

  @Test("are a rate of the words that were said, and unknown without any")
  func rate() {
    #expect(WordErrors(reference: "a b c d", hypothesis: "a b c x").ratePpm == 250_000)
    #expect(WordErrors(reference: "a", hypothesis: "b c d").ratePpm == 3_000_000)
    #expect(WordErrors(reference: " ", hypothesis: "b").ratePpm == nil)
  }

  @Test("add up over recordings: the rate is of all words, not the mean of rates")
  func sum() {
    var sum = WordErrors(reference: "a b c d e f g h", hypothesis: "a b c d e f g h")
    sum += WordErrors(reference: "a b", hypothesis: "x y")
    #expect(sum.referenceWords == 10)
    #expect(sum.ratePpm == 200_000)
  }

  @Test("agree with trying every way", arguments: 0..<100)
  func law(seed: UInt64) {
    var state = seed
    func words() -> [Character] {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (0..<Int(state >> 33) % 6).map { "abc"[Int(state >> (40 + 3 * $0)) % 3] }
    }
    func fewest(_ said: ArraySlice<Character>, _ heard: ArraySlice<Character>) -> Int {
      guard let first = said.first, let other = heard.first else { return said.count + heard.count }
      let rest = fewest(said.dropFirst(), heard.dropFirst())
      return min(
        first == other ? rest : rest + 1,
        fewest(said.dropFirst(), heard) + 1, fewest(said, heard.dropFirst()) + 1)
    }
    let (said, heard) = (words(), words())
    let errors = WordErrors(
      reference: said.map(String.init).joined(separator: " "),
      hypothesis: heard.map(String.init).joined(separator: " "))
    #expect(errors.errors == fewest(said[...], heard[...]))
    #expect(said.count - errors.deletions + errors.insertions == heard.count)
  }
}

extension String {
  fileprivate subscript(_ index: Int) -> Character { self[self.index(startIndex, offsetBy: index)] }
}
