import ArgumentParser
import Custody

struct ProjectionListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List projections, their versions and what they are for.",
    discussion: """
      A version is in use when queries read it. A new one is computed beside it, `custody projection \
      diff` compares the two, and `custody projection rebuild` switches. An old one was left by an \
      older program. Needs no secret.

      Example:
        $ custody projection list
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .reading)
    var writer = RecordWriter(
      output.format,
      [
        .init("name"), .init("version", right: true), .init("role"),
        .init("summary", long: true),
      ])
    for status in try store.projections.status() {
      writer.write([
        .text(status.name), .number(status.version), .text(status.role.rawValue),
        .text(status.summary),
      ])
    }
    writer.finish()
  }
}
