import ArgumentParser
import Custody

struct DatasetStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say what differs between the newest version and a folder or file.",
    discussion: """
      Writes nothing. Exits 0 whether or not something differs. A file has moved when only its path \
      differs, a row when it stands elsewhere.

      Example:
        $ custody dataset status answers answers.csv
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @Argument(help: ArgumentHelp("What to compare.", valueName: "PATH"), completion: .file())
  var path: String

  @OptionGroup var subjects: SubjectFileOptions
  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let datasets = try at.datasets(of: try store.open(for: .contents))
    let newest = try datasets.entry(name).newest
    let progress = ProgressBar("comparing", in: .bytes)
    var printer = ChangePrinter(output.format)
    do {
      defer { progress.finish() }
      try await datasets.status(
        name, path, subjectFile: try subjects.path(), progress: { progress.update($0, $1) }
      ) {
        progress.finish()
        printer.write($0)
      }
    }
    let since = newest.map { "since v\($0.number)" }
    printer.finish(none: since.map { "nothing changed \($0)" } ?? "no records") { sentence in
      let changes = since.map { "\($0): \(sentence)" } ?? sentence
      return at.at == nil ? "\(changes); commit with: \(commit)" : changes
    }
  }

  /// The command that commits what was compared, as a shell takes it.
  private var commit: String {
    var words = ["custody", "dataset", "commit", name, path]
    if let subject = subjects.subject { words += ["--subject", subject] }
    let quoted = words.map {
      ShellWord.quoted($0) { $0 >= 0x80 || "-_./:@+,".utf8.contains($0) }
    }
    return Terminal.visible(quoted.joined(separator: " "))
  }
}
