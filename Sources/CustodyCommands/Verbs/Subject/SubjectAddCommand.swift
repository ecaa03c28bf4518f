import ArgumentParser
import Custody

struct SubjectAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Register people: each gets a key for a class of data.",
    discussion: """
      ID is what your pipeline calls the person. It is kept as a keyed hash and inside sealed \
      content only. An argument can be read by every process of the machine: @FILE and - take \
      identifiers, one a line, from a file or standard input instead; identifier:TEXT is TEXT, \
      whatever it looks like. Prints the key id that names each person from now on.

      Example:
        $ custody subject add patient-0017
      """)

  @Argument(help: ArgumentHelp("Identifiers, @FILE or -.", valueName: "ID"))
  var identifiers: [String]

  @Option(
    name: .customLong("class"), help: ArgumentHelp("The class of data.", valueName: "CLASS"))
  var dataClass = Subject.defaultClass

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let wanted = try SubjectArgument.identifiers(identifiers)
    try await store.writing { store in
      let ids = try await store.subjects.register(wanted, dataClass: dataClass)
      var writer = RecordWriter(output.format, [.init("subject"), .init("class")])
      for id in ids { writer.write([.text(id.hex), .text(dataClass)]) }
      writer.finish()
    }
  }
}
