import ArgumentParser

struct PipelineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pipeline",
    abstract: "Run the steps of a pipeline that have something to do.",
    subcommands: [PipelineRunCommand.self, PipelineStatusCommand.self])
}
