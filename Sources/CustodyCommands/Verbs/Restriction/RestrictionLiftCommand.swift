import ArgumentParser
import Custody

struct RestrictionLiftCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lift",
    abstract: "Let people's data be read again.",
    discussion: """
      What is to be erased and waits for a matter stays restricted. With --class, what was restricted \
      with that class stays restricted too. \
      ID is what your pipeline calls the person, the key id that names her, or @FILE or -, one a line.

      Examples:
        $ custody restriction lift patient-0017
        $ custody restriction lift patient-0017 --class default
      """)

  @Argument(help: ArgumentHelp("Identifiers, key ids, @FILE or -.", valueName: "ID"))
  var subjects: [String]

  @Option(
    name: .customLong("class"),
    help: ArgumentHelp("Only this class of data; may be repeated.", valueName: "CLASS"))
  var classes: [String] = []

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let people = try SubjectArgument.subjects(subjects)
    try await store.writing { store in
      let ids = try await store.restrictions.lift(people, classes: classes)
      var writer = RecordWriter(output.format, [.init("subject")])
      for id in ids { writer.write([.text(id.hex)]) }
      writer.finish()
    }
  }
}
