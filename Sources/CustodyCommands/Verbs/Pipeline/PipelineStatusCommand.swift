import ArgumentParser
import Custody

struct PipelineStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say which steps of a pipeline have something to do, and why.",
    discussion: """
      Example:
        $ custody pipeline status pipeline.yaml
      """)

  @Argument(help: ArgumentHelp("The pipeline.", valueName: "FILE"), completion: .file())
  var file: String

  @Option(help: ArgumentHelp("Another value for a parameter of a step.", valueName: "NAME=VALUE"))
  var param: [ParameterArgument] = []

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    var pipeline = try Pipeline(reading: file)
    try pipeline.set(param.map { ($0.name, $0.value) })
    PipelinePrinter.print(
      try store.open(for: .contents).runs.states(of: pipeline), output.format)
  }
}
