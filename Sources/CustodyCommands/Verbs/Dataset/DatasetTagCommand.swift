import ArgumentParser
import Custody

struct DatasetTagCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag",
    abstract: "Give a version a name of its own.",
    discussion: """
      A tag moves when it is given again.

      Example:
        $ custody dataset tag answers@v1 baseline
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME[@REF]"))
  var dataset: DatasetReference

  @Argument(help: ArgumentHelp("The name.", valueName: "TAG"))
  var tag: String

  @OptionGroup var store: StoreOptions

  func run() async throws {
    try await store.writing {
      try await $0.datasets.tag(dataset.name, dataset.reference, as: tag)
    }
  }
}
