import ArgumentParser
import Custody

struct StatsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Count events by type.",
    discussion: """
      Reads every header once; needs no secret.

      Example:
        $ custody stats
      """)

  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .reading)
    var writer = RecordWriter(
      output.format,
      [
        .init("type"), .init("events", right: true), .init("streams", right: true),
        .init("bodyBytes", "body bytes", right: true), .init("purged", right: true),
        .init("first", right: true), .init("last", right: true),
      ])
    for row in try store.statistics(at: try at.moment(in: store)) {
      writer.write([
        .text(row.type), .number(row.events), .number(row.streams), .number(row.bodyBytes),
        .number(row.purged), .number(row.first.value), .number(row.last.value),
      ])
    }
    writer.finish()
  }
}
