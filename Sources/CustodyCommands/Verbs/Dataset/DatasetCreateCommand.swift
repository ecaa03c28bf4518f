import ArgumentParser
import Custody

struct DatasetCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a dataset; its first version comes with the first commit.",
    discussion: """
      A record is a file of a folder (files), a row of a CSV (csv) or a line of JSON (lines). \
      --key names the column, #N or member whose value names a record; without it a file's path or \
      a row's place does. --subject says where the people are found that a record is about: a \
      column, json:MEMBER, path:REGEX (its first group, over a file's path), file: for a CSV that \
      is given with each commit, or none. A name stays readable for ever: no personal data in it.

      Examples:
        $ custody dataset create recordings --kind files --subject 'path:^([^/]+)/'
        $ custody dataset create answers --kind csv --key id --subject client
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME"))
  var name: String

  @Option(help: "What a record is.")
  var kind: Datasets.Kind

  @Option(help: ArgumentHelp("The natural key: a column, #N or a member.", valueName: "COLUMN"))
  var key: String?

  @Option(help: ArgumentHelp("Where the people are found, or none.", valueName: "RULE"))
  var subject: String

  @Option(
    name: .customLong("class"), help: ArgumentHelp("The class of data.", valueName: "CLASS"))
  var dataClass = Subject.defaultClass

  @Option(help: ArgumentHelp("Who answers for it.", valueName: "NAME"))
  var owner: String?

  @Option(help: ArgumentHelp("A word it is found by.", valueName: "TAG"))
  var tag: [String] = []

  @OptionGroup var store: StoreOptions

  func run() async throws {
    try await store.writing { store in
      try await store.datasets.create(
        name, kind: kind, key: key, subject: subject, dataClass: dataClass, owner: owner, tags: tag)
      Terminal.print("made \(name); commit to it with: custody dataset commit \(name) PATH")
    }
  }
}
