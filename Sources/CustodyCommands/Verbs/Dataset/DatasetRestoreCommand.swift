import ArgumentParser
import Custody

struct DatasetRestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Write a version, or records of it, byte for byte.",
    discussion: """
      NAME@REF is a version; the newest without @REF. Files get their times and modes back. What is \
      missing because people were erased is counted. The ledger records that it was restored, and \
      where, because no erasure reaches there.

      Example:
        $ custody dataset restore answers@v1 --to old-answers.csv
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME[@REF]"))
  var name: String

  @Argument(help: ArgumentHelp("Natural keys; every record by default.", valueName: "KEY"))
  var keys: [String] = []

  @Option(
    help: ArgumentHelp("The folder or file to write.", valueName: "PATH"), completion: .file())
  var to: String

  @Flag(help: "Replace what is there.")
  var force = false

  @OptionGroup var store: StoreOptions

  func run() async throws {
    let (name, reference) = DatasetCommand.parse(name)
    try await store.writing { store in
      let progress = ProgressBar("restoring", in: .bytes)
      let restored: Datasets.Restored
      do {
        defer { progress.finish() }
        restored = try await store.datasets.restore(
          name, reference, keys: keys, to: to, replacing: force
        ) { progress.update($0, $1) }
      }
      var text = "restored v\(restored.version): \(restored.records.counted("record")) to \(to)"
      if restored.missing > 0 {
        text += "; \(restored.missing.counted("record")) missing because of erasure"
      }
      Terminal.print(text)
    }
  }
}
