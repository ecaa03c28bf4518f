import ArgumentParser
import Custody

struct SubjectAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Register people, each with a key for a class of data, or say more of them.",
    discussion: """
      ID is what your pipeline calls the person. It is kept as a keyed hash and inside sealed \
      content only. An argument can be read by every process of the machine: @FILE and - take \
      identifiers, one a line, from a file or standard input instead; identifier:TEXT is TEXT, \
      whatever it looks like. Prints the key id that names each person from now on.

      --jurisdiction and --birth-date are sealed under her key, for policies to go by. Of somebody \
      who is registered already they are said anew: the last counts, the others stay in the ledger \
      until she is erased.

      Examples:
        $ custody subject add patient-0017
        $ custody subject add patient-0018 --jurisdiction DE --birth-date 1990-01-31
      """)

  @Argument(help: ArgumentHelp("Identifiers, @FILE or -.", valueName: "ID"))
  var identifiers: [String]

  @Option(
    name: .customLong("class"), help: ArgumentHelp("The class of data.", valueName: "CLASS"))
  var dataClass = Subject.defaultClass

  @Option(
    help: ArgumentHelp(
      "Whose law is for them: a country, or a part of one, as DE or US-IL.", valueName: "CODE"))
  var jurisdiction: String?

  @Option(help: ArgumentHelp("When she was born; for one person.", valueName: "DATE"))
  var birthDate: String?

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let jurisdiction = try jurisdiction.map { text in
      guard let jurisdiction = Jurisdiction(text) else {
        throw CustodyError(
          .usage, "--jurisdiction has not the form of ISO 3166: DE for a country, US-IL for a part."
        )
      }
      return jurisdiction
    }
    let birthDate = try birthDate.map { text in
      guard let date = CalendarDate(text) else {
        throw CustodyError(
          .usage, "--birth-date is no day of the calendar: give for example 1990-01-31.")
      }
      return date
    }
    let wanted = try SubjectArgument.identifiers(identifiers)
    try await store.writing { store in
      let ids = try await store.subjects.register(
        wanted, dataClass: dataClass, jurisdiction: jurisdiction, birthDate: birthDate)
      var writer = RecordWriter(output.format, [.init("subject"), .init("class")])
      for id in ids { writer.write([.text(id.hex), .text(dataClass)]) }
      writer.finish()
    }
  }
}
