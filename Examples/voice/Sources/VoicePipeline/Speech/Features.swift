/// How something was said, from the words and their times.
struct Features: Document, Equatable {
  let recording: String
  let wordCount: Int
  /// From the beginning of the first word to the end of the last.
  let speakingMs: Int
  /// Nil without words.
  let wordsPerMinute: Int?
  /// Gaps between words, of at least ``pauseMin``.
  let pauseCount: Int
  let pauseMs: Int
  let longestPauseMs: Int
  let sentiment: Sentiment

  /// Milliseconds. What is shorter is how people speak.
  static let pauseMin = 250

  init(_ transcript: Transcript) {
    let words = transcript.words
    let speaking = words.isEmpty ? 0 : words[words.count - 1].endMs - words[0].startMs
    let pauses = zip(words.dropFirst(), words)
      .map { next, last in next.startMs - last.endMs }
      .filter { $0 >= Self.pauseMin }
    recording = transcript.recording
    wordCount = words.count
    speakingMs = speaking
    wordsPerMinute =
      speaking > 0 ? Int((Double(words.count) * 60_000 / Double(speaking)).rounded()) : nil
    pauseCount = pauses.count
    pauseMs = pauses.reduce(0, +)
    longestPauseMs = pauses.max() ?? 0
    sentiment = Sentiment(of: words.map(\.word))
  }

  var members: [JSON.Member] {
    let json: JSON = [
      "recording": .string(recording),
      "wordCount": .integer(wordCount),
      "speakingMs": .integer(speakingMs),
      "wordsPerMinute": JSON(wordsPerMinute),
      "pauseCount": .integer(pauseCount),
      "pauseMs": .integer(pauseMs),
      "longestPauseMs": .integer(longestPauseMs),
      "sentiment": sentiment.json,
      "evidence": "measured",
    ]
    return json.members
  }
}
