/// How far a transcript is from what was said: the fewest words to put in, leave out or change that
/// make one of the other.
struct WordErrors: Equatable, Sendable {
  private(set) var referenceWords = 0
  private(set) var substitutions = 0
  /// Words that were said and are not in the transcript.
  private(set) var deletions = 0
  /// Words in the transcript that were not said.
  private(set) var insertions = 0

  var errors: Int { substitutions + deletions + insertions }

  /// Errors for each word that was said; more than a million when more was put in than was said.
  /// Nil when nothing was said.
  var ratePpm: Int? {
    referenceWords > 0 ? Ppm.share(errors, of: referenceWords) : nil
  }

  init() {}

  init(reference: String, hypothesis: String) {
    self.init(Self.words(of: reference), Self.words(of: hypothesis))
  }

  /// Lower case, without punctuation, mister as mr: what is compared.
  static func words(of text: String) -> [String] {
    text.lowercased().split(whereSeparator: \.isWhitespace)
      .map { String($0.filter { $0.isLetter || $0.isNumber }) }
      .filter { !$0.isEmpty }
      .map { $0 == "mister" ? "mr" : $0 }
  }

  private init(_ reference: [String], _ hypothesis: [String]) {
    // The errors of every beginning of one against every beginning of the other; of equally few,
    // the first of: the same or another word, a word left out, a word put in.
    var row = (0...hypothesis.count).map { count in
      var start = WordErrors()
      start.insertions = count
      return start
    }
    for said in reference {
      var diagonal = row[0]
      row[0].deletions += 1
      for (column, heard) in hypothesis.enumerated() {
        var best = diagonal
        if said != heard { best.substitutions += 1 }
        var left = row[column + 1]
        left.deletions += 1
        var put = row[column]
        put.insertions += 1
        for other in [left, put] where other.errors < best.errors { best = other }
        diagonal = row[column + 1]
        row[column + 1] = best
      }
    }
    self = row[hypothesis.count]
    referenceWords = reference.count
  }

  static func += (sum: inout WordErrors, other: WordErrors) {
    sum.referenceWords += other.referenceWords
    sum.substitutions += other.substitutions
    sum.deletions += other.deletions
    sum.insertions += other.insertions
  }

  var members: [JSON.Member] {
    let json: JSON = [
      "referenceWords": .integer(referenceWords),
      "substitutions": .integer(substitutions),
      "deletions": .integer(deletions),
      "insertions": .integer(insertions),
      "wordErrorRatePpm": JSON(ratePpm),
    ]
    return json.members
  }
}
