import ArgumentParser
import Custody
import CustodyModel

struct LineagePathCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "path",
    abstract: "Show how data came from one thing to another.",
    discussion: """
      A shortest way along the flow of data. When there is none from A to B, the one from B to A is \
      shown. Exit status 1 when there is none either way.

      \(LineageHelp.node)

      Example:
        $ custody lineage path answers copies
      """)

  @Argument(help: ArgumentHelp("Where to begin.", valueName: "A"))
  var start: String

  @Argument(help: ArgumentHelp("Where to end.", valueName: "B"))
  var end: String

  @Option(help: "What the nodes are; else what fits A and B.")
  var grain: Lineage.Grain?

  @OptionGroup var moment: MomentOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let lineage = try moment.lineage(of: try store.open(for: .contents))
    let found = try lineage.path(from: start, to: end, grain: grain)
    Terminal.willAnswer(found != nil)
    var writer = RecordWriter(
      output.format,
      [
        .init("step", right: true), .init("kind"), .init("namespace", detail: true),
        .init("name", detail: true), .init("label", "name", long: true), .init("version"),
        .init("run", detail: true), .init("time"),
      ])
    for (index, node) in (found?.nodes ?? []).enumerated() {
      writer.write([
        .number(index), .text(node.kind.rawValue), .text(node.namespace), .text(node.name),
        .text(node.label),
        (node.version ?? node.shortID).map { .text($0) } ?? .absent,
        node.id.map { .text($0) } ?? .absent, node.beginning,
      ])
    }
    writer.finish(none: "no data went from \(start) to \(end), nor the other way")
    guard let found else { throw ExitCode(ExitStatus.refused) }
    if !found.isForward { Terminal.note("The data went from \(end) to \(start).") }
  }
}
