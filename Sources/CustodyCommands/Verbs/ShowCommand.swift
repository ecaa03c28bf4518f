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
    let event = try find(in: store)
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

  private func find(in store: Store) throws -> StoredEvent {
    let found: StoredEvent?
    if item == "head" {
      found = try store.event(at: try store.head().position)
    } else if let number = Int(item), number >= 0, item.count < 20 {
      found = try store.event(at: Position(number))
    } else if let id = EventID(uuid: item) {
      found = try store.event(id: id)
    } else {
      let digits = item.filter { $0 != "-" }
      guard digits.count >= 4, digits.count <= 32, digits.allSatisfy(\.isHexDigit) else {
        throw CustodyError(
          .usage, "\(item) is no position and no event id (at least four of its digits).")
      }
      found = try store.event(idPrefix: digits)
    }
    guard let found else {
      throw CustodyError(
        .notFound,
        "There is no event \(item). The newest is at position \(try store.head().position).")
    }
    return found
  }
}
