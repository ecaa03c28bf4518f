import ArgumentParser
import Custody

struct LineageImpactCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "impact",
    abstract: "List what is downstream of something, how far, and who answers for it.",
    discussion: """
      \(LineageHelp.node)

      With KEY it is that record of a dataset of Custody's own: every record and model that was \
      made from it.

      Examples:
        $ custody lineage impact answers
        $ custody lineage impact answers 17 --format csv
      """)

  @Argument(help: ArgumentHelp("What would change.", valueName: "NODE"))
  var node: String

  @Argument(help: ArgumentHelp("A record's natural key.", valueName: "KEY"))
  var key: String?

  @OptionGroup var reach: LineageReachOptions

  @Option(help: ArgumentHelp("Show at most so many; 0 shows all.", valueName: "N"))
  var limit = 50

  @OptionGroup var moment: MomentOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if limit < 0 { throw ValidationError("--limit is 0 or more.") }
  }

  func run() async throws {
    let lineage = try moment.lineage(of: try store.open(for: .contents))
    let found = try lineage.reach(from: node, key, [.downstream], reach, limit: limit)[0]
    LineagePrinter(format: output.format, hasOwners: true).print([(.downstream, found)])
  }
}
