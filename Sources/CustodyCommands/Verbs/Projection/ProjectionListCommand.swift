import ArgumentParser
import Custody

struct ProjectionListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List projections and what they are for.",
    discussion: """
      Example:
        $ custody projection list
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .reading)
    var writer = RecordWriter(
      output.format, [.init("name"), .init("version", right: true), .init("summary", long: true)])
    for status in try store.projections.status() {
      writer.write([.text(status.name), .number(status.version), .text(status.summary)])
    }
    writer.finish()
  }
}
