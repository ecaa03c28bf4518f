import ArgumentParser
import Custody

struct KeyShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one key, and how many events it seals.",
    discussion: """
      KEY is a key id, or its first digits; `epoch` is the epoch key in force.

      Example:
        $ custody key show epoch
      """)

  @Argument(help: ArgumentHelp("Which key.", valueName: "KEY"))
  var key: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let all = try store.keys.all()
    if key == "epoch" {
      let epoch = try store.keys.epoch()
      var facts = Facts()
      facts.add("key", "key", epoch.hex)
      facts.add("purpose", "purpose", "epoch")
      facts.add("wraps", "wraps", all.filter { $0.epoch == epoch }.count)
      return facts.write(output.format)
    }
    let found = all.filter { $0.id.hex.hasPrefix(key.lowercased()) }
    guard key.count >= 4, found.count == 1 else {
      throw CustodyError(
        .notFound,
        found.count > 1
          ? "More than one key starts with \(key). Give more digits."
          : "There is no key \(key). `custody key list` lists those there are.")
    }
    var facts = Facts()
    for (column, cell) in zip(KeyRecord.columns, KeyRecord.row(found[0])) {
      facts.add(column.name, column.title, cell)
    }
    facts.add("events", "events sealed", try store.eventCount(under: found[0].id))
    facts.write(output.format)
  }
}
