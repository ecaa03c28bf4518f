import ArgumentParser
import Custody
import CustodyModel

struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "The keyring: data keys, and the epoch key that wraps them.",
    subcommands: [
      KeyListCommand.self, KeyShowCommand.self, KeyRotateCommand.self, KeyBackupCommand.self,
    ])
}

private let keyColumns: [RecordWriter.Column] = [
  .init("key"), .init("purpose"), .init("class"), .init("subject"), .init("epoch", detail: true),
]

private func row(_ entry: Keys.Entry) -> [Cell] {
  [
    .text(entry.id.hex), .text(entry.purpose), entry.dataClass.map { .text($0) } ?? .absent,
    entry.subjectID.map { .text($0.hex) } ?? .absent, .text(entry.epoch.hex),
  ]
}

struct KeyListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List data keys by id; never their bytes.",
    discussion: """
      Example:
        $ custody key list
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    var writer = RecordWriter(output.format, keyColumns)
    for entry in try store.keys.all() { writer.write(row(entry)) }
    writer.finish()
  }
}

struct KeyShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one key, and how many events it seals.",
    discussion: """
      KEY is a key id, or its first digits; `epoch` is the epoch key in force.

      Example:
        $ custody key show epoch
      """)

  @Argument(help: ArgumentHelp("Which key.", valueName: "KEY"))
  var key: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let all = try store.keys.all()
    if key == "epoch" {
      let epoch = try store.keys.epoch()
      var facts = Facts()
      facts.add("key", "key", epoch.hex)
      facts.add("purpose", "purpose", "epoch")
      facts.add("wraps", "wraps", all.filter { $0.epoch == epoch }.count)
      return facts.write(output.format)
    }
    let found = all.filter { $0.id.hex.hasPrefix(key.lowercased()) }
    guard key.count >= 4, found.count == 1 else {
      throw CustodyError(
        .notFound,
        found.count > 1
          ? "More than one key starts with \(key). Give more digits."
          : "There is no key \(key). `custody key list` lists those there are.")
    }
    var facts = Facts()
    for (column, cell) in zip(keyColumns, row(found[0])) {
      facts.add(column.name, column.title, cell)
    }
    facts.add("events", "events sealed", try store.eventCount(under: found[0].id))
    facts.write(output.format)
  }
}

struct KeyRotateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Replace the epoch key and destroy the old one.",
    discussion: """
      Rewraps every data key; no event is sealed again. Afterwards older copies of keys.sqlite, \
      and key backups made before, are dead for everyone: make a new `custody key backup`.

      Example:
        $ custody key rotate --yes
      """)

  @OptionGroup var consent: ConsentOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    try consent.ask(
      "This destroys the epoch key: older key backups and copies of keys.sqlite become useless.")
    try await store.writing { store in
      let rotated = try await store.keys.rotate()
      var facts = Facts()
      facts.add("epoch", "new epoch key", rotated.new.hex)
      facts.add(
        "destroyed", "destroyed", rotated.destroyed.map(\.hex).joined(separator: " "))
      facts.write(output.format)
      Terminal.note(
        "A new key backup is due: custody key backup --recipient age1... --expires DATE --to FILE")
    }
  }
}

struct KeyBackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Write keyring, epoch and signing key, sealed to a recovery recipient.",
    discussion: """
      The file is in the age format: `age --decrypt --identity KEYFILE` opens it. KEY is an age \
      recipient (age1...), made with `age-keygen` on a machine that is not this one. --expires \
      says until when you will keep the file: an erasure is complete only when no backup older \
      than it is left, so the date is recorded in the ledger.

      Example:
        $ custody key backup --to keys.age --expires 2030-01-01 \\
            --recipient age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z
      """)

  @Option(help: ArgumentHelp("For whom the backup is sealed.", valueName: "KEY"))
  var recipient: [String]

  @Option(help: ArgumentHelp("Until when the file will be kept.", valueName: "DATE"))
  var expires: String

  @OptionGroup var target: TargetOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    guard let date = Timestamp(expires) else {
      throw CustodyError(.usage, "\(expires) is no date: give for example 2030-01-01.")
    }
    guard target.isFile || !Terminal.isOutputTerminal else {
      throw CustodyError(.usage, "The backup is no text: write it to a file with --to FILE.")
    }
    try target.check()
    try await store.writing { store in
      try target.write(try await store.keys.backup(to: recipient, expires: date))
    }
  }
}
