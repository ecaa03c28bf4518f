import ArgumentParser
import Custody
import Foundation

struct AppendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "append",
    abstract: "Append events.",
    discussion: """
      With --stream and --type, each line of the input is the content of one event, a JSON text. \
      With --events, each line is an object that says everything about one event: content and, \
      where they are wanted, id, stream, type, typeVersion, occurredAt, subjects, class, \
      correlation, causation, expectedRevision (-1: no such stream yet). The content kept is \
      exactly the bytes of the value in the line. With --whole, each FILE is one content, \
      whatever its bytes.

      A file is checked whole before anything is appended. Standard input is taken batch by \
      batch: an error names the first line that was not taken, and with --idempotent the same \
      input can be given again without standing there twice.

      A person is an identifier, a key id, @FILE or - (standard input); identifier:TEXT is an \
      identifier even if it looks like a key id. No personal data belongs in streams, types and \
      actors: they stay readable for ever.

      Examples:
        $ echo '{"joy":812345}' |
            custody append --stream conversation/1 --type emotion.scored
        $ custody append --events events.ndjson --register
      """)

  @Argument(
    help: ArgumentHelp("Input; standard input by default, or -.", valueName: "FILE"),
    completion: .file())
  var files: [String] = []

  @Option(
    help: ArgumentHelp(
      "Lines that say everything about an event; - for standard input.",
      valueName: "FILE"), completion: .file())
  var events: String?

  @Flag(help: "Each FILE is one content.")
  var whole = false

  @Option(help: ArgumentHelp("What the events belong to.", valueName: "NAME"))
  var stream: String?

  @Option(help: ArgumentHelp("What happened: noun.verbed.", valueName: "TYPE"))
  var type: String?

  @Option(help: ArgumentHelp("Version of the type's content.", valueName: "N"))
  var typeVersion: UInt16 = 1

  @Option(help: ArgumentHelp("Whom the contents are about; may be repeated.", valueName: "ID"))
  var subject: [String] = []

  @Option(name: .customLong("class"), help: ArgumentHelp("The class of data.", valueName: "CLASS"))
  var dataClass = Subject.defaultClass

  @Option(help: ArgumentHelp("When the facts were so.", valueName: "TIME"))
  var occurredAt: String?

  @Option(help: ArgumentHelp("What the events have in common.", valueName: "UUID"))
  var correlation: String?

  @Option(help: ArgumentHelp("The event that these follow from.", valueName: "UUID"))
  var causation: String?

  @Option(
    help: ArgumentHelp(
      "Revision that the stream has to be at, or none; later lines follow it.", valueName: "N"))
  var expectedRevision: String?

  @Flag(help: "Make keys for subjects that are not registered.")
  var register = false

  @Flag(help: "Derive ids from stream, type and line: the same input appends nothing twice.")
  var idempotent = false

  @Flag(help: "Go on past lines that are refused, and report each.")
  var keepGoing = false

  @Option(
    help: ArgumentHelp(
      "Write a receipt an event, NDJSON; - for standard output.",
      valueName: "FILE"), completion: .file())
  var receipts: String?

  @OptionGroup var store: StoreOptions

  func validate() throws {
    if keepGoing, expectedRevision != nil {
      throw ValidationError(
        "--expected-revision expects each line to follow the one before; a refused one breaks that. "
          + "Leave --keep-going away.")
    }
    if events == nil, stream == nil || type == nil {
      throw ValidationError("Give --stream and --type, or --events FILE.")
    }
    if events != nil, !files.isEmpty { throw ValidationError("--events names the only input.") }
    if whole, events != nil || files.isEmpty {
      throw ValidationError("--whole takes files as arguments, each one content.")
    }
    if whole, keepGoing { throw ValidationError("--keep-going goes past lines, not past files.") }
    if subject.filter({ $0 == "-" }).count > 0, inputs.contains("-") {
      throw ValidationError("Standard input cannot hold both the subject and the events.")
    }
    if expectedRevision != nil, events != nil {
      throw ValidationError("With --events, each line says its own expectedRevision.")
    }
  }

  private var inputs: [String] { events.map { [$0] } ?? (files.isEmpty ? ["-"] : files) }

  func run() async throws {
    let defaults = try defaults()
    let expected = try expectation()
    let options = Appending.Options(
      isEvents: events != nil, defaults: defaults, expected: expected, register: register,
      idempotent: idempotent, keepGoing: keepGoing)
    if inputs.contains("-"), isatty(STDIN_FILENO) == 1 {
      Terminal.note("Type one event a line; Ctrl-D ends.")
    }
    let summary = try await store.writing { store in
      let appending = try Appending(
        store: store, options: options,
        receipts: try receipts.map { try ReceiptWriter($0, areIDsDerived: idempotent) })
      do {
        try await whole ? appending.run(wholeFiles: files) : appending.run(inputs)
      } catch {
        // What stands in the ledger is said before what went wrong.
        if appending.summary.isWorthSaying { say(appending.summary) }
        throw error
      }
      say(appending.summary)
      return appending.summary
    }
    if summary.refused > 0 { throw ExitCode(ExitStatus.of(.invalidInput)) }
  }

  /// Receipts own standard output when they go there. Without a reader, the store is still closed.
  private func say(_ summary: Appending.Summary) {
    guard receipts != "-" else { return Terminal.note(summary.text) }
    _ = Terminal.writeIfRead(Array("\(summary.text)\n".utf8))
  }

  private func defaults() throws -> EventDefaults {
    func id(_ text: String?, _ name: String) throws -> EventID? {
      guard let text else { return nil }
      guard let id = EventID(uuid: text) else {
        throw CustodyError(.usage, "--\(name) takes a UUID, not \(text).")
      }
      return id
    }
    var defaults = EventDefaults()
    defaults.stream = stream
    defaults.type = type
    defaults.typeVersion = typeVersion
    defaults.dataClass = dataClass
    defaults.subjects = try subject.map { try SubjectArgument.parse($0) }
    defaults.correlationID = try id(correlation, "correlation")
    defaults.causationID = try id(causation, "causation")
    if let occurredAt {
      guard let time = Timestamp(occurredAt) else {
        throw CustodyError(.usage, "\(occurredAt) is no RFC 3339 time.")
      }
      defaults.occurredAt = time
    }
    return defaults
  }

  private func expectation() throws -> ExpectedRevision? {
    guard let expectedRevision else { return nil }
    if expectedRevision == "none" { return ExpectedRevision.none }
    guard let number = Int(expectedRevision), number >= 0 else {
      throw CustodyError(.usage, "--expected-revision takes a number or none.")
    }
    return .exactly(Revision(number))
  }
}
