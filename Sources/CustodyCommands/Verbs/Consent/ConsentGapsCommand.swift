import ArgumentParser
import Custody
import CustodyModel

struct ConsentGapsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gaps",
    abstract: "List what read data about people who did not allow it.",
    discussion: """
      A row for each version that a run read, each restore and each disclosure, with how many people did \
      not allow its purpose when it began: not-given, they had not allowed it by then; expired and \
      withdrawn, they had before; for-others, they allowed it to others; no-purpose, it names none, \
      though data about people was among it. JSON names the people by key id. REF is \(Reference.help).

      What counts is what is known now, or with --at: a consent that was recorded later and is in \
      force from before counts. Grants with --for count when they name the organization or who acted. \
      What was restricted and left out counts as not read. Runs that other tools report in OpenLineage \
      name a purpose by a tag of the run, or else of the job, with the key purpose.

      Exits 1 when there are any.

      Examples:
        $ custody consent gaps
        $ custody consent gaps --purpose research --since P30D --format ndjson
      """)

  @Option(help: ArgumentHelp("Only what names this purpose.", valueName: "NAME"))
  var purpose: String?

  @Option(help: ArgumentHelp("What began here or later.", valueName: "REF"))
  var since: String?

  @Option(help: ArgumentHelp("What began here or before.", valueName: "REF"))
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
