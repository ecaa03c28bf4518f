import ArgumentParser

struct ProjectionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "projection",
    abstract: "What is computed from the events, and can be computed again.",
    subcommands: [
      ProjectionListCommand.self, ProjectionStatusCommand.self, ProjectionRebuildCommand.self,
      ProjectionVerifyCommand.self, ProjectionDiffCommand.self,
    ])
}
