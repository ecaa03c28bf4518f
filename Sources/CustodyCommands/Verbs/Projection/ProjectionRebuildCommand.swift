import ArgumentParser
import Custody

struct ProjectionRebuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild",
    abstract: "Compute projections anew from the events.",
    discussion: """
      Builds beside the ones in use and switches when done; says whether anything differed. \
      Nothing is lost: projections hold only what the events give.

      Example:
        $ custody projection rebuild
      """)

  @Argument(help: ArgumentHelp("Projections; all by default.", valueName: "NAME"))
  var names: [String] = []

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let progress = ProgressBar("rebuilding", in: .events)
    let rebuilt = try await store.projections.rebuild(names) { progress.update($0, $1) }
    progress.finish()
    var writer = RecordWriter(
      output.format, [.init("name"), .init("events", right: true), .init("result", long: true)])
    for entry in rebuilt {
      let result =
        entry.haltReason.map { "stands still at position \(entry.eventCount): \($0)" }
        ?? entry.wasEqual.map { $0 ? "the same rows as before" : "other rows than before" }
        ?? "rebuilt"
      writer.write([.text(entry.name), .number(entry.eventCount), .text(result)])
    }
    writer.finish()
    if rebuilt.contains(where: { $0.haltReason != nil }) { throw ExitCode(ExitStatus.refused) }
  }
}
