import ArgumentParser
import Custody

struct DiscloseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disclose",
    abstract:
      "Hand the content of one event to one reader, with the proof that it is that event's.",
    discussion: """
      With --recipient the file is sealed in the age format: `age --decrypt --identity KEYFILE` opens \
      it, and `custody verify FILE --vkey VKEY` checks what comes out, without store and keys. Without \
      --recipient it is in clear, for whoever has the file. The ledger records what was disclosed and \
      to whom: no later erasure reaches it.

      Example:
        $ custody disclose 3 --to event-3.age --purpose audit \\
            --recipient age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z
      """)

  @Argument(help: ArgumentHelp("Which event.", valueName: "ITEM"))
  var item: String

  @Option(help: ArgumentHelp("Who can open it: an age recipient.", valueName: "KEY"))
  var recipient: [String] = []

  @Option(
    help: ArgumentHelp(
      "What for; held against consents by custody consent gaps. No personal data.",
      valueName: "PURPOSE"))
  var purpose: String?

  @OptionGroup var ground: GroundOptions
  @OptionGroup var checkpoint: CheckpointOptions
  @OptionGroup var target: TargetOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    guard recipient.isEmpty || target.isFile || !Terminal.isOutputTerminal else {
      throw CustodyError(
        .usage, "A sealed disclosure is no text: write it to a file with --to FILE.")
    }
    try target.check()
    let note = try checkpoint.note()
    try await store.writing { store in
      try target.check(store)
      let position = try store.event(named: item).header.place.position
      try target.write(
        try await store.evidence.disclose(
          position, to: recipient, purpose: purpose, on: ground.ground, under: note), store)
    }
  }
}
