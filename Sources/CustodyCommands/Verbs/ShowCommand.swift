import ArgumentParser
import Custody
import CustodyModel

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one event.",
    discussion: """
      ITEM is a position, an event id (the first digits are enough while only one event has them) \
      or head. --content writes exactly the bytes that were appended, and nothing else; what is \
      restricted is refused, unless --ground states on which ground it is read.

      Examples:
        $ custody show 3
        $ custody show 3 --content
      """)

  @Argument(help: ArgumentHelp("Which event.", valueName: "ITEM"))
  var item: String

  @Flag(help: "Write the content's bytes and nothing else.")
  var content = false

  @OptionGroup var ground: GroundOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if ground.ground != nil, !content { throw ValidationError("--ground needs --content.") }
  }

  func run() async throws {
    let store = try store.open(for: content ? .contents : .reading)
    let event = try store.event(named: item)
    guard !content else { return try writeContent(of: event, store) }
    var facts = Facts()
    for (column, cell) in zip(
      EventRecord.columns(withContent: false), EventRecord.row(event))
    {
      facts.add(column.name, column.title, cell)
    }
    facts.add("body", "body", event.body == nil ? "purged" : "stored")
    facts.write(output.format)
  }

  private func writeContent(of event: StoredEvent, _ store: Store) throws {
    switch try store.contents(on: ground.ground).content(of: event) {
    case .opened(let bytes): Terminal.write(bytes)
    case .restricted: throw Restrictions.refusal("The content at position \(event.position)")
    case .gone:
      throw CustodyError(
        .notFound,
        "The content at position \(event.position) is gone: it was purged, or its key destroyed.")
    }
  }
}
