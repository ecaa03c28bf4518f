import ArgumentParser
import Custody

struct KeyRotateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Replace the epoch key and destroy the old one.",
    discussion: """
      Rewraps every data key; no event is sealed again. Afterwards older copies of keys.sqlite are \
      dead for everyone. A key backup holds the epoch key of its time and goes on opening what it \
      holds until it is deleted: make a new one, and delete the older ones by their date.

      Example:
        $ custody key rotate --yes
      """)

  @OptionGroup var confirmation: ConfirmationOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    try confirmation.ask(
      "This destroys the epoch key: older copies of keys.sqlite become useless, and key backups are "
        + "behind.")
    try await store.writing { store in
      let rotated = try await store.keys.rotate()
      var facts = Facts()
      facts.add("epoch", "new epoch key", rotated.new.hex)
      facts.add(
        "destroyed", "destroyed", rotated.destroyed.map(\.hex).joined(separator: " "))
      facts.write(output.format)
      Terminal.noteKeyBackupIsDue()
    }
  }
}
