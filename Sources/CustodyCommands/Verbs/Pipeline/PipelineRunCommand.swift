import ArgumentParser
import Custody
import Foundation

struct PipelineRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run the steps of a pipeline that have something to do.",
    discussion: """
      FILE is YAML: a list of steps, each with a job and a command, and what `custody run` takes as \
      options: in, out, param, purpose, env, tool, code, subject, derivations, key. A command that \
      is a text is a line for the shell. {in:DATASET}, {out:DATASET} and {param:NAME} stand for \
      places and values. Steps run in the order of their datasets, in the folder of the file; a \
      step that fails ends it, and the next call goes on there.

      A step has something to do when what it says, what it reads, its files of code or the versions \
      that it wrote are not those of its last run that ended well: see pipeline status.

      Exit status: 0 done; 1 a step failed; 4 something stands in the way of an output; 6 the file is no \
      pipeline, or an input or output was refused.

      Example:
        $ custody pipeline run pipeline.yaml --param language=en
      """)

  @Argument(help: ArgumentHelp("The pipeline.", valueName: "FILE"), completion: .file())
  var file: String

  @Option(help: ArgumentHelp("Another value for a parameter of a step.", valueName: "NAME=VALUE"))
  var param: [ParameterArgument] = []

  @Flag(help: "Run every step, whether or not something changed.")
  var all = false

  @Flag(help: "Say what would be run, and do nothing.")
  var dryRun = false

  @Flag(help: "Refuse people whom nobody registered.")
  var noRegister = false

  @OptionGroup var store: StoreOptions

  func run() async throws {
    var pipeline = try Pipeline(reading: file)
    try pipeline.set(param.map { ($0.name, $0.value) })
    if dryRun {
      return PipelinePrinter.print(
        try store.open(for: .contents).runs.states(of: pipeline), .table)
    }
    try await store.writing { store in
      try store.runs.check(pipeline)
      guard FileManager.default.changeCurrentDirectoryPath(pipeline.folder) else {
        throw CustodyError(.permission, "\(pipeline.folder) cannot be entered.")
      }
      for step in pipeline.steps {
        let state = try store.runs.state(of: step, in: pipeline)
        guard all || state.isStale else {
          Terminal.note("\(step.job): nothing changed")
          continue
        }
        Terminal.note("\(step.job): \(all ? "asked for" : state.reasons.joined(separator: "; "))")
        let result: RunResult
        do {
          result = try await StepRunner(store: store, registersUnknown: !noRegister).run(step)
        } catch let error as NotRunnable {
          throw CustodyError(
            .usage,
            "\(step.job): \(error.name) \(error.isFound ? "cannot be executed" : "is not found").")
        }
        RunPrinter.note(result, of: step.job)
        guard result.isDone else { throw ExitCode(ExitStatus.refused) }
      }
    }
  }
}
