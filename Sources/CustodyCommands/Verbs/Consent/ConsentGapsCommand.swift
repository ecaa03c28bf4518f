import ArgumentParser
import Custody
import CustodyModel

struct ConsentGapsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gaps",
    abstract: "List runs that read data about people who did not allow it.",
    discussion: """
      A row for each run and version that it read, with how many people did not allow the run's purpose \
      when it began: not-given, they had not allowed it by then; expired and withdrawn, they had \
      before; for-others, they allowed it to others; no-purpose, the run names none, though records \
      about people were among what it read. JSON names the people by key id. REF is \(Reference.help).

      What counts is what is known now, or with --at: a consent that was recorded later and is in \
      force from before counts. Grants with --for count when they name the organization or who acted. \
      Runs that other tools report name no purpose, and are not looked at.

      Exits 1 when there are any.

      Examples:
        $ custody consent gaps
        $ custody consent gaps --purpose research --since P30D --format ndjson
      """)

  @Option(help: ArgumentHelp("Only runs for this purpose.", valueName: "NAME"))
  var purpose: String?

  @Option(help: ArgumentHelp("Runs that began here or later.", valueName: "REF"))
  var since: String?

  @Option(help: ArgumentHelp("Runs that began here or before.", valueName: "REF"))
  var until: String?

  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    var filter = EventFilter()
    if let since { try Reference.apply(since, .since, to: &filter, in: store) }
    if let until { try Reference.apply(until, .until, to: &filter, in: store) }
    let consents = try store.consents.known(at: try at.moment(in: store))
    let gaps = try await consents.gaps(purpose: purpose, in: filter)
    if !gaps.isEmpty { Terminal.willAnswer(false) }
    ConsentGapPrinter.print(gaps, output.format)
    if !gaps.isEmpty { throw ExitCode(ExitStatus.refused) }
  }
}
