import ArgumentParser
import Custody

struct RecoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Bring a store back that is behind, torn, or without its keys.",
    discussion: """
      Says what it found and what it would do, and asks. A ledger that is older than what signer, \
      guard or an anchor has seen goes on under a higher incarnation: the event ledger.restored says \
      what was lost, and the notes of what is gone are kept among the anchors. Keys come back from \
      what `custody key backup` wrote, without those that were destroyed since. To make a store \
      again after a machine was lost, put what `custody backup` wrote where the store was, and \
      recover it with --keys and, where its guard and secrets were elsewhere, --guard and --secrets.

      Nothing is recovered from a ledger that does not verify, nor where two histories were signed: \
      then the copy that is true has to be put back. Exits 5 when so.

      Example:
        $ custody recover --dry-run
      """)

  @Option(
    help: ArgumentHelp("A key backup to bring keys back from.", valueName: "FILE"),
    completion: .file())
  var keys: String?

  @Option(
    help: ArgumentHelp(
      "The age identity that opens the key backup; - reads it from standard input.",
      valueName: "FILE"),
    completion: .file())
  var identity: String?

  @Option(
    help: ArgumentHelp(
      "A checkpoint kept elsewhere: what it knows of and the ledger lacks is recorded as lost.",
      valueName: "NOTE"),
    completion: .file())
  var anchor: [String] = []

  @Option(
    name: .customLong("guard"),
    help: ArgumentHelp("Where the guard is from now on.", valueName: "DIR"),
    completion: .directory)
  var guardFolder: String?

  @Option(
    help: ArgumentHelp("Where the secrets are from now on.", valueName: "DIR"),
    completion: .directory)
  var secrets: String?

  @Flag(help: "Seal secrets that are made anew under a passphrase.")
  var passphrase = false

  @Flag(help: "Make secrets anew that do not open any more, from the key backup.")
  var newSecrets = false

  @Flag(help: "Go on without the contents of datasets when objects.sqlite is lost.")
  var withoutObjects = false

  @Flag(help: "Say what would be done, and do nothing.")
  var dryRun = false

  @OptionGroup var confirmation: ConfirmationOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    guard (keys == nil) == (identity == nil) else {
      throw CustodyError(
        .usage, "--keys and --identity belong together: a key backup, and what opens it.")
    }
    guard !newSecrets || keys != nil else {
      throw CustodyError(
        .usage, "--new-secrets needs --keys and --identity: secrets are made of a key backup.")
    }
    store.waitAsTold()
    var recovery = try Recovery(
      at: try store.path(), guardFolder: guardFolder, secrets: secrets, actor: store.actor
    ) { try store.passphrase.read() }
    recovery.anchors = try anchor.map { path in
      (name: path, note: String(decoding: try InputFile.read(path, atMost: 1 << 20), as: UTF8.self))
    }
    recovery.goesOnWithoutObjects = withoutObjects
    if let keys, let identity {
      var secret = try InputFile.readSecret(identity)
      defer { secret.wipe() }
      try recovery.useKeys(
        from: try InputFile.read(keys, atMost: Self.backupSizeMax), identity: secret,
        newPassphrase: try store.passphrase.chosen(asks: passphrase), makesNewSecrets: newSecrets)
    }
    let progress = ProgressBar("verifying", in: .events)
    let plan: RecoveryPlan
    do {
      defer { progress.finish() }
      plan = try recovery.plan { progress.update($0, $1) }
    }
    let printer = RecoveryPrinter(plan: plan)
    guard plan.refusal == nil, plan.isNeeded, !dryRun else {
      printer.print(output.format, isDone: false)
      if let refusal = plan.refusal { throw refusal }
      return
    }
    // What is asked about is shown first; what was done is the result.
    if output.format == .table { printer.print(.table, isDone: false) }
    try confirmation.ask(printer.question)
    let recovered = try recovery.run(plan)
    try await recovered.close()
    if output.format == .table {
      Terminal.print("recovered: \(recovered.path) can be written to again")
    } else {
      printer.print(output.format, isDone: true)
    }
    if plan.keys != nil {
      Terminal.noteKeyBackupIsDue()
    }
  }

  /// More than the keys of a million people take.
  private static let backupSizeMax = 4 << 30
}
