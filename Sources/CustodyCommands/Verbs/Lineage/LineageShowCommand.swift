import ArgumentParser
import Custody

struct LineageShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what something is, what it is made of and what it fed.",
    discussion: """
      \(LineageHelp.node)

      First comes what is known of NODE itself: when it was spoken of, what its newest facets say \
      (schema, owners, statistics and others), and what Custody knows of its own datasets, versions \
      and runs. Texts that may be about somebody are sealed: custody show POSITION \
      --content prints the original. --alone leaves out what lies around NODE.

      With KEY it is that record of a dataset of Custody's own. The grain says what the nodes are: \
      design shows jobs and datasets as each job last worked, run shows runs and versions, column \
      columns, record records. A dataset in the grain run stands for all its versions.

      Examples:
        $ custody lineage show answers
        $ custody lineage show answers --alone
        $ custody lineage show answers@v1 --upstream --format json
      """)

  @Argument(help: ArgumentHelp("What to start from.", valueName: "NODE"))
  var node: String

  @Argument(help: ArgumentHelp("A record's natural key.", valueName: "KEY"))
  var key: String?

  @Flag(help: "Only what is known of NODE itself.")
  var alone = false

  @Flag(help: "Only what it is made of.")
  var upstream = false

  @Flag(help: "Only what it fed.")
  var downstream = false

  @OptionGroup var reach: LineageReachOptions

  @Option(help: "Show how many things of which kind there are in each group.")
  var group: Lineage.Grouping?

  @Option(help: ArgumentHelp("Show at most so many of each; 0 shows all.", valueName: "N"))
  var limit = 50

  @OptionGroup var moment: MomentOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if limit < 0 { throw ValidationError("--limit is 0 or more.") }
    if alone, upstream || downstream || group != nil || reach.depth != nil || reach.grain != nil {
      throw ValidationError(
        "--alone is NODE without what lies around it: leave out --upstream, --downstream, --depth, "
          + "--grain and --group.")
    }
    if alone, output.format == .csv {
      throw ValidationError("What is known of one thing has no rows for csv: take json.")
    }
  }

  func run() async throws {
    let lineage = try moment.lineage(of: try store.open(for: .contents))
    if alone {
      let about = LineageAboutPrinter(try lineage.about(node, key), output.format, limit: limit)
      return about.printAlone()
    }
    let directions = Lineage.Direction.chosen(upstream: upstream, downstream: downstream)
    let found = try lineage.reach(
      from: node, key, directions, reach, group, limit: group == nil ? limit : 0)
    let answers = Array(zip(directions, found)).map { (direction: $0, reach: $1) }
    let printer = LineagePrinter(format: output.format)
    guard group == nil else { return printer.print(grouped: answers) }
    printer.print(
      answers,
      about: LineageAboutPrinter(try lineage.about(node, key), output.format, limit: limit))
  }
}

extension Lineage {
  /// What is known of a node or, with a natural key, of a record.
  func about(_ node: String, _ key: String?) throws -> [LineageAbout] {
    guard let key else { return try about(node) }
    let reference = try DatasetReference(ofRecordIn: node)
    return try about(record: key, of: reference.name, at: reference.reference)
  }

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
