import ArgumentParser
import Custody

struct DatasetDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say which records differ between two versions.",
    discussion: """
      \(DatasetReference.help). A file has moved when only its path differs, a row when it stands \
      elsewhere. --content shows how contents differ: the lines of texts, the columns of a CSV, the \
      members of JSON; of anything else, and of more than 4 MiB, how many bytes there are. What is \
      restricted is not compared, unless --ground states on which ground it is read.

      Examples:
        $ custody dataset diff answers v1 head
        $ custody dataset diff answers v1 head --content --where 'key:1*'
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @Argument(help: ArgumentHelp("The older version.", valueName: "REF"))
  var old: String

  @Argument(help: ArgumentHelp("The newer version.", valueName: "REF"))
  var new: String

  @Flag(help: "Show how contents differ.")
  var content = false

  @OptionGroup var filter: WhereOptions
  @OptionGroup var ground: GroundOptions
  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if ground.ground != nil, !content { throw ValidationError("--ground needs --content.") }
  }

  func run() async throws {
    let datasets = try at.datasets(of: try store.open(for: .contents))
    var printer = ChangePrinter(output.format, withContent: content)
    var leftOut = 0
    let undecided = try datasets.diff(
      name, old, new, matching: try filter.filter(), withContent: content, on: ground.ground
    ) { change in
      if case .restricted? = change.content { leftOut += 1 }
      printer.write(change)
    }
    printer.finish(none: "no differences")
    GroundOptions.note(leftOut: leftOut, "content")
    filter.noteUndecided(undecided)
  }
}
