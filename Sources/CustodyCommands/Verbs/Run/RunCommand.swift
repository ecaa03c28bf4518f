import ArgumentParser
import Custody
import CustodyModel

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a command and record what it read, what it wrote and what it took.",
    discussion: """
      --in writes a version to PATH, in place of another one that Custody wrote there, or checks that \
      what is there is that version; --out commits what the command left at PATH. A version that is \
      there before is removed, and what a failed run of the job left is moved aside. Without a PATH both have a private folder that is removed \
      afterwards; the command finds it as {in:DATASET} and {out:DATASET} in its arguments, or in \
      CUSTODY_IN_DATASET and CUSTODY_OUT_DATASET (upper case, _ for what is no letter or digit).

      The command also finds CUSTODY_STORE, CUSTODY_RUN, and two files that it may write: \
      CUSTODY_EVENTS, as `custody append --events` takes them, and CUSTODY_DERIVATIONS, as \
      --derivations takes them.

      A record that is written is about the people of the records that were read with the same \
      natural key, whatever a file's extension is. --subject or --derivations says otherwise; \
      --subject none says that the records are about nobody.

      Exit status: the command's own; 128 + N when signal N ended it; 126 not executable; 127 not \
      found; 125 when Custody itself refused or failed. A run that fails commits no version.

      Example:
        $ custody run --job copy --in answers=a.csv --out copies=b.csv \\
          --key id -- cp a.csv b.csv
      """)

  @Option(help: ArgumentHelp("What it is a run of; no personal data.", valueName: "NAME"))
  var job: String

  @Option(
    name: .customLong("in"),
    help: ArgumentHelp(
      "A version to read. \(DatasetReference.help).", valueName: "DATASET[@REF][=PATH]"))
  var inputs: [InputArgument] = []

  @Option(
    name: .customLong("out"),
    help: ArgumentHelp("A dataset to write; made if there is none.", valueName: "DATASET[=PATH]"))
  var outputs: [OutputArgument] = []

  @Option(help: ArgumentHelp("A parameter to keep.", valueName: "NAME=VALUE"))
  var param: [ParameterArgument] = []

  @Option(
    help: ArgumentHelp(
      "What the data is used for; held against consents by custody consent gaps.",
      valueName: "PURPOSE"))
  var purpose: String?

  @OptionGroup var ground: GroundOptions

  @Option(help: ArgumentHelp("An environment variable to keep.", valueName: "NAME"))
  var env: [String] = []

  @Option(help: ArgumentHelp("A program to ask for its --version.", valueName: "PROGRAM"))
  var tool: [String] = []

  @Option(
    help: ArgumentHelp("A file of code whose digest to keep.", valueName: "FILE"),
    completion: .file())
  var code: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where the people of what is written are found: COLUMN, json:MEMBER, path:REGEX, file:CSV, none.",
      valueName: "RULE"))
  var subject: String?

  @Option(
    help: ArgumentHelp(
      "A CSV with columns output and input: natural keys, which comes from which; a column dataset says of which input.",
      valueName: "FILE"
    ),
    completion: .file())
  var derivations: String?

  @Option(help: ArgumentHelp("The natural key of a table that is made.", valueName: "COLUMN"))
  var key: String?

  @Option(
    help: ArgumentHelp("Outputs lie in it; else in the current folder.", valueName: "DIR"),
    completion: .directory)
  var base: String?

  @Flag(help: "Read what differs from its version, and record how.")
  var allowDrift = false

  @Flag(help: "Remove what is at the places of outputs before the command runs, whatever it is.")
  var force = false

  @Flag(help: "Refuse people whom nobody registered.")
  var noRegister = false

  @Flag(help: "Say what would be read and written, and do nothing.")
  var dryRun = false

  @OptionGroup var store: StoreOptions

  @Argument(parsing: .postTerminator, help: ArgumentHelp("The command.", valueName: "COMMAND"))
  var command: [String] = []

  mutating func validate() throws {
    guard !command.isEmpty else {
      throw ValidationError("Say what to run after --, as in: custody run --job clean -- ./clean")
    }
  }

  private var step: RunStep {
    var step = RunStep(job: job, command: command)
    step.inputs = inputs.map(\.input)
    step.outputs = outputs.map(\.output)
    step.parameters = param.map { ($0.name, $0.value) }
    step.purpose = purpose
    step.ground = ground.ground
    step.environment = env
    step.tools = tool
    step.code = code
    step.subject = subject
    step.derivations = derivations
    step.key = key
    step.base = base
    step.allowsDrift = allowDrift
    step.replacesOutputs = force
    return step
  }

  func run() async throws {
    do {
      if dryRun { return RunPrinter.print(try store.open(for: .contents).runs.plan(step)) }
      let result = try await store.writing { store in
        try await StepRunner(store: store, registersUnknown: !noRegister).run(step)
      }
      RunPrinter.note(result, of: job)
      switch result.end {
      case .status(0): return
      case .status(let status): throw ExitCode(status)
      case .signal(let signal): throw ExitCode(128 + signal)
      }
    } catch let error as NotRunnable {
      Terminal.complain(
        "\(error.name) "
          + (error.isFound ? "cannot be executed." : "is not found.")
          + " Nothing was recorded.")
      throw ExitCode(error.isFound ? 126 : 127)
    } catch let error as CustodyError {
      Terminal.complain("\(error)")
      throw ExitCode(ExitStatus.runFailed)
    }
  }
}

/// Runs steps with what a terminal shows of it.
struct StepRunner {
  let store: Store
  let registersUnknown: Bool

  /// - Throws: `NotRunnable`, and what ``Runs/run(_:registersUnknown:appendEvents:progress:)`` throws.
  func run(_ step: RunStep) async throws -> RunResult {
    let bar = ProgressBar("working", in: .bytes)
    defer { bar.finish() }
    return try await store.runs.run(
      step, registersUnknown: registersUnknown, appendEvents: append,
      progress: { what, done, total in
        bar.update(done, total)
        if done >= total { bar.finish() }
      },
      notice: { Terminal.note("custody: \($0)") })
  }

  private func append(_ path: String, _ run: EventID) async throws -> Int {
    let options = Appending.Options(
      isEvents: true, defaults: EventDefaults(correlationID: run), expected: nil,
      register: registersUnknown, idempotent: false, keepGoing: false)
    let appending = try Appending(store: store, options: options, receipts: nil)
    try await appending.run([path])
    return appending.summary.appended
  }
}
