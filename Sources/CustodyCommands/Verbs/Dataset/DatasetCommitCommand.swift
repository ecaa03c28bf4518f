import ArgumentParser
import Custody

struct DatasetCommitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "commit",
    abstract: "Commit a folder, a CSV or a file of JSON lines as the next version.",
    discussion: """
      Everything is checked before anything is written. People whom it names and nobody registered \
      are registered, unless --no-register is given. What did not change is not stored again; when \
      nothing did, nothing is appended. The ledger keeps where PATH leads, sealed, unless that names a \
      person: `dataset log` shows it, and `subject erase` to where somebody came from.

      Example:
        $ custody dataset commit answers answers.csv -m "first delivery"
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @Argument(help: ArgumentHelp("What to commit.", valueName: "PATH"), completion: .file())
  var path: String

  @Option(name: .shortAndLong, help: ArgumentHelp("What to say of it.", valueName: "TEXT"))
  var message: String?

  @Flag(help: "Refuse people whom nobody registered.")
  var noRegister = false

  @OptionGroup var subjects: SubjectFileOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let subjectFile = try subjects.path()
    try await store.writing { store in
      let progress = ProgressBar("committing", in: .bytes)
      let commit: Datasets.Commit
      do {
        defer { progress.finish() }
        commit = try await store.datasets.commit(
          name, path, message: message, subjectFile: subjectFile, registersUnknown: !noRegister
        ) { progress.update($0, $1) }
      }
      CommitPrinter.print(commit, output.format)
    }
  }
}
