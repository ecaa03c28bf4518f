import ArgumentParser
import Custody

struct HoldPlaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "place",
    abstract: "Keep data from being destroyed until a matter is released.",
    discussion: """
      MATTER is what the matter is called where you keep its papers: a number, no name of anybody. A \
      matter that is in force already holds what is named here as well.

      Its scope is people (--subject), everyone with a record in a dataset (--dataset), what these people \
      have in these datasets when both are given, or --everyone; --class narrows it. What arrives later \
      is held too. A key is the unit: of whoever has a record in a held dataset, everything of that class \
      of data is kept. An erasure that is decided already is not undone: the event says of whom it came \
      too late, and the command exits 1.

      --review is when somebody looks at it again; it holds on after that. Reasons: \
      \(HoldReason.allCases.map(\.rawValue).joined(separator: ", ")).

      Example:
        $ custody hold place M-2026-014 --subject patient-0017 --reason litigation \\
            --approver counsel --review 2099-01-31
      """)

  @Argument(help: ArgumentHelp("What the matter is called.", valueName: "MATTER"))
  var matter: String

  @Option(
    name: .customLong("subject"),
    help: ArgumentHelp(
      "Whose data: an identifier, a key id, @FILE or -; may be repeated.", valueName: "ID"))
  var subjects: [String] = []

  @Option(
    name: .customLong("dataset"),
    help: ArgumentHelp("Everyone with a record in it; may be repeated.", valueName: "NAME"))
  var datasets: [String] = []

  @Flag(help: "Everybody's data.")
  var everyone = false

  @Option(
    name: .customLong("class"),
    help: ArgumentHelp("Only this class of data; may be repeated.", valueName: "CLASS"))
  var classes: [String] = []

  @Option(help: ArgumentHelp("Why, as a code.", valueName: "CODE"))
  var reason: HoldReason

  @Option(help: ArgumentHelp("Who approved it; not who acts.", valueName: "NAME"))
  var approver: String

  @Option(help: ArgumentHelp("When it is to be looked at again.", valueName: "DATE"))
  var review: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    guard let review = Timestamp(review) else {
      throw CustodyError(.usage, "\(review) is no date: give for example 2099-01-31.")
    }
    let people = try SubjectArgument.subjects(subjects)
    try await store.writing { store in
      let matter = try await store.holds.place(
        matter, on: people, datasets: datasets, classes: classes, everyone: everyone,
        reason: reason, approver: approver, review: review)
      try MatterPrinter(store).print(matter, output.format)
      if try store.holds.keyCount(of: matter) == 0 {
        Terminal.note(
          "It holds nothing that is there now: look at the people, datasets and classes that it names."
        )
      }
      let late = matter.placements.last!.tooLate
      guard !late.isEmpty else { return }
      let people = late.count == 1 ? "1 person" : "\(late.count) people"
      Terminal.note("It came too late for \(people): see what the event says of them above.")
      Terminal.willAnswer(false)
      throw ExitCode(ExitStatus.refused)
    }
  }
}

extension HoldReason: ExpressibleByArgument {}
