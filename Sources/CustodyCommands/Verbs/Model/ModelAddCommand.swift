import ArgumentParser
import Custody

struct ModelAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Record a version of a model.",
    discussion: """
      What it was trained on is what the run read, or the versions that --trained-on names; their \
      roots are recorded, so that nothing else can be put in their place later. The model itself is \
      not kept; of --file, the digest is.

      Example:
        $ custody model add emotion --trained-on answers@v1 --owner "study team"
      """)

  @Argument(help: ArgumentHelp("What it is called.", valueName: "NAME"))
  var name: String

  @Option(help: ArgumentHelp("The run that trained it.", valueName: "RUN"))
  var run: String?

  @Option(
    help: ArgumentHelp(
      "A version of a dataset that it was trained on; may be repeated.", valueName: "NAME[@REF]"))
  var trainedOn: [DatasetReference] = []

  @Option(
    name: .customLong("as"), help: ArgumentHelp("What to call this version.", valueName: "VERSION"))
  var version: String?

  @Option(help: ArgumentHelp("The model's file.", valueName: "FILE"), completion: .file())
  var file: String?

  @Option(help: ArgumentHelp("What it is for.", valueName: "TEXT"))
  var purpose: String?

  @Option(help: ArgumentHelp("Who answers for it.", valueName: "NAME"))
  var owner: String?

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let id = try run.map { text in
      guard let id = EventID(uuid: text) else {
        throw CustodyError(.usage, "\(text) is no id of a run: give the whole UUID.")
      }
      return id
    }
    try await store.writing { store in
      let added = try await store.models.add(
        name, version: version, file: file, run: id,
        trainedOn: trainedOn.map { ($0.name, $0.reference) }, purpose: purpose, owner: owner)
      ModelPrinter.print([added], output.format)
    }
  }
}
