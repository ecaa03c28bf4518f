import ArgumentParser
import Custody

struct DatasetDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say which records differ between two versions.",
    discussion: """
      REF is v3, a tag, a position, a date, an RFC 3339 time, P30D (days ago) or head.

      Example:
        $ custody dataset diff answers v1 head
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @Argument(help: ArgumentHelp("The older version.", valueName: "REF"))
  var old: String

  @Argument(help: ArgumentHelp("The newer version.", valueName: "REF"))
  var new: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    var writer = RecordWriter(output.format, [.init("change"), .init("record", long: true)])
    try store.datasets.diff(name, old, new) {
      writer.write([.text($0.kind.rawValue), .text($0.key)])
    }
    writer.finish(none: "no differences")
  }
}
