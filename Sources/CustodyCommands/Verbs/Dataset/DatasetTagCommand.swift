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
  var name: String

  @Argument(help: ArgumentHelp("The name.", valueName: "TAG"))
  var tag: String

  @OptionGroup var store: StoreOptions

  func run() async throws {
    let (name, reference) = DatasetCommand.parse(name)
    try await store.writing { try await $0.datasets.tag(name, reference, as: tag) }
  }
}
