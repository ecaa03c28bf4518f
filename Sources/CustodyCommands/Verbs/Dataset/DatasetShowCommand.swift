import ArgumentParser
import Custody

struct DatasetShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a dataset and a version of it, or the records of a version.",
    discussion: """
      \(DatasetReference.help); without it the newest version is shown. --records lists its records: \
      their natural keys, which belong in no log, how many bytes they have, which version last \
      changed them, and the keys of the people they are about.

      Examples:
        $ custody dataset show answers@v1
        $ custody dataset show answers --records --where subject:patient-0017
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME[@REF]"))
  var dataset: DatasetReference

  @Flag(help: "List the records of the version.")
  var records = false

  @OptionGroup var filter: WhereOptions
  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if !filter.conditions.isEmpty, !records { throw ValidationError("--where needs --records.") }
  }

  func run() async throws {
    let datasets = try at.datasets(of: try store.open(for: .contents))
    if records { try list(datasets) } else { try show(datasets) }
  }

  private func show(_ datasets: Datasets) throws {
    let entry = try datasets.entry(dataset.name)
    var facts = Facts()
    facts.add("name", "name", entry.name)
    facts.add("kind", "kind", entry.kind.rawValue)
    facts.add("key", "key", entry.key)
    facts.add("subject", "subject", entry.subject)
    facts.add("class", "class", entry.dataClass)
    facts.add("owner", "owner", entry.owner)
    facts.add("tags", "tags", .list(entry.tags))
    let version =
      try dataset.explicit.map { try datasets.version(dataset.name, $0) } ?? entry.newest
    if let version {
      add(version, try datasets.source(of: version), to: &facts)
      let reference = "v\(version.number)"
      StatePrinter.add(
        try datasets.state(of: dataset.name, reference),
        try datasets.ancestors(of: dataset.name, reference), to: &facts, output.format)
    }
    facts.write(output.format)
  }

  private func add(
    _ version: Datasets.Version, _ source: Datasets.Source, to facts: inout Facts
  ) {
    facts.add("version", dataset.explicit == nil ? "newest version" : "version", version.number)
    facts.add("versionTags", "tags of it", .list(version.tags))
    facts.add("records", "records", version.records)
    facts.add("bytes", "bytes", version.bytes)
    facts.add("added", "added", version.added)
    facts.add("changed", "changed", version.changed)
    facts.add("removed", "removed", version.removed)
    facts.add("message", "message", version.message)
    facts.add("actor", "committed by", version.actor)
    facts.add("run", "run", version.run)
    facts.add("source", "from", source.path)
    facts.add("restored", "from version", source.restored.map { .number($0) } ?? .absent)
    facts.add("committedAt", "committed at", .time(version.recordedAt))
    facts.add("position", "position", version.position.value)
    facts.add("root", "root", version.root.hex)
  }

  private func list(_ datasets: Datasets) throws {
    var writer = RecordWriter(
      output.format,
      [
        .init("ordinal", right: true), .init("record", long: true), .init("bytes", right: true),
        .init("changedIn", "changed in"), .init("keys", "keys of people", long: true),
      ])
    var goneCount = 0
    let undecided = try datasets.forEachRecord(
      of: dataset.name, dataset.reference, matching: try filter.filter()
    ) { record in
      if record.key == nil { goneCount += 1 }
      writer.write([
        .number(record.ordinal), record.key.map { .text($0) } ?? .absent,
        record.size.map { .number($0) } ?? .absent, .text("v\(record.changedIn)"),
        .list(record.keyIDs.map(\.hex)),
      ])
    }
    writer.finish(none: "no records")
    if goneCount > 0 { Terminal.note("\(goneCount.counted("record")) gone because of erasure") }
    filter.noteUndecided(undecided)
  }
}

extension Datasets.Source {
  /// The path that it is; nil of all others.
  var path: String? { if case .path(let path) = self { path } else { nil } }

  /// The version that was made the newest again; nil of all others.
  var restored: Int? { if case .version(let number) = self { number } else { nil } }
}
