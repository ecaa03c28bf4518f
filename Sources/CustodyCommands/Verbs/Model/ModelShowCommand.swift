import ArgumentParser
import Custody
import CustodyModel

struct ModelShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what a version of a model was trained on.",
    discussion: """
      --card prints a section about the training data for a model card, in Markdown.

      Examples:
        $ custody model show emotion
        $ custody model show emotion@1 --card
      """)

  @Argument(
    help: ArgumentHelp("The model; its newest version by default.", valueName: "NAME[@VERSION]"))
  var name: String

  @Flag(help: "Print a section for a model card.")
  var card = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let models = try store.open(for: .contents).models
    let at = name.lastIndex(of: "@")
    let model = at.map { String(name[..<$0]) } ?? name
    let wanted = at.map { String(name[name.index(after: $0)...]) }
    let versions = try models.versions(of: model)
    guard !versions.isEmpty else {
      throw CustodyError(.notFound, "There is no model \(model). custody model list shows them.")
    }
    guard let found = wanted.map({ text in versions.last { $0.version == text } }) ?? versions.last
    else {
      throw CustodyError(
        .notFound,
        "\(model) has no version \(wanted ?? ""). It has: "
          + versions.map(\.version).joined(separator: ", "))
    }
    if card { return Terminal.write(Array(found.modelCard.utf8)) }
    var facts = Facts()
    facts.add("model", "model", found.model)
    facts.add("version", "version", found.version)
    facts.add(
      "trainedOn", "trained on",
      output.format == .table
        ? .list(found.trainedOn.map { "\($0.dataset)@v\($0.version)" })
        : .json(Self.json(found.trainedOn)))
    facts.add("run", "run", found.run.map { "\($0)" })
    facts.add("digest", "digest", found.digest)
    facts.add("purpose", "purpose", found.purpose)
    facts.add("owner", "owner", found.owner)
    facts.add("recordedAt", "recorded at", .time(found.recordedAt))
    facts.add("actor", "actor", found.actor)
    facts.add("position", "position", found.position.value)
    facts.write(output.format)
  }

  private static func json(_ inputs: [Models.Input]) -> String {
    let objects = inputs.map { input in
      var object = JSONWriter()
      object.member("dataset", input.dataset)
      object.member("version", input.version)
      object.member("root", input.root.hex)
      return object.object
    }
    return "[\(objects.joined(separator: ","))]"
  }
}
