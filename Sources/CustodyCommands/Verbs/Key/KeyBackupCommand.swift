import ArgumentParser
import Custody

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
      try target.check(store)
      try target.write(try await store.keys.backup(to: recipient, expires: date), store)
    }
  }
}
