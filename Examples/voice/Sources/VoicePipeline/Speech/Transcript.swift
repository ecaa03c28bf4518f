/// What was said in a recording, as far as a model understood it.
struct Transcript: Document, Equatable {
  struct Word: Decodable, Equatable, Sendable {
    let word: String
    /// From the beginning of the recording.
    let startMs: Int
    let endMs: Int
    /// How sure the model is, against the other words that it considered there.
    let posteriorPpm: Int

    var json: JSON {
      [
        "word": .string(word), "startMs": .integer(startMs), "endMs": .integer(endMs),
        "posteriorPpm": .integer(posteriorPpm),
      ]
    }
  }

  struct Segment: Decodable, Equatable, Sendable {
    let startMs: Int
    let endMs: Int
    let words: [Word]

    var members: [JSON.Member] {
      let json: JSON = [
        "startMs": .integer(startMs),
        "endMs": .integer(endMs),
        "text": .string(Transcript.text(of: words)),
        "confidencePpm": JSON(Transcript.confidencePpm(of: words)),
        "words": .array(words.map(\.json)),
      ]
      return json.members
    }
  }

  let recording: String
  let durationMs: Int
  let model: SpeechModel.Name
  let segments: [Segment]

  var words: [Word] { segments.flatMap(\.words) }
  var text: String { Self.text(of: words) }
  /// Nil without words.
  var confidencePpm: Int? { Self.confidencePpm(of: words) }

  private static func text(of words: [Word]) -> String {
    words.map(\.word).joined(separator: " ")
  }

  /// The mean of the words' posteriors.
  private static func confidencePpm(of words: [Word]) -> Int? {
    guard !words.isEmpty else { return nil }
    return (words.reduce(0) { $0 + $1.posteriorPpm } + words.count / 2) / words.count
  }

  var members: [JSON.Member] {
    let json: JSON = [
      "recording": .string(recording),
      "durationMs": .integer(durationMs),
      "model": model.json,
      "text": .string(text),
      "confidencePpm": JSON(confidencePpm),
      "segments": .array(segments.map { .object($0.members) }),
      "evidence": "measured",
    ]
    return json.members
  }

  /// What a segment's event says: all there is about it, so that it can be read by itself.
  func eventMembers(ofSegment index: Int) -> [JSON.Member] {
    let head: JSON = [
      "recording": .string(recording), "segment": .integer(index), "model": model.json,
    ]
    return head.members + segments[index].members + [.init(name: "evidence", value: "measured")]
  }
}
