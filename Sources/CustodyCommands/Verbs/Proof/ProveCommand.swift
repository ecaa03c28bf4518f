import ArgumentParser
import Custody

struct ProveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prove",
    abstract:
      "Write a proof that an event is in the ledger, for whoever has neither store nor keys.",
    discussion: """
      ITEM is a position, an event id or its first digits, or head. The proof is a C2SP tlog-proof; \
      its extra line has the event's header, which says nothing of the content. It holds for ever \
      under the checkpoint it ends with: `custody verify FILE --vkey VKEY` checks it, and so do other \
      people's tools. --checkpoint proves it under a checkpoint that somebody keeps.

      --consistency OLD NEW proves instead that the ledger of NEW events begins with that of OLD: two \
      sizes, of which the newer has a checkpoint. Every ledger begins with that of 0 events.

      Examples:
        $ custody prove 3 --to event-3.tlog-proof
        $ custody prove --consistency 2 4
      """)

  @Argument(help: ArgumentHelp("Which event.", valueName: "ITEM"))
  var item: String?

  @Option(
    name: .customLong("consistency"), parsing: .upToNextOption,
    help: ArgumentHelp("Two sizes, the older first.", valueName: "SIZE"))
  var sizes: [Int] = []

  @OptionGroup var checkpoint: CheckpointOptions
  @OptionGroup var target: TargetOptions
  @OptionGroup var store: StoreOptions

  mutating func validate() throws {
    guard sizes.isEmpty ? item != nil : sizes.count == 2 && item == nil else {
      throw ValidationError("Name an event, or two sizes with --consistency OLD NEW.")
    }
    guard sizes.isEmpty || checkpoint.checkpoint == nil else {
      throw ValidationError("--consistency ends with the store's own checkpoint of the newer size.")
    }
  }

  func run() async throws {
    try target.check()
    let store = try store.open(for: .reading)
    let evidence = store.evidence
    let text =
      if let item {
        try evidence.proof(
          of: try store.event(named: item).header.place.position, under: try checkpoint.note())
      } else {
        try evidence.consistency(from: sizes[0], to: sizes[1])
      }
    try target.write(Array(text.utf8), store)
  }
}
