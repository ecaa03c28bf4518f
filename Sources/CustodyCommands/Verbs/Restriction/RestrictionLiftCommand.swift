import ArgumentParser
import Custody

struct RestrictionLiftCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lift",
    abstract: "Let people's data be read again.",
    discussion: """
      What is to be erased and waits for a matter stays restricted. \
      ID is what your pipeline calls the person, the key id that names her, or @FILE or -, one a line.

      Example:
        $ custody restriction lift patient-0017
      """)

  @Argument(help: ArgumentHelp("Identifiers, key ids, @FILE or -.", valueName: "ID"))
  var subjects: [String]

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let people = try SubjectArgument.subjects(subjects)
    try await store.writing { store in
      let ids = try await store.restrictions.lift(people)
      var writer = RecordWriter(output.format, [.init("subject")])
      for id in ids { writer.write([.text(id.hex)]) }
      writer.finish()
    }
  }
}
