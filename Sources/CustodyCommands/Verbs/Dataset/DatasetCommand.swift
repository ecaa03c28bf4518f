import ArgumentParser

struct DatasetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Sets of records, every version of which can be brought back.",
    subcommands: [
      DatasetCreateCommand.self, DatasetListCommand.self, DatasetShowCommand.self,
      DatasetCommitCommand.self, DatasetLogCommand.self, DatasetStatusCommand.self,
      DatasetDiffCommand.self, DatasetCatCommand.self, DatasetRestoreCommand.self,
      DatasetTagCommand.self, DatasetPseudonymizeCommand.self, DatasetAnonymityCommand.self,
    ])
}
