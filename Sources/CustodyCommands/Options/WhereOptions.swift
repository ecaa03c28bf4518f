import ArgumentParser
import Custody

/// Which records of a dataset are meant.
struct WhereOptions: ParsableArguments {
  @Option(
    name: .customLong("where"),
    help: ArgumentHelp(
      "Only records about a person (subject:ID, subject:KEYID, subject:@FILE, subject:-) or with a "
        + "natural key like key:PATTERN, where * stands for any characters and ? for one. Repeated, "
        + "all must hold.",
      valueName: "CONDITION"))
  var conditions: [String] = []

  /// Nil when every record is meant.
  ///
  /// - Throws: `usage` for what is no condition.
  func filter() throws -> Datasets.Filter? {
    guard !conditions.isEmpty else { return nil }
    var (subjects, patterns): ([Subject], [String]) = ([], [])
    for condition in conditions {
      if condition.hasPrefix("subject:") {
        subjects.append(try SubjectArgument.parse(String(condition.dropFirst(8))))
      } else if condition.hasPrefix("key:") {
        patterns.append(String(condition.dropFirst(4)))
      } else {
        // The condition may be a name: it is not repeated.
        throw CustodyError(.usage, "--where needs subject:ID or key:PATTERN.")
      }
    }
    return try Datasets.Filter(subjects: subjects, keys: patterns)
  }

  /// Says of how many records nobody can tell any more whether they match.
  func noteUndecided(_ count: Int) {
    guard count > 0 else { return }
    Terminal.note(
      "\(count.counted("record")) gone because of erasure: whether they match, nobody can tell")
  }
}
