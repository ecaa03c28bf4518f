import ArgumentParser
import Custody

struct DatasetCatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cat",
    abstract: "Write one record, byte for byte.",
    discussion: """
      NAME@REF is a version; the newest without @REF. A row of a table is written as it stood, \
      without its line end.

      Example:
        $ custody dataset cat answers@v1 17
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME[@REF]"))
  var dataset: DatasetReference

  @Argument(help: ArgumentHelp("The record's natural key.", valueName: "KEY"))
  var key: String

  @OptionGroup var ground: GroundOptions
  @OptionGroup var at: AtOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    try at.datasets(of: try store.open(for: .contents)).content(
      of: dataset.name, dataset.reference, key: key, on: ground.ground
    ) { Terminal.write($0) }
  }
}
