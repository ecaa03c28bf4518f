import ArgumentParser
import Custody

struct DatasetLogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "List the versions of a dataset, the newest first.",
    discussion: """
      Example:
        $ custody dataset log answers
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let datasets = try at.datasets(of: try store.open(for: .contents))
    let versions = try datasets.versions(of: name)
    let states = try datasets.states(of: name)
    var writer = RecordWriter(
      output.format,
      [
        .init("version"), .init("committedAt", "committed at"), .init("records", right: true),
        .init("added", right: true), .init("changed", right: true),
        .init("removed", right: true), .init("actor"),
        .init("run", detail: versions.allSatisfy { $0.run == nil }), .init("tags"),
        .init("message", long: true), .init("source", "from", long: true),
        .init("position", detail: true), .init("root", detail: true),
        .init("restored", detail: true),
        .init("state", detail: states.isEmpty),
      ])
    for version in versions.reversed() {
      let run: Cell = version.run.map { .text($0) } ?? .absent
      let message: Cell = version.message.map { .text($0) } ?? .absent
      let source = try datasets.source(of: version)
      writer.write([
        .text("v\(version.number)"), .time(version.recordedAt), .number(version.records),
        .number(version.added), .number(version.changed), .number(version.removed),
        .text(version.actor), run, .list(version.tags), message, Cell(source.path),
        .number(version.position.value), .text(version.root.hex),
        source.restored.map { .number($0) } ?? .absent,
        .text((states[version.number]?.kind ?? .raw).rawValue),
      ])
    }
    writer.finish(none: "no versions")
  }
}
