import ArgumentParser
import Custody

struct KeyListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List data keys by id; never their bytes.",
    discussion: """
      Example:
        $ custody key list
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    var writer = RecordWriter(output.format, KeyRecord.columns)
    for entry in try store.keys.all() { writer.write(KeyRecord.row(entry)) }
    writer.finish()
  }
}
