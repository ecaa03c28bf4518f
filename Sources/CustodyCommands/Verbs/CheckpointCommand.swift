import ArgumentParser
import Custody

struct CheckpointCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Sign a checkpoint over every event and print it.",
    discussion: """
      Commands that append sign one at their end; this one signs what a killed program left \
      unsealed. Publish the note or give it to someone: whoever has it can tell whether the \
      ledger was changed since.

      Example:
        $ custody checkpoint --to checkpoint.note
      """)

  @OptionGroup var target: TargetOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    try target.check()
    try await store.writing { store in
      try target.write(Array(try await store.checkpoint().note.encoded.utf8), store)
    }
  }
}
