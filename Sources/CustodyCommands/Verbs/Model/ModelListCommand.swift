import ArgumentParser
import Custody

struct ModelListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the models and their versions.",
    discussion: """
      Example:
        $ custody model list
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let models = try store.open(for: .contents).models
    ModelPrinter.print(try models.list(), output.format)
  }
}

enum ModelPrinter {
  static func print(_ versions: [Models.Version], _ format: OutputFormat) {
    var writer = RecordWriter(
      format,
      [
        .init("model"), .init("version"), .init("trainedOn", "trained on", long: true),
        .init("run", detail: true), .init("digest", detail: true), .init("owner"),
        .init("purpose", detail: true), .init("recordedAt", "recorded at"),
        .init("actor", detail: true), .init("position", right: true),
      ])
    for version in versions {
      writer.write([
        .text(version.model), .text(version.version),
        .list(version.trainedOn.map { "\($0.dataset)@v\($0.version)" }),
        version.run.map { .text("\($0)") } ?? .absent,
        version.digest.map { .text($0) } ?? .absent, version.owner.map { .text($0) } ?? .absent,
        version.purpose.map { .text($0) } ?? .absent, .time(version.recordedAt),
        .text(version.actor), .number(version.position.value),
      ])
    }
    writer.finish(none: "no models: custody model add records one")
  }
}
