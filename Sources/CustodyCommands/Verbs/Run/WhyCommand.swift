import ArgumentParser
import Custody

struct WhyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Tell where a record comes from, back to where it came in.",
    discussion: """
      Which run wrote it, from which records of which versions, with which command, parameters and \
      code; and the same of each of those. What was erased is told as far as the ledger still knows. \
      The story ends where a record was committed, with what other tools reported of that version \
      in OpenLineage; custody lineage shows the graph. Commands and parameters that wait to be erased \
      are restricted: they are told on a ground that --ground states.

      Example:
        $ custody why answers@v1 17
      """)

  @Argument(help: ArgumentHelp("The dataset. \(DatasetReference.help).", valueName: "NAME[@REF]"))
  var dataset: DatasetReference

  @Argument(help: ArgumentHelp("The record's natural key.", valueName: "KEY"))
  var key: String

  @OptionGroup var ground: GroundOptions
  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  mutating func validate() throws {
    guard [.table, .json].contains(output.format) else {
      throw ValidationError("A story is told as table or json.")
    }
  }

  func run() async throws {
    let store = try store.open(for: .contents)
    let record = try at.datasets(of: store).provenance(
      of: dataset.name, dataset.reference, key: key, on: ground.ground)
    let lineage = try store.lineage.known(at: at.moment(in: store))
    let before = try lineage.upstream(
      ofEach: record.committed.map(ProvenancePrinter.node),
      limit: output.format == .json ? .max : ProvenancePrinter.beforeMax)
    output.format == .json
      ? Terminal.print(ProvenanceJSON(before: before).text(record))
      : ProvenancePrinter(before: before).print(record)
    GroundOptions.note(leftOut: record.restrictedRunCount, "command")
  }
}
