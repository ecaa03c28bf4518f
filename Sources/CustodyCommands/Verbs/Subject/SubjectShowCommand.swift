import ArgumentParser
import Custody

struct SubjectShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one person's keys, and what was said of her.",
    discussion: """
      Shows whose law is for her, when she was born, and what happened, as `custody subject add` and \
      `custody subject event` recorded it. Such output belongs in no log. What is restricted of that is \
      not shown, unless --ground states on which ground it is read.

      Example:
        $ custody subject show patient-0017
      """)

  @Argument(help: ArgumentHelp("\(SubjectArgument.help)", valueName: "ID"))
  var subject: String

  @Flag(help: "Show her outside identifier too.")
  var identifiers = false

  @OptionGroup var ground: GroundOptions
  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let id = try store.subjects.id(of: try SubjectArgument.parse(subject))
    let subjects = try store.subjects.known(at: try at.moment(in: store))
    guard let entry = try subjects.entry(id) else {
      throw CustodyError(.notFound, "The ledger did not know of her at that moment.")
    }
    let facts = try subjects.facts(of: id, by: store.contents(on: ground.ground))
    SubjectPrinter(
      entry: entry, facts: facts,
      identifier: identifiers ? try await subjects.identifier(of: id) : nil
    ).print(output.format)
    GroundOptions.note(leftOut: facts.restricted, "fact")
  }
}
