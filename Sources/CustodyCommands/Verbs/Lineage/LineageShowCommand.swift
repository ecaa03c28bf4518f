import ArgumentParser
import Custody

struct LineageShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what something is made of and what it fed.",
    discussion: """
      \(LineageHelp.node)

      With KEY it is that record of a dataset of Custody's own. The grain says what the nodes are: \
      design shows jobs and datasets as each job last worked, run shows runs and versions, column \
      columns, record records. A dataset in the grain run stands for all its versions.

      Examples:
        $ custody lineage show answers
        $ custody lineage show answers@v1 --upstream --format json
      """)

  @Argument(help: ArgumentHelp("What to start from.", valueName: "NODE"))
  var node: String

  @Argument(help: ArgumentHelp("A record's natural key.", valueName: "KEY"))
  var key: String?

  @Flag(help: "Only what it is made of.")
  var upstream = false

  @Flag(help: "Only what it fed.")
  var downstream = false

  @OptionGroup var reach: LineageReachOptions

  @Option(help: "Show how many things of which kind there are in each group.")
  var group: Lineage.Grouping?

  @Option(help: ArgumentHelp("Show at most so many of each; 0 shows all.", valueName: "N"))
  var limit = 50

  @OptionGroup var moment: LineageMomentOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if limit < 0 { throw ValidationError("--limit is 0 or more.") }
  }

  func run() async throws {
    let lineage = try moment.lineage(of: try store.open(for: .contents))
    let directions = Lineage.Direction.chosen(upstream: upstream, downstream: downstream)
    let found = try lineage.reach(
      from: node, key, directions, reach, group, limit: group == nil ? limit : 0)
    let answers = Array(zip(directions, found)).map { (direction: $0, reach: $1) }
    let printer = LineagePrinter(format: output.format)
    group == nil ? printer.print(answers) : printer.print(grouped: answers)
  }
}

extension Lineage {
  /// From a node or, with a natural key, from a record.
  func reach(
    from node: String, _ key: String?, _ directions: [Direction], _ options: LineageReachOptions,
    _ grouping: Grouping? = nil, limit: Int
  ) throws -> [LineageReach] {
    let limit = limit == 0 ? nil : limit
    guard let key else {
      return try reach(
        from: [node], directions, depth: options.depth, grain: options.grain, grouping: grouping,
        limit: limit)
    }
    if let grain = options.grain, grain != .record {
      throw CustodyError(.usage, "A KEY names a record: leave --grain out, or say --grain record.")
    }
    let reference = try DatasetReference(ofRecordIn: node)
    return try reach(
      fromRecord: key, of: reference.name, at: reference.reference, directions,
      depth: options.depth, limit: limit)
  }
}
