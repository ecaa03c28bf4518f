import ArgumentParser
import Custody

struct SubjectEraseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "erase",
    abstract: "Forget people: destroy their keys and remove what they sealed.",
    discussion: """
      Destroys the keys of each person, and removes what they sealed: contents of events, records in \
      every version of every dataset, and the texts of runs that read or wrote such records. Every \
      hash stays, so the history still verifies, and every old version is restored without her. Then \
      every file of the store is searched for pieces of what was removed. Records about several \
      people go with any of them.

      --dry-run shows what goes, what stays and what is not reached: copies that left the store, models \
      that may have learned from the data, and key backups until they are deleted. It names what \
      their records were committed from: committed again, they come back as new people. A kill in \
      the middle loses nothing: the next command that writes finishes. \
      ID is what your pipeline calls the person, the key id that names her, or @FILE or -, one a line.

      Reasons are the grounds of Article 17 of the GDPR, and `request` for none of them: \
      \(ErasureReason.allCases.map(\.rawValue).joined(separator: ", ")).

      What a matter holds (see `custody hold place --help`) waits, and goes when the matter is \
      released: all of a person who is held, and records about her that are held for somebody else. \
      --withdraw takes back what waits of a person; what has been carried out is gone.

      Exits 1 when something waits, and when a piece of what was removed is left, and says in which file.

      Example:
        $ custody subject erase patient-0017 --reason request --dry-run
      """)

  @Argument(help: ArgumentHelp("Identifiers, key ids, @FILE or -.", valueName: "ID"))
  var subjects: [String]

  @Option(
    name: .customLong("class"),
    help: ArgumentHelp("Only this class of data; may be repeated.", valueName: "CLASS"))
  var classes: [String] = []

  @Option(help: ArgumentHelp("Why, as a code.", valueName: "CODE"))
  var reason: ErasureReason?

  @Flag(help: "Take back what waits to be erased.")
  var withdraw = false

  @Flag(help: "Say what would be done, and do nothing.")
  var dryRun = false

  @OptionGroup var confirmation: ConfirmationOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if withdraw {
      guard reason == nil, classes.isEmpty, !dryRun else {
        throw ValidationError("--withdraw takes back all that waits: it goes with no other option.")
      }
    } else if reason == nil {
      throw ValidationError(
        "Say why with --reason: "
          + "\(ErasureReason.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
  }

  func run() async throws {
    let wanted = try SubjectArgument.subjects(subjects)
    guard let reason else { return try await withdraw(wanted) }
    if dryRun {
      let store = try store.open(for: .contents)
      let plan = try store.erasures.plan(wanted, classes: classes, reason: reason)
      return ErasurePrinter(plan: plan).print(output.format, nil)
    }
    try await store.writing { store in
      let plan = try store.erasures.plan(wanted, classes: classes, reason: reason)
      let printer = ErasurePrinter(plan: plan)
      if !confirmation.yes, output.format == .table { printer.print(.table, nil) }
      try confirmation.ask(printer.question)
      let result = try await store.erasures.run(plan)
      ErasurePrinter(plan: result.plan ?? plan).print(output.format, result)
      if result.completedPosition != nil {
        Terminal.noteKeyBackupIsDue()
      }
      if result.completedPosition == nil || result.waiting != nil {
        Terminal.willAnswer(false)
        throw ExitCode(ExitStatus.refused)
      }
    }
  }

  private func withdraw(_ people: [Subject]) async throws {
    try await store.writing { store in
      let keys = try await store.erasures.withdraw(people)
      var writer = RecordWriter(output.format, [.init("stays")])
      for key in keys { writer.write([.text(key.hex)]) }
      writer.finish()
    }
  }
}

extension ErasureReason: ExpressibleByArgument {}
