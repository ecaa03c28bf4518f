import ArgumentParser
import Custody

struct SubjectCertificateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certificate",
    abstract: "Write what shows a stranger that an erasure was carried out.",
    discussion: """
      The events of the erasure with their contents, the proof that the ledger has them, and that the \
      ledger goes on from what it was before. Names nobody: people and keys are random ids. \
      `custody verify FILE --vkey VKEY` checks it without the store; so does Tools/verify-ledger.py. \
      REQUEST is what `custody subject erase` printed, or the position of erasure.requested.

      What was searched and found is the word of whoever ran the erasure; what left the store before is \
      named by the events that say so, and until when key backups open it by the dates of their makers.

      Example:
        $ custody subject certificate 7 --to erasure.certificate
      """)

  @Argument(help: ArgumentHelp("Which erasure.", valueName: "REQUEST"))
  var request: String

  @OptionGroup var checkpoint: CheckpointOptions
  @OptionGroup var target: TargetOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    try target.check()
    let note = try checkpoint.note()
    let store = try store.open(for: .contents)
    try target.check(store)
    let id = try store.event(named: request).header.claim.eventID
    try target.write(Array(try store.evidence.certificate(of: id, under: note).utf8), store)
  }
}
