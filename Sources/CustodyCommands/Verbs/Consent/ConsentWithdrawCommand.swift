import ArgumentParser
import Custody

struct ConsentWithdrawCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw",
    abstract: "Record that people take back what they allowed.",
    discussion: """
      What was done before stays as it was: the consent was in force until then. Nothing is erased; \
      `custody subject erase --reason consent-withdrawn` does that. ID is what your pipeline calls the \
      person, the key id that names her, or @FILE or -, one a line; all of them together are recorded \
      or none.

      Withdrawing what was never granted, or twice, is refused. With a time in the past, what was \
      granted by then ends; else also what is to begin later. A bare date in --from is its start, UTC.

      Examples:
        $ custody consent withdraw patient-0017
        $ custody consent withdraw patient-0017 --purpose research --format json
      """)

  @Argument(help: ArgumentHelp("Identifiers, key ids, @FILE or -.", valueName: "ID"))
  var subjects: [String]

  @Option(
    name: .customLong("purpose"),
    help: ArgumentHelp("Only this purpose; may be repeated.", valueName: "NAME"))
  var purposes: [String] = []

  @Option(
    name: .customLong("grant"),
    help: ArgumentHelp(
      "Only what this event granted, by id or position; may be repeated.", valueName: "ITEM"))
  var grants: [String] = []

  @Option(help: ArgumentHelp("From when on; else from now.", valueName: "TIME"))
  var from: String?

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let wanted = try SubjectArgument.subjects(subjects)
    try await store.writing { store in
      let recorded = try await store.consents.withdraw(
        wanted, purposes: purposes,
        grants: Set(try grants.map { try store.event(named: $0).header.claim.eventID }),
        from: try from.map { try Reference.time($0, in: store, dateMeans: .start) })
      ConsentPrinter.print(recorded, output.format)
    }
  }
}
