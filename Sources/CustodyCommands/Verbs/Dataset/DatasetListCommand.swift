import ArgumentParser
import Custody

struct DatasetListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List datasets and their newest versions.",
    discussion: """
      Examples:
        $ custody dataset list
        $ custody dataset list --at P0D --format json
      """)

  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    var writer = RecordWriter(
      output.format,
      [
        .init("name"), .init("kind"), .init("version", right: true),
        .init("records", right: true), .init("bytes", right: true),
        .init("committedAt", "committed at"), .init("owner"), .init("tags"),
      ])
    for entry in try at.datasets(of: store).all() {
      let newest = entry.newest
      writer.write([
        .text(entry.name), .text(entry.kind.rawValue),
        newest.map { .number($0.number) } ?? .absent,
        newest.map { .number($0.records) } ?? .absent, newest.map { .number($0.bytes) } ?? .absent,
        newest.map { .time($0.recordedAt) } ?? .absent, entry.owner.map { .text($0) } ?? .absent,
        .list(entry.tags),
      ])
    }
    writer.finish(none: "no datasets")
  }
}
