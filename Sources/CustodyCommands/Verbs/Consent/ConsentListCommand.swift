import ArgumentParser
import Custody

struct ConsentListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List what people allow.",
    discussion: """
      What is in force, a row for each person and purpose of a grant, by key id. --at answers as the \
      ledger knew it then, --when as it was then; without --when, as it was at --at. \
      \(SubjectArgument.help)

      Examples:
        $ custody consent list --purpose research
        $ custody consent list --all --when 2026-03-01 --format csv
      """)

  @Option(help: ArgumentHelp("Only this purpose.", valueName: "NAME"))
  var purpose: String?

  @Option(help: ArgumentHelp("Only this person.", valueName: "ID"))
  var subject: String?

  @Flag(help: "Also what is not in force: ended, taken back, or yet to begin.")
  var all = false

  @OptionGroup var moment: MomentOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let consents = try store.consents.known(at: try moment.at.moment(in: store))
    let time = try moment.time(in: store) ?? consents.now
    let found = try consents.all(of: try subject.map(SubjectArgument.parse)).filter {
      (purpose == nil || $0.purpose == purpose) && (all || $0.state(at: time) == .inForce)
    }
    ConsentPrinter.print(found, at: time, output.format)
  }
}
