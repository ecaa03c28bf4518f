import ArgumentParser
import Custody

struct ProjectionRebuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild",
    abstract: "Compute projections anew from the events.",
    discussion: """
      Builds the newest version beside what is in use and switches when done; says whether anything \
      differed. Rows of older versions are let go of then. Nothing is lost: projections hold only \
      what the events give.

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
    let isDone = !rebuilt.contains { $0.haltReason != nil }
    Terminal.willAnswer(isDone)
    var writer = RecordWriter(
      output.format,
      [
        .init("name"), .init("version", right: true), .init("events", right: true),
        .init("result", long: true),
      ])
    for entry in rebuilt {
      writer.write([
        .text(entry.name), .number(entry.version), .number(entry.eventCount),
        .text(Self.result(entry)),
      ])
    }
    writer.finish()
    if !isDone { throw ExitCode(ExitStatus.refused) }
  }

  private static func result(_ entry: Projections.Rebuilt) -> String {
    if let reason = entry.haltReason {
      return "stands still at position \(entry.eventCount): \(reason)"
    }
    var result =
      entry.wasEqual.map { $0 ? "the same rows as before" : "other rows than before" } ?? "rebuilt"
    for version in entry.replaced { result += "; version \(version) is gone" }
    return result
  }
}
