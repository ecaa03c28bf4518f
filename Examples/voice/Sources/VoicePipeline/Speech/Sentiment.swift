/// Counts of words that a short list calls pleasant or unpleasant.
///
/// The list was written down for this example and compared with nobody's ratings. It knows no
/// negation ("not happy" is pleasant) and no context: it shows where a real measure would stand.
struct Sentiment: Decodable, Equatable, Sendable {
  /// Changes with the words.
  static let listName = "voice-example-words-1"

  let wordList: String
  let positiveWords: Int
  let negativeWords: Int
  /// The share of the positive among both. Nil where there is neither: most short recordings.
  let positivityPpm: Int?

  init(of words: [String]) {
    let positive = words.count { Self.positive.contains($0) }
    let negative = words.count { Self.negative.contains($0) }
    wordList = Self.listName
    positiveWords = positive
    negativeWords = negative
    positivityPpm =
      positive + negative > 0 ? Ppm.share(positive, of: positive + negative) : nil
  }

  var json: JSON {
    [
      "wordList": .string(wordList), "positiveWords": .integer(positiveWords),
      "negativeWords": .integer(negativeWords), "positivityPpm": JSON(positivityPpm),
    ]
  }

  static let positive: Set<String> = [
    "admire", "affection", "agreeable", "amiable", "amused", "beautiful", "best", "better", "brave",
    "calm", "care", "charming", "cheerful", "comfort", "confident", "content", "delight",
    "delighted", "dear", "eager", "easy", "enjoy", "excellent", "fine", "fond", "fortunate", "free",
    "friend", "gentle", "glad", "good", "grateful", "great", "happiness", "happy", "healthy",
    "honest", "hope", "hopeful", "joy", "kind", "kindness", "laugh", "leisure", "liked", "love",
    "loved", "lucky", "merry", "nice", "peace", "pleasant", "please", "pleased", "pleasure",
    "proud", "relief", "respectable", "safe", "satisfied", "smile", "strong", "sweet", "tender",
    "thank", "trust", "warm", "welcome", "well", "win", "wonderful",
  ]

  static let negative: Set<String> = [
    "afraid", "alarm", "alone", "angry", "anxious", "ashamed", "awful", "bad", "bitter", "blame",
    "bored", "broken", "cold", "cruel", "cry", "danger", "dead", "death", "despair", "difficult",
    "disappointed", "disagreeable", "dread", "enemy", "evil", "fail", "fear", "fool", "grief",
    "guilty", "hate", "hurt", "ill", "indifferent", "jealous", "lonely", "lose", "loss", "lost",
    "mean", "miserable", "misery", "nervous", "pain", "poor", "regret", "sad", "selfish",
    "severe", "shame", "sick", "sorrow", "sorry", "suffer", "suffering", "terrible", "tired",
    "trouble", "ugly", "unhappy", "unkind", "upset", "weak", "wicked", "worry", "worse", "worst",
    "wrong",
  ]
}
