import ArgumentParser
import Custody

struct LineageListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the datasets, jobs and models that lineage knows.",
    discussion: """
      Example:
        $ custody lineage list
      """)

  @OptionGroup var moment: MomentOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let lineage = try moment.lineage(of: try store.open(for: .contents))
    var writer = RecordWriter(
      output.format,
      [
        .init("kind"), .init("label", "name", long: true), .init("namespace", long: true),
        .init("name", detail: true), .init("owners"), .init("also", "also called", long: true),
      ])
    for node in try lineage.list() {
      writer.write([
        .text(node.kind.rawValue), .text(node.label), .text(node.namespace), .text(node.name),
        .list(node.owners), .list(node.facts.map(\.value)),
      ])
    }
    writer.finish(
      none: "Nothing yet: custody run and custody lineage import record where data comes from.")
  }
}
