import ArgumentParser
import Custody

struct ExportTilesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tiles",
    abstract: "Write the ledger as C2SP tiles, which other people's tools read.",
    discussion: """
      A folder of static files, as of the newest checkpoint: the checkpoint, tiles of hashes, and \
      bundles of headers. No body and no content is in it. `custody verify DIR --vkey VKEY` checks it \
      without store and keys.

      Example:
        $ custody export tiles --to tiles
      """)

  @Option(help: ArgumentHelp("The folder to write.", valueName: "DIR"), completion: .directory)
  var to: String

  @Flag(help: "Replace the folder if it is there.")
  var force = false

  @OptionGroup var checkpoint: CheckpointOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .reading)
    let progress = ProgressBar("exporting", in: .events)
    let count: Int
    do {
      defer { progress.finish() }
      count = try store.evidence.exportTiles(
        under: try checkpoint.note(), to: to, replacing: force
      ) { progress.update($0, $1) }
    }
    Terminal.print("exported \(count.counted("event")) to \(to)")
  }
}
