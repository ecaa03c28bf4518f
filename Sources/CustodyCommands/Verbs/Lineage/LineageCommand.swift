import ArgumentParser

struct LineageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lineage",
    abstract: "Ask where everything came from and went to.",
    subcommands: [
      LineageImportCommand.self, LineageListCommand.self, LineageShowCommand.self,
      LineagePathCommand.self, LineageImpactCommand.self, LineageSubjectCommand.self,
      LineageGapsCommand.self, LineageExportCommand.self,
    ])
}
