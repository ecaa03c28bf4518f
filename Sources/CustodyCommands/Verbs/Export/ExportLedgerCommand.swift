import ArgumentParser
import Custody

struct ExportLedgerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger",
    abstract: "Write a copy of the ledger for an auditor.",
    discussion: """
      The copy is one SQLite file of the newest moment, without keys: headers, sealed bodies, \
      checkpoints. Never copy ledger.sqlite of a store in use; its newest events may be in \
      another file.

      Example:
        $ custody export ledger --to ledger-copy.sqlite
      """)

  @Option(
    help: ArgumentHelp("The file to write.", valueName: "FILE"), completion: .file())
  var to: String

  @Flag(help: "Replace the file if it is there.")
  var force = false

  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .reading)
    let size = try await store.exportLedger(to: to, replacing: force)
    Terminal.print("exported \(size.counted("event")) to \(to)")
  }
}
