import ArgumentParser
import Custody

struct DatasetPseudonymizeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pseudonymize",
    abstract: "Make a version with tokens instead of the values of some columns.",
    discussion: """
      The same value of a column gets the same token, also in later versions. Records stay about the \
      same people; empty values stay empty. \
      \(DatasetReference.help); without it the newest version is meant.

      A natural key or an order that is kept joins releases whatever their tokens are, and this says \
      so. When the natural key is among --column, records are named by its tokens and stand in the \
      order of these.

      Tokens are random by default, and NAME.pseudonyms keeps them beside their values, sealed under \
      a key of the people of class pseudonym-table: it goes with them, or alone. With --tokens keyed \
      they come from a key that is kept for --purpose: releases for one purpose can be joined by \
      them, those for two cannot. Such a token is derived from the value, so it is no code in the \
      sense of 45 CFR 164.514(c); a random one is.

      While the key or the table lives, the version is pseudonymized, never anonymous; without them \
      it is no more than that, because other columns stay as they are, until `custody dataset \
      anonymity` says more.

      Examples:
        $ custody dataset pseudonymize answers --column client --to released
        $ custody dataset pseudonymize answers --column id \\
            --tokens keyed --purpose research
      """)

  /// Where tokens come from.
  enum Tokens: String, CaseIterable, ExpressibleByArgument {
    case random, keyed
  }

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME[@REF]"))
  var dataset: DatasetReference

  @Option(
    help: ArgumentHelp(
      "A column, #N or member that gets tokens; may be repeated.", valueName: "COLUMN"))
  var column: [String] = []

  @Option(help: "Where tokens come from.")
  var tokens = Tokens.random

  @Option(help: ArgumentHelp("What the release is for; chooses the key.", valueName: "PURPOSE"))
  var purpose: String?

  @Option(
    help: ArgumentHelp(
      "The dataset that gets the version, made when there is none; NAME by default.",
      valueName: "DATASET"))
  var to: String?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("What to say of the new version.", valueName: "TEXT"))
  var message: String?

  @Flag(help: "Say what would be done, and do nothing.")
  var dryRun = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard !column.isEmpty else { throw ValidationError("Name the columns with --column.") }
    guard (tokens == .keyed) == (purpose != nil) else {
      throw ValidationError(
        tokens == .keyed
          ? "--tokens keyed needs --purpose PURPOSE: each purpose has a key of its own."
          : "--purpose needs --tokens keyed: random tokens are the same for every purpose.")
    }
  }

  func run() async throws {
    if dryRun {
      let done = try await pseudonymize(try store.open(for: .contents), nil)
      return PseudonymPrinter.print(done, output.format)
    }
    try await store.writing { store in
      let progress = ProgressBar("pseudonymizing", in: .bytes)
      let done: Datasets.Pseudonymized
      do {
        defer { progress.finish() }
        done = try await pseudonymize(store) { progress.update($0, $1) }
      }
      PseudonymPrinter.print(done, output.format)
    }
  }

  private func pseudonymize(
    _ store: Store, _ progress: Datasets.Progress?
  ) async throws -> Datasets.Pseudonymized {
    try await store.datasets.pseudonymize(
      dataset.name, dataset.reference, columns: column,
      tokens: purpose.map { .keyed(purpose: $0) } ?? .random, to: to, message: message,
      isTrial: dryRun, progress: progress)
  }
}
