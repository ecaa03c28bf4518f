import ArgumentParser
import Custody

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy everything but keys into a folder, while the store is in use.",
    discussion: """
      Settings, ledger, objects and anchors. What is computed is left out, and made again. The copy \
      of the ledger is verified before it takes its place. Keys are not in it, so that an erased person cannot come back from it: see custody key backup. \
      `custody recover` makes a store of both again.

      Example:
        $ custody backup --to backup-2026-11-23
      """)

  @Option(help: ArgumentHelp("The folder to write.", valueName: "DIR"), completion: .directory)
  var to: String

  @Flag(help: "Replace an older backup that is there, once the new one is whole.")
  var force = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .reading)
    let progress = ProgressBar("verifying", in: .events)
    let summary: BackupSummary
    do {
      defer { progress.finish() }
      summary = try store.backUp(to: to, replacing: force) { progress.update($0, $1) }
    }
    guard output.format != .table else {
      return Terminal.print(
        "backed up \(summary.eventCount.counted("event")), \(summary.byteCount.asBytes), to "
          + Terminal.visible(to))
    }
    var facts = Facts()
    facts.add("to", "folder", to)
    facts.add("events", "events", summary.eventCount)
    facts.add("bytes", "bytes", summary.byteCount)
    facts.write(output.format)
  }
}
