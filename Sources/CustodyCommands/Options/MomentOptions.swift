import ArgumentParser
import Custody

/// As of when something is asked that has two times.
struct MomentOptions: ParsableArguments {
  @OptionGroup var at: AtOptions

  @Option(
    help: ArgumentHelp(
      "As it was then, by the events' own times: a date (its end, UTC) or an RFC 3339 time.",
      valueName: "TIME"))
  var when: String?

  /// The time that `--when` names.
  ///
  /// - Throws: `usage` when it is none.
  func time(in store: Store) throws -> Timestamp? {
    try when.map { try Reference.time($0, in: store) }
  }
}
