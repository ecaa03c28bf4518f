import ArgumentParser
import Custody

struct ConsentShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what one person allows and allowed.",
    discussion: """
      Each purpose with what holds of it, and everything that was said, the oldest first; CSV has the \
      purposes alone. --at answers as the ledger knew it then, --when as it was then; without --when, \
      as it was at --at.

      Examples:
        $ custody consent show patient-0017
        $ custody consent show patient-0017 --when 2026-03-01 --format json
      """)

  @Argument(help: ArgumentHelp("\(SubjectArgument.help)", valueName: "ID"))
  var subject: String

  @OptionGroup var moment: MomentOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let consents = try store.consents.known(at: try moment.at.moment(in: store))
    let time = try moment.time(in: store) ?? consents.now
    let record = try consents.record(of: try SubjectArgument.parse(subject))
    ConsentPrinter.print(record, at: time, output.format)
  }
}
