import ArgumentParser
import Custody

struct DatasetShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a dataset: what it holds, how records and people are found.",
    discussion: """
      Example:
        $ custody dataset show answers
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let entry = try store.open(for: .contents).datasets.entry(name)
    var facts = Facts()
    facts.add("name", "name", entry.name)
    facts.add("kind", "kind", entry.kind.rawValue)
    facts.add("key", "key", entry.key)
    facts.add("subject", "subject", entry.subject)
    facts.add("class", "class", entry.dataClass)
    facts.add("owner", "owner", entry.owner)
    facts.add("tags", "tags", .list(entry.tags))
    if let newest = entry.newest {
      facts.add("version", "newest version", newest.number)
      facts.add("records", "records", newest.records)
      facts.add("bytes", "bytes", newest.bytes)
      facts.add("root", "root", newest.root.hex)
      facts.add("committedAt", "committed at", .time(newest.recordedAt))
      facts.add("position", "position", newest.position.value)
    }
    facts.write(output.format)
  }
}
