import ArgumentParser
import Custody

struct DatasetStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say what differs between the newest version and a folder or file.",
    discussion: """
      Writes nothing. Exits 0 whether or not something differs.

      Example:
        $ custody dataset status answers answers.csv
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @Argument(help: ArgumentHelp("What to compare.", valueName: "PATH"), completion: .file())
  var path: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let progress = ProgressBar("comparing", in: .bytes)
    var writer = RecordWriter(output.format, [.init("change"), .init("record", long: true)])
    try await store.datasets.status(name, path, progress: { progress.update($0, $1) }) {
      writer.write([.text($0.kind.rawValue), .text($0.key)])
    }
    progress.finish()
    writer.finish(none: "nothing changed")
  }
}
