import ArgumentParser
import Custody

struct ProjectionDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say in which tables a projection differs from one computed anew.",
    discussion: """
      Lists each table with rows that only one of the two has, and the first event that such a row \
      comes from. Exits 1 when there is one.

      Example:
        $ custody projection diff event-index
      """)

  @Argument(help: ArgumentHelp("A projection.", valueName: "NAME"))
  var name: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let progress = ProgressBar("computing", in: .events)
    let compared = try await store.projections.compare([name]) { progress.update($0, $1) }
    progress.finish()
    var writer = RecordWriter(
      output.format,
      [
        .init("table"), .init("missing", right: true), .init("unexpected", right: true),
        .init("first", "first at", right: true),
      ])
    for table in compared.flatMap(\.differences) {
      writer.write([
        .text(table.table), .number(table.missing), .number(table.unexpected),
        table.firstPosition.map { .number($0.value) } ?? .absent,
      ])
    }
    writer.finish(none: "no differences")
    if compared.contains(where: { !$0.isEqual }) { throw ExitCode(ExitStatus.refused) }
  }
}
