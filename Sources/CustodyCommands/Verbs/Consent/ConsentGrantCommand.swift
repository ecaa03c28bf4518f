import ArgumentParser
import Custody

struct ConsentGrantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant",
    abstract: "Record that people allow their data to be used for some purposes.",
    discussion: """
      What they allow is sealed under a key of each of them, of the class consent-record, which \
      `custody subject erase --class` can keep. A run is held against it by its --purpose: see \
      `custody consent gaps`. Granting again renews. ID is what your pipeline calls the person, the \
      key id that names her, or @FILE or -, one a line; all of them together are recorded or none.

      Of the values of --basis, the first six are the grounds of Article 6(1) of the GDPR, (a) to (f); \
      explicit-consent is its Article 9(2)(a), hipaa-authorization 45 CFR 164.508, part2-consent 42 \
      CFR 2.31.

      A bare date is the start of the day in --from, its end in --expires, UTC.

      Example:
        $ custody consent grant patient-0017 --purpose research \\
            --basis explicit-consent --text-version 2026-03 --expires 2030-12-31
      """)

  @Argument(help: ArgumentHelp("Identifiers, key ids, @FILE or -.", valueName: "ID"))
  var subjects: [String]

  @Option(
    name: .customLong("purpose"),
    help: ArgumentHelp("What for; may be repeated.", valueName: "NAME"))
  var purposes: [String]

  @Option(help: ArgumentHelp("What allows it, as a code.", valueName: "CODE"))
  var basis: LegalBasis

  @Option(help: ArgumentHelp("Which version of the text they agreed to.", valueName: "NAME"))
  var textVersion: String

  @Option(
    help: ArgumentHelp("That text: its SHA-256 is kept, it itself is not.", valueName: "FILE"),
    completion: .file())
  var text: String?

  @Option(help: ArgumentHelp("From when on; else from now.", valueName: "TIME"))
  var from: String?

  @Option(help: ArgumentHelp("When it ends; else it does not.", valueName: "TIME"))
  var expires: String?

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "Who may use the data; may be repeated. Else whoever keeps the store.", valueName: "NAME"))
  var recipients: [String] = []

  @Option(help: ArgumentHelp("Who allows it.", valueName: "CODE"))
  var givenBy = ConsentGiver.herself

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let wanted = try SubjectArgument.subjects(subjects)
    let digest = try text.map { SHA256.hash(try InputFile.read($0)) }
    try await store.writing { store in
      let terms = Consents.Terms(
        purposes: purposes, basis: basis, textVersion: textVersion, textDigest: digest,
        from: try from.map { try Reference.time($0, in: store, dateMeans: .start) },
        expires: try expires.map { try Reference.time($0, in: store) }, recipients: recipients,
        giver: givenBy)
      ConsentPrinter.print(try await store.consents.grant(wanted, terms), output.format)
    }
  }
}

extension LegalBasis: ExpressibleByArgument {}
extension ConsentGiver: ExpressibleByArgument {}
