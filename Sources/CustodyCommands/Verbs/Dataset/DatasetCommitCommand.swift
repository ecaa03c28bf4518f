import ArgumentParser
import Custody

struct DatasetCommitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "commit",
    abstract: "Commit a folder, a CSV or a file of JSON lines as the next version.",
    discussion: """
      Everything is checked before anything is written. People whom it names and nobody registered \
      are registered, unless --no-register is given. What did not change is not stored again; when \
      nothing did, nothing is appended.

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

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    try await store.writing { store in
      let progress = ProgressBar("committing", in: .bytes)
      let commit: Datasets.Commit
      do {
        defer { progress.finish() }
        commit = try await store.datasets.commit(
          name, path, message: message, registersUnknown: !noRegister
        ) { progress.update($0, $1) }
      }
      say(commit)
    }
  }

  private func say(_ commit: Datasets.Commit) {
    guard output.format == .table else {
      var facts = Facts()
      facts.add("version", "version", commit.version)
      facts.add("new", "new", .flag(commit.isNew))
      facts.add("records", "records", commit.records)
      facts.add("added", "added", commit.added)
      facts.add("changed", "changed", commit.changed)
      facts.add("removed", "removed", commit.removed)
      facts.add("registered", "registered", commit.registered)
      return facts.write(output.format)
    }
    guard commit.isNew else {
      return Terminal.print("nothing changed since v\(commit.version)")
    }
    var text = "committed v\(commit.version): \(commit.records.counted("record")), "
    text += "\(commit.added) added, \(commit.changed) changed, \(commit.removed) removed"
    if commit.registered > 0 { text += "; registered \(commit.registered.counted("subject"))" }
    Terminal.print(text)
  }
}
