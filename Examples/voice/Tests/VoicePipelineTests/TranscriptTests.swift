import Foundation
import Testing

@testable import VoicePipeline

@Suite("Transcripts")
struct TranscriptTests {
  private static let model = SpeechModel.Name(engine: "e", name: "m", digest: "sha256:0")

  private func transcript(_ words: [(String, Int, Int, Int)]) -> Transcript {
    Transcript(
      recording: "s/c", durationMs: 10_000, model: Self.model,
      segments: [
        .init(
          startMs: 0, endMs: 10_000,
          words: words.map { .init(word: $0.0, startMs: $0.1, endMs: $0.2, posteriorPpm: $0.3) })
      ])
  }

  @Test("have the words' text and the mean of their posteriors")
  func text() {
    let found = transcript([("ten", 0, 100, 1_000_000), ("clubs", 100, 300, 500_000)])
    #expect(found.text == "ten clubs")
    #expect(found.confidencePpm == 750_000)
    #expect(transcript([]).confidencePpm == nil)
  }

  @Test("come back from what is written")
  func roundTrip() throws {
    let found = transcript([("i'm \"in\"", 0, 100, 1)])
    let data = Data(JSON.object(found.members).lines.utf8)
    #expect(try JSONDecoder().decode(Transcript.self, from: data) == found)
  }

  @Test("leave out what is no word, and which pronunciation it was")
  func words() {
    #expect(Recognizer.word("read(2)") == "read")
    #expect(Recognizer.word("Mr") == "mr")
    for token in ["<s>", "</s>", "<sil>", "[NOISE]", "++BREATH++", ""] {
      #expect(Recognizer.word(token) == nil)
    }
  }

  @Test("give the rate of speech and the pauses")
  func features() {
    let features = Features(
      transcript([
        ("one", 1000, 1400, 1), ("two", 1400, 2000, 1), ("three", 2249, 2500, 1),
        ("four", 2750, 4000, 1),
      ]))
    #expect(features.wordCount == 4)
    #expect(features.speakingMs == 3000)
    #expect(features.wordsPerMinute == 80)
    #expect(features.pauseCount == 1)  // 249 ms are none.
    #expect(features.pauseMs == 250)
    #expect(features.longestPauseMs == 250)
  }

  @Test("without words have no rate and no pauses")
  func noWords() {
    let features = Features(transcript([]))
    #expect(features.wordsPerMinute == nil)
    #expect(features.speakingMs == 0)
    #expect(features.pauseCount == 0)
  }

  @Test("have pleasant and unpleasant words counted")
  func sentiment() {
    let found = Sentiment(of: ["a", "happy", "kind", "cold", "man", "happy"])
    #expect(found.positiveWords == 3)
    #expect(found.negativeWords == 1)
    #expect(found.positivityPpm == 750_000)
    #expect(Sentiment(of: ["man"]).positivityPpm == nil)
    #expect(Sentiment.positive.isDisjoint(with: Sentiment.negative))
  }

  @Test("pass a gate at its limit, not beyond, and never with an unknown value")
  func gates() throws {
    let gates = Gates(
      minSnrDb: 20, maxClippingPpm: 10, maxSilencePpm: 500_000, minWords: 2,
      minConfidencePpm: 500_000, minWordsPerMinute: 60, maxWordsPerMinute: 120)
    let words = transcript([("a", 0, 500, 500_000), ("b", 500, 1000, 500_000)])
    func failed(_ quality: String, _ transcript: Transcript) throws -> [String] {
      let quality = try JSONDecoder().decode(Quality.self, from: Data(quality.utf8))
      return gates.decisions(quality, transcript, Features(transcript))
        .filter { !$0.passed }.map(\.gate)
    }
    func quality(_ snr: String, _ clipping: Int, _ silence: Int) -> String {
      """
      {"recording":"s/c","durationMs":1,"loudnessDbfs":-1,"peakDbfs":-1,"clippingPpm":\(clipping),
      "silencePpm":\(silence),"snrDb":\(snr)}
      """
    }
    #expect(try failed(quality("20.0", 10, 500_000), words) == [])
    #expect(
      try failed(quality("19.99", 11, 500_001), words) == ["snrDb", "clippingPpm", "silencePpm"])
    #expect(try failed(quality("null", 0, 0), words) == ["snrDb"])
    let slow = transcript([("a", 0, 500, 500_000), ("b", 500, 2100, 499_998)])
    #expect(try failed(quality("20", 0, 0), slow) == ["confidencePpm", "wordsPerMinute"])
    #expect(
      try failed(quality("20", 0, 0), transcript([])) == [
        "wordCount", "confidencePpm", "wordsPerMinute", "wordsPerMinute",
      ])
  }
}
