import ArgumentParser

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write copies for others.",
    subcommands: [
      ExportLedgerCommand.self, ExportEventsCommand.self, ExportTilesCommand.self,
    ])
}
