import ArgumentParser
import Custody

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a store.",
    discussion: """
      The store goes into .custody in this folder unless --store or CUSTODY_STORE names another \
      place. Its secrets go into a folder inside it unless --secrets names one; keep them apart \
      from the data if you can. The guard folder remembers, outside the store, what was signed last, so that an old \
      copy of the store is noticed.

      Example:
        $ custody init --organization example.org
      """)

  @Option(
    help: ArgumentHelp(
      "Who vouches for the ledger: the first part of its checkpoints' origin.", valueName: "ORG"))
  var organization: String

  @Option(
    help: ArgumentHelp("Where; else CUSTODY_STORE, else .custody.", valueName: "DIR"),
    completion: .directory)
  var store: String?

  @Option(
    help: ArgumentHelp("Folder for root, epoch and signing keys.", valueName: "DIR"),
    completion: .directory)
  var secrets: String?

  @Option(
    name: .customLong("guard"),
    help: ArgumentHelp(
      "Guard folder; $XDG_STATE_HOME/custody/<ledger id> by default.", valueName: "DIR"),
    completion: .directory)
  var guardFolder: String?

  @Flag(help: "Seal the secrets under a passphrase, which every later command asks for.")
  var passphrase = false

  @OptionGroup var passphraseFile: PassphraseOptions

  @Option(help: ArgumentHelp("Who acts, as the ledger records it.", valueName: "NAME"))
  var actor: String?

  @OptionGroup var output: FormatOptions

  func run() async throws {
    let path = store ?? StoreOptions.inEnvironment ?? ".custody"
    let store = try await Store.create(
      at: path, organization: organization, secrets: secrets, guardFolder: guardFolder,
      passphrase: try passphraseFile.chosen(asks: passphrase), actor: actor)
    var facts = Facts()
    facts.add("store", "store", store.path)
    facts.add("ledger", "ledger", store.ledgerID.description)
    facts.add("secrets", "secrets", store.secretsPath)
    facts.add("guard", "guard", store.guardPath)
    facts.add("verifierKey", "verifier key", try store.verifierKey.description)
    facts.write(output.format)
    try await store.close()
  }
}
