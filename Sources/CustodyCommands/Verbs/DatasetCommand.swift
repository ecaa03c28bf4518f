import ArgumentParser
import Custody
import Foundation

extension Datasets.Kind: ExpressibleByArgument {}

struct DatasetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Sets of records, every version of which can be brought back.",
    subcommands: [
      DatasetCreateCommand.self, DatasetListCommand.self, DatasetShowCommand.self,
      DatasetCommitCommand.self, DatasetLogCommand.self, DatasetStatusCommand.self,
      DatasetDiffCommand.self, DatasetCatCommand.self, DatasetRestoreCommand.self,
      DatasetTagCommand.self,
    ])

  /// `NAME@REF`, or `NAME` for the newest version.
  static func parse(_ text: String) -> (name: String, reference: String) {
    guard let at = text.firstIndex(of: "@") else { return (text, "head") }
    return (String(text[..<at]), String(text[text.index(after: at)...]))
  }
}

struct DatasetCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a dataset; its first version comes with the first commit.",
    discussion: """
      A record is a file of a folder (files), a row of a CSV (csv) or a line of JSON (lines). \
      --key names the column, #N or member whose value names a record; without it a file's path or \
      a row's place does. --subject says where the people are found that a record is about: a \
      column, json:MEMBER, path:REGEX (its first group, over a file's path) or none. A name stays \
      readable for ever: no personal data in it.

      Examples:
        $ custody dataset create recordings --kind files --subject 'path:^([^/]+)/'
        $ custody dataset create answers --kind csv --key id --subject client
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @Option(help: "What a record is.")
  var kind: Datasets.Kind

  @Option(help: ArgumentHelp("The natural key: a column, #N or a member.", valueName: "COLUMN"))
  var key: String?

  @Option(help: ArgumentHelp("Where the people are found, or none.", valueName: "RULE"))
  var subject: String

  @Option(
    name: .customLong("class"), help: ArgumentHelp("The class of data.", valueName: "CLASS"))
  var dataClass = Subject.defaultClass

  @Option(help: ArgumentHelp("Who answers for it.", valueName: "NAME"))
  var owner: String?

  @Option(help: ArgumentHelp("A word it is found by.", valueName: "TAG"))
  var tag: [String] = []

  @OptionGroup var store: StoreOptions

  func run() async throws {
    try await store.writing { store in
      try await store.datasets.create(
        name, kind: kind, key: key, subject: subject, dataClass: dataClass, owner: owner, tags: tag)
      Terminal.print("made \(name); commit to it with: custody dataset commit \(name) PATH")
    }
  }
}

struct DatasetListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List datasets and their newest versions.",
    discussion: """
      Example:
        $ custody dataset list
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    var writer = RecordWriter(
      output.format,
      [
        .init("name"), .init("kind"), .init("version", right: true),
        .init("records", right: true), .init("bytes", right: true),
        .init("committedAt", "committed at"), .init("owner"), .init("tags"),
      ])
    for entry in try store.datasets.all() {
      let newest = entry.newest
      writer.write([
        .text(entry.name), .text(entry.kind.rawValue),
        newest.map { .number($0.number) } ?? .absent,
        newest.map { .number($0.records) } ?? .absent, newest.map { .number($0.bytes) } ?? .absent,
        newest.map { .time($0.recordedAt) } ?? .absent, entry.owner.map { .text($0) } ?? .absent,
        .list(entry.tags),
      ])
    }
    writer.finish(none: "no datasets")
  }
}

struct DatasetShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a dataset: what it holds, how records and people are found.",
    discussion: """
      Example:
        $ custody dataset show answers
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let entry = try store.open(for: .contents).datasets.entry(name)
    var facts = Facts()
    facts.add("name", "name", entry.name)
    facts.add("kind", "kind", entry.kind.rawValue)
    facts.add("key", "key", entry.key)
    facts.add("subject", "subject", entry.subject)
    facts.add("class", "class", entry.dataClass)
    facts.add("owner", "owner", entry.owner)
    facts.add("tags", "tags", .list(entry.tags))
    if let newest = entry.newest {
      facts.add("version", "newest version", newest.number)
      facts.add("records", "records", newest.records)
      facts.add("bytes", "bytes", newest.bytes)
      facts.add("root", "root", newest.root.hex)
      facts.add("committedAt", "committed at", .time(newest.recordedAt))
      facts.add("position", "position", newest.position.value)
    }
    facts.write(output.format)
  }
}

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

struct DatasetLogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "List the versions of a dataset, the newest first.",
    discussion: """
      Example:
        $ custody dataset log answers
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    var writer = RecordWriter(
      output.format,
      [
        .init("version"), .init("committedAt", "committed at"), .init("records", right: true),
        .init("added", right: true), .init("changed", right: true),
        .init("removed", right: true), .init("actor"), .init("tags"),
        .init("message", long: true), .init("position", detail: true), .init("root", detail: true),
      ])
    for version in try store.datasets.versions(of: name).reversed() {
      writer.write([
        .text("v\(version.number)"), .time(version.recordedAt), .number(version.records),
        .number(version.added), .number(version.changed), .number(version.removed),
        .text(version.actor), .list(version.tags), version.message.map { .text($0) } ?? .absent,
        .number(version.position.value), .text(version.root.hex),
      ])
    }
    writer.finish(none: "no versions")
  }
}

struct DatasetStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say what differs between the newest version and a folder or file.",
    discussion: """
      Writes nothing. Exits 0 whether or not something differs.

      Example:
        $ custody dataset status answers answers.csv
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @Argument(help: ArgumentHelp("What to compare.", valueName: "PATH"), completion: .file())
  var path: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let progress = ProgressBar("comparing", in: .bytes)
    var writer = RecordWriter(output.format, [.init("change"), .init("record", long: true)])
    try await store.datasets.status(name, path, progress: { progress.update($0, $1) }) {
      writer.write([.text($0.kind.rawValue), .text($0.key)])
    }
    progress.finish()
    writer.finish(none: "nothing changed")
  }
}

struct DatasetDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say which records differ between two versions.",
    discussion: """
      REF is v3, a tag, a position, a date, an RFC 3339 time, P30D (days ago) or head.

      Example:
        $ custody dataset diff answers v1 head
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @Argument(help: ArgumentHelp("The older version.", valueName: "REF"))
  var old: String

  @Argument(help: ArgumentHelp("The newer version.", valueName: "REF"))
  var new: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    var writer = RecordWriter(output.format, [.init("change"), .init("record", long: true)])
    try store.datasets.diff(name, old, new) {
      writer.write([.text($0.kind.rawValue), .text($0.key)])
    }
    writer.finish(none: "no differences")
  }
}

struct DatasetCatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cat",
    abstract: "Write one record, byte for byte.",
    discussion: """
      NAME@REF is a version; the newest without @REF. A row of a table is written as it stood, \
      without its line end.

      Example:
        $ custody dataset cat answers@v1 17
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME[@REF]"))
  var name: String

  @Argument(help: ArgumentHelp("The record's natural key.", valueName: "KEY"))
  var key: String

  @OptionGroup var store: StoreOptions

  func run() async throws {
    let (name, reference) = DatasetCommand.parse(name)
    try store.open(for: .contents).datasets.content(of: name, reference, key: key) {
      Terminal.write($0)
    }
  }
}

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

struct DatasetTagCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag",
    abstract: "Give a version a name of its own.",
    discussion: """
      A tag moves when it is given again.

      Example:
        $ custody dataset tag answers@v1 baseline
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME[@REF]"))
  var name: String

  @Argument(help: ArgumentHelp("The name.", valueName: "TAG"))
  var tag: String

  @OptionGroup var store: StoreOptions

  func run() async throws {
    let (name, reference) = DatasetCommand.parse(name)
    try await store.writing { try await $0.datasets.tag(name, reference, as: tag) }
  }
}
