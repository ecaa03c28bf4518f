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
  var name: String

  @Argument(help: ArgumentHelp("The record's natural key.", valueName: "KEY"))
  var key: String

  @OptionGroup var store: StoreOptions

  func run() async throws {
    let (name, reference) = DatasetCommand.parse(name)
    try store.open(for: .contents).datasets.content(of: name, reference, key: key) {
      Terminal.write($0)
    }
  }
}
