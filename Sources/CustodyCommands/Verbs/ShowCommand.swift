import ArgumentParser
import Custody
import CustodyModel

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one event.",
    discussion: """
      ITEM is a position, an event id (the first digits are enough while only one event has them) \
      or head. --content writes exactly the bytes that were appended, and nothing else.

      Examples:
        $ custody show 3
        $ custody show 3 --content
      """)

  @Argument(help: ArgumentHelp("Which event.", valueName: "ITEM"))
  var item: String

  @Flag(help: "Write the content's bytes and nothing else.")
  var content = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: content ? .contents : .reading)
    let event = try store.event(named: item)
    if content {
      guard let bytes = try store.content(of: event) else {
        throw CustodyError(
          .notFound,
          "The content at position \(event.position) is gone: it was purged, or its key destroyed.")
      }
      return Terminal.write(bytes)
    }
    var facts = Facts()
    for (column, cell) in zip(
      EventRecord.columns(withContent: false), EventRecord.row(event, content: nil, false))
    {
      facts.add(column.name, column.title, cell)
    }
    facts.add("body", "body", event.body == nil ? "purged" : "stored")
    facts.write(output.format)
  }
}
