import ArgumentParser
import Custody

struct LineageGapsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gaps",
    abstract: "List what lineage should know and does not, or knows in two ways.",
    discussion: """
      no-end: a run began and was silent for three times as long as 19 of 20 runs of its job take, \
      or for a day where none has ended; no-start: a run ended that never began; no-run: versions \
      that no run wrote; erased-input: a run whose inputs were erased since; no-children: a run \
      that started others before and now none; no-parent: a run that others name and that never \
      reported; contradiction: events that cannot both be right; feedback: what is written is read \
      on the way to it. Streaming jobs need not end.

      Examples:
        $ custody lineage gaps
        $ custody lineage gaps --kind no-end --kind contradiction --format json
      """)

  @Option(help: "Only gaps of this kind; may be repeated.")
  var kind: [LineageGap.Kind] = []

  @OptionGroup var moment: MomentOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let lineage = try moment.lineage(of: try store.open(for: .contents))
    var writer = RecordWriter(
      output.format,
      [
        .init("gap"), .init("kind", detail: true), .init("label", "of", long: true),
        .init("run"), .init("namespace", detail: true), .init("name", detail: true),
        .init("time"), .init("finding", wrapped: true),
      ])
    for gap in try lineage.gaps(kind.isEmpty ? Set(LineageGap.Kind.allCases) : Set(kind)) {
      let node = gap.node
      let id = output.format == .table ? node.shortID : node.id
      writer.write([
        .text(gap.kind.rawValue), .text(node.kind.rawValue), .text(node.label),
        id.map { .text($0) } ?? .absent, .text(node.namespace), .text(node.name),
        gap.time.map { .time($0) } ?? node.beginning, .text(gap.finding),
      ])
    }
    writer.finish(none: "no gaps")
  }
}

extension LineageGap.Kind: ExpressibleByArgument {}
