import ArgumentParser
import Custody
import CustodyModel

struct LineageExportCommand: AsyncParsableCommand {
  /// What other tools and people read.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case openlineage
    case provJSON = "prov-json"
    case provN = "prov-n"
    case dot, mermaid, graphml, svg, html
  }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write lineage as a picture or in a standard format.",
    discussion: """
      html is a page of its own to look at: it needs no network, and can be searched, followed with \
      mouse and keyboard, and moved in time. svg is the same as a drawing. dot, mermaid and graphml \
      are for other tools that draw; prov-json and prov-n are W3C PROV: versions are entities, runs \
      activities, owners agents.

      openlineage is a JSON array of the events that were imported, byte for byte, in the order of \
      the ledger; with --redacted without literals in SQL, messages, code and values. It takes no \
      NODE. Events that wait to be erased are restricted: they are left out, unless --ground states on \
      which ground they are read.

      \(LineageHelp.node) Without a NODE it is everything, in the grain design.

      Examples:
        $ custody lineage export --format html --to lineage.html
        $ custody lineage export answers --format svg --to answers.svg --force
        $ custody lineage export --format prov-json
      """)

  @Argument(help: ArgumentHelp("What to start from.", valueName: "NODE"))
  var node: String?

  @Argument(help: ArgumentHelp("A record's natural key.", valueName: "KEY"))
  var key: String?

  @Option(help: "In which format.")
  var format: Format

  @Flag(help: "Of openlineage: without what may be about somebody.")
  var redacted = false

  @Flag(help: "Only what NODE is made of.")
  var upstream = false

  @Flag(help: "Only what NODE fed.")
  var downstream = false

  @OptionGroup var reach: LineageReachOptions

  @Option(help: "What nodes are folded into where there are many.")
  var group = Lineage.Grouping.namespace

  @OptionGroup var ground: GroundOptions
  @OptionGroup var moment: MomentOptions
  @OptionGroup var target: TargetOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if format == .openlineage,
      node != nil || upstream || downstream || reach.depth != nil || reach.grain != nil
    {
      throw ValidationError(
        "openlineage hands out every event: leave out NODE, --upstream, --downstream, --depth and "
          + "--grain.")
    }
    if ground.ground != nil, format != .openlineage || redacted {
      throw ValidationError("--ground needs --format openlineage, without --redacted.")
    }
    if redacted, format != .openlineage {
      throw ValidationError(
        "--redacted is of openlineage: the other formats have nothing that it leaves out.")
    }
  }

  func run() async throws {
    try target.check()
    let store = try store.open(for: .contents)
    try target.check(store)
    let lineage = try moment.lineage(of: store)
    guard format != .openlineage else { return try writeEvents(lineage, store) }
    let picture = try picture(lineage)
    try target.write(Array(text(picture).utf8), store)
    if !picture.isComplete {
      let reason =
        reach.depth == nil
        ? "runs did not say which records come from which." : "the picture ends at --depth."
      Terminal.note("More lies behind \(node ?? "it"): \(reason)")
    }
  }

  /// Bytes that are written at once: a call of the system for each event would take longer.
  private static let chunkSize = 1 << 16

  private func writeEvents(_ lineage: Lineage, _ store: Store) throws {
    let leftOut = try target.write(store) { write in
      var bytes = Array("[".utf8)
      var isFirst = true
      let leftOut = try lineage.forEachEvent(isRedacted: redacted, on: ground.ground) { event in
        bytes += Array((isFirst ? "\n" : ",\n").utf8) + event
        isFirst = false
        guard bytes.count >= Self.chunkSize else { return }
        try write(bytes)
        bytes.removeAll(keepingCapacity: true)
      }
      try write(bytes + Array("\n]\n".utf8))
      return leftOut
    }
    GroundOptions.note(leftOut: leftOut.restricted, "event")
    if leftOut.erased > 0 {
      Terminal.note(
        "\(leftOut.erased.counted("event")) left out, whose keys are gone; --redacted has them.")
    }
  }

  private func picture(_ lineage: Lineage) throws -> LineagePicture {
    let directions = Set(Lineage.Direction.chosen(upstream: upstream, downstream: downstream))
    if let node, let key {
      let reference = try DatasetReference(ofRecordIn: node)
      return try lineage.picture(
        ofRecord: key, of: reference.name, at: reference.reference, directions, depth: reach.depth)
    }
    return try lineage.picture(
      of: node.map { [$0] } ?? [], directions, depth: reach.depth, grain: reach.grain,
      grouping: group)
  }

  private func text(_ picture: LineagePicture) -> String {
    switch format {
    case .provJSON: picture.provJSON
    case .provN: picture.provN
    case .dot: picture.dot
    case .mermaid: picture.mermaid
    case .graphml: picture.graphML
    case .svg: picture.svg
    case .html, .openlineage: picture.html
    }
  }
}

extension Lineage.Grouping: ExpressibleByArgument {}
