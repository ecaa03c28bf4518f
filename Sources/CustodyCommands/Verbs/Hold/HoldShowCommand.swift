import ArgumentParser
import Custody

struct HoldShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a matter: what it holds, who approved it, and which erasures wait for it.",
    discussion: """
      Example:
        $ custody hold show M-2026-014
      """)

  @Argument(help: ArgumentHelp("What the matter is called.", valueName: "MATTER"))
  var matter: String

  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let matter = try store.holds.matter(matter, at: try at.moment(in: store))
    try MatterPrinter(store).print(matter, output.format)
  }
}
