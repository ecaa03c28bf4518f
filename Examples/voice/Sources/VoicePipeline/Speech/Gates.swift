/// What a transcript has to reach to become part of the curated set.
struct Gates: Sendable {
  var minSnrDb: Double
  var maxClippingPpm: Int
  var maxSilencePpm: Int
  var minWords: Int
  var minConfidencePpm: Int
  var minWordsPerMinute: Int
  var maxWordsPerMinute: Int

  /// One gate, and what came to it.
  struct Decision: Equatable, Sendable {
    /// The measure's name: `snrDb`.
    let gate: String
    let value: JSON
    let limit: JSON.Member
    let passed: Bool

    var json: JSON {
      .object([
        .init(name: "gate", value: .string(gate)), .init(name: "value", value: value), limit,
        .init(name: "passed", value: .bool(passed)),
      ])
    }
  }

  /// Every gate, in the same order always. What is unknown does not pass.
  func decisions(
    _ quality: Quality, _ transcript: Transcript, _ features: Features
  ) -> [Decision] {
    [
      Decision(
        gate: "snrDb", value: JSON(hundredths: quality.snrDb),
        limit: .init(name: "atLeast", value: .hundredths(minSnrDb)),
        passed: (quality.snrDb ?? -.infinity) >= minSnrDb),
      Self.decision("clippingPpm", quality.clippingPpm, atMost: maxClippingPpm),
      Self.decision("silencePpm", quality.silencePpm, atMost: maxSilencePpm),
      Self.decision("wordCount", features.wordCount, atLeast: minWords),
      Self.decision("confidencePpm", transcript.confidencePpm, atLeast: minConfidencePpm),
      Self.decision("wordsPerMinute", features.wordsPerMinute, atLeast: minWordsPerMinute),
      Self.decision("wordsPerMinute", features.wordsPerMinute, atMost: maxWordsPerMinute),
    ]
  }

  private static func decision(_ gate: String, _ value: Int?, atLeast limit: Int) -> Decision {
    Decision(
      gate: gate, value: JSON(value), limit: .init(name: "atLeast", value: .integer(limit)),
      passed: value.map { $0 >= limit } ?? false)
  }

  private static func decision(_ gate: String, _ value: Int?, atMost limit: Int) -> Decision {
    Decision(
      gate: gate, value: JSON(value), limit: .init(name: "atMost", value: .integer(limit)),
      passed: value.map { $0 <= limit } ?? false)
  }
}
