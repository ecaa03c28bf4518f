import ArgumentParser
import Custody

struct RestrictionPlaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "place",
    abstract: "Keep people's data, and leave it out of runs, restores and disclosures.",
    discussion: """
      What is about several people is left out when one of them is restricted. `run`, `dataset restore` \
      and `disclose` read it all the same with --ground, which is recorded with what they did. So do those \
      that show contents and leave nothing behind: `log`, `show`, `dataset cat`, `dataset diff`, `subject \
      show`, `subject list`, `why`, and `lineage export`. Headers, natural keys and counts are not \
      restricted.

      Reasons are those of Article 18(1) of the GDPR: \
      \(RestrictionReason.allCases.map(\.rawValue).joined(separator: ", ")). \
      ID is what your pipeline calls the person, the key id that names her, or @FILE or -, one a line.

      Example:
        $ custody restriction place patient-0017 --reason accuracy-contested
      """)

  @Argument(help: ArgumentHelp("Identifiers, key ids, @FILE or -.", valueName: "ID"))
  var subjects: [String]

  @Option(
    name: .customLong("class"),
    help: ArgumentHelp("Only this class of data; may be repeated.", valueName: "CLASS"))
  var classes: [String] = []

  @Option(help: ArgumentHelp("Why, as a code.", valueName: "CODE"))
  var reason: RestrictionReason

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let people = try SubjectArgument.subjects(subjects)
    try await store.writing { store in
      let ids = try await store.restrictions.place(people, classes: classes, reason: reason)
      var writer = RecordWriter(output.format, [.init("subject"), .init("reason")])
      for id in ids { writer.write([.text(id.hex), .text(reason.rawValue)]) }
      writer.finish()
    }
  }
}

extension RestrictionReason: ExpressibleByArgument {}
