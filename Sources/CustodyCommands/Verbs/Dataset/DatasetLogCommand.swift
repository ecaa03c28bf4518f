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

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    var writer = RecordWriter(
      output.format,
      [
        .init("version"), .init("committedAt", "committed at"), .init("records", right: true),
        .init("added", right: true), .init("changed", right: true),
        .init("removed", right: true), .init("actor"), .init("tags"),
        .init("message", long: true), .init("position", detail: true), .init("root", detail: true),
      ])
    for version in try store.datasets.versions(of: name).reversed() {
      let said = try store.datasets.message(of: version)
      writer.write([
        .text("v\(version.number)"), .time(version.recordedAt), .number(version.records),
        .number(version.added), .number(version.changed), .number(version.removed),
        .text(said.actor), .list(version.tags), said.message.map { .text($0) } ?? .absent,
        .number(version.position.value), .text(version.root.hex),
      ])
    }
    writer.finish(none: "no versions")
  }
}
