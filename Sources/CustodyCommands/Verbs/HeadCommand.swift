import ArgumentParser
import Custody

struct HeadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "head",
    abstract: "Show the newest event and checkpoint.",
    discussion: """
      Takes milliseconds whatever the size of the ledger. --note prints the checkpoint as it is \
      signed, to be kept elsewhere: `custody verify --anchor` compares the ledger with it.

      Example:
        $ custody head
      """)

  @Flag(help: "Print only the newest checkpoint, as a signed note.")
  var note = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let head = try store.open(for: .reading).head()
    if note {
      guard let checkpoint = head.checkpoint else {
        throw CustodyError(.notFound, "There is no checkpoint yet. Make one: custody checkpoint")
      }
      return Terminal.write(Array(checkpoint.note.encoded.utf8))
    }
    var facts = Facts()
    facts.add("size", "events", head.size)
    facts.add("position", "newest position", head.position.value)
    facts.add("leaf", "leaf", head.leaf.hex)
    facts.add("root", "root", head.root.hex)
    facts.add("recordedAt", "recorded at", .time(head.recordedAt))
    facts.add(
      "checkpoint", "newest checkpoint",
      head.checkpoint.map { .count($0.checkpoint.size, "event", output.format) } ?? .absent)
    facts.add("unsealed", "unsealed events", head.unsealedCount)
    facts.write(output.format)
  }
}
