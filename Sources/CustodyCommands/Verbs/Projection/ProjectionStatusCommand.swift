import ArgumentParser
import Custody

struct ProjectionStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say how far each projection has read.",
    discussion: """
      A projection that is behind catches up with the next query. One that stands still met an \
      event that it cannot apply; others go on. Needs no secret.

      Example:
        $ custody projection status
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .reading)
    var writer = RecordWriter(
      output.format,
      [
        .init("name"), .init("version", right: true), .init("events", right: true),
        .init("behind", right: true), .init("state", long: true),
      ])
    for status in try store.projections.status() {
      let behind = max(0, status.ledgerSize - status.eventCount)
      let state = status.haltReason.map { "stands still: \($0)" }
      writer.write([
        .text(status.name), .number(status.version), .number(status.eventCount), .number(behind),
        .text(state ?? (behind == 0 ? "current" : "behind")),
      ])
    }
    writer.finish()
  }
}
