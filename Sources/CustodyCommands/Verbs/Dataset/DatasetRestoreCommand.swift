import ArgumentParser
import Custody

struct DatasetRestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Write a version, or records of it, byte for byte; or make it the newest again.",
    discussion: """
      NAME@REF is a version; the newest without @REF. Files get their times and modes back. What is \
      missing because people were erased is counted, and so is what is left out because it is restricted. The ledger records that it was restored, and \
      where, because no erasure reaches there. --as-new-version writes no file: it appends a version \
      with the same records, and nothing in between is rewound; with KEY or --where, those records \
      become what they were and all others stay.

      Examples:
        $ custody dataset restore answers@v1 --to old-answers.csv --purpose audit
        $ custody dataset restore answers@v1 --as-new-version
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME[@REF]"))
  var dataset: DatasetReference

  @Argument(help: ArgumentHelp("Natural keys; every record by default.", valueName: "KEY"))
  var keys: [String] = []

  @Option(
    help: ArgumentHelp("The folder or file to write.", valueName: "PATH"), completion: .file())
  var to: String?

  @Flag(help: "Replace what is there.")
  var force = false

  @Flag(help: "Append a version with these records instead of writing them.")
  var asNewVersion = false

  @Option(
    name: .shortAndLong, help: ArgumentHelp("What to say of the new version.", valueName: "TEXT"))
  var message: String?

  @Option(
    help: ArgumentHelp(
      "What the data is used for; held against consents by custody consent gaps.",
      valueName: "PURPOSE"))
  var purpose: String?

  @OptionGroup var filter: WhereOptions
  @OptionGroup var ground: GroundOptions
  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard (to != nil) != asNewVersion else {
      throw ValidationError("Give either --to PATH or --as-new-version.")
    }
    if message != nil, !asNewVersion { throw ValidationError("-m needs --as-new-version.") }
    if ground.ground != nil, asNewVersion {
      throw ValidationError("--ground needs --to: nothing is read with --as-new-version.")
    }
    if purpose != nil, asNewVersion {
      throw ValidationError("--purpose needs --to: nothing is read with --as-new-version.")
    }
    if force, asNewVersion { throw ValidationError("--force needs --to.") }
    if !keys.isEmpty, !filter.conditions.isEmpty {
      throw ValidationError("Give KEY or --where, not both.")
    }
  }

  func run() async throws {
    let filter = try filter.filter()
    try await store.writing { store in
      let datasets = try at.datasets(of: store)
      if let to {
        try await write(datasets, filter, to)
      } else {
        let restored = try await datasets.restoreAsNewVersion(
          dataset.name, dataset.reference, keys: keys, matching: filter, message: message)
        say(restored)
      }
    }
  }

  private func write(_ datasets: Datasets, _ filter: Datasets.Filter?, _ target: String)
    async throws
  {
    let progress = ProgressBar("restoring", in: .bytes)
    let restored: Datasets.Restored
    do {
      defer { progress.finish() }
      restored = try await datasets.restore(
        dataset.name, dataset.reference, keys: keys, matching: filter, to: target, replacing: force,
        for: purpose, on: ground.ground
      ) { progress.update($0, $1) }
    }
    guard output.format == .table else {
      var facts = Facts()
      facts.add("version", "version", restored.version)
      facts.add("records", "records", restored.records)
      facts.add("missing", "missing", restored.missing)
      facts.add("restricted", "restricted", restored.restricted)
      facts.add("target", "target", target)
      return facts.write(output.format)
    }
    Terminal.print(
      "restored v\(restored.version): \(restored.records.counted("record")) to \(target)"
        + missing(restored.missing)
        + (restored.restricted == 0
          ? "" : "; \(restored.restricted.counted("record")) left out, restricted (see --ground)"))
  }

  private func say(_ restored: Datasets.RestoredVersion) {
    let commit = restored.commit
    guard output.format == .table else {
      var facts = CommitPrinter.facts(of: commit)
      facts.add("source", "source", restored.source)
      facts.add("missing", "missing", restored.missing)
      return facts.write(output.format)
    }
    let text =
      commit.isNew
      ? "restored v\(restored.source) as v\(commit.version): \(CommitPrinter.counts(of: commit))"
      : "nothing to restore: v\(commit.version) has the same records as v\(restored.source)"
    Terminal.print(text + missing(restored.missing))
  }

  private func missing(_ count: Int) -> String {
    guard count > 0 else { return "" }
    let which = filter.conditions.isEmpty ? "" : ", which may have matched"
    return "; \(count.counted("record")) missing because of erasure\(which)"
  }
}
