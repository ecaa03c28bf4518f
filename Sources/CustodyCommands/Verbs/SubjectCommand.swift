import ArgumentParser
import Custody
import CustodyModel

struct SubjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subject",
    abstract: "People that data is about, and their keys.",
    subcommands: [SubjectAddCommand.self, SubjectListCommand.self, SubjectShowCommand.self])
}

struct SubjectAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Register people: each gets a key for a class of data.",
    discussion: """
      ID is what your pipeline calls the person. It is kept as a keyed hash and inside sealed \
      content only. An argument can be read by every process of the machine: @FILE and - take \
      identifiers, one a line, from a file or standard input instead; identifier:TEXT is TEXT, \
      whatever it looks like. Prints the key id that names each person from now on.

      Example:
        $ custody subject add patient-0017
      """)

  @Argument(help: ArgumentHelp("Identifiers, @FILE or -.", valueName: "ID"))
  var identifiers: [String]

  @Option(
    name: .customLong("class"), help: ArgumentHelp("The class of data.", valueName: "CLASS"))
  var dataClass = Subject.defaultClass

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let wanted = try SubjectArgument.identifiers(identifiers)
    try await store.writing { store in
      let ids = try await store.subjects.register(wanted, dataClass: dataClass)
      var writer = RecordWriter(output.format, [.init("subject"), .init("class")])
      for id in ids { writer.write([.text(id.hex), .text(dataClass)]) }
      writer.finish()
    }
  }
}

struct SubjectListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List people by key id.",
    discussion: """
      --identifiers also opens what your pipeline calls them; such output belongs in no log.

      Example:
        $ custody subject list
      """)

  @Flag(help: "Show outside identifiers too.")
  var identifiers = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    var columns: [RecordWriter.Column] = [.init("subject"), .init("classes")]
    if identifiers { columns.append(.init("identifier")) }
    var writer = RecordWriter(output.format, columns)
    for entry in try store.subjects.all() {
      var row: [Cell] = [
        .text(entry.id.hex), .text(entry.keys.map(\.dataClass).joined(separator: " ")),
      ]
      if identifiers {
        row.append(try await store.subjects.identifier(of: entry.id).map { .text($0) } ?? .absent)
      }
      writer.write(row)
    }
    writer.finish(none: "no subjects")
  }
}

struct SubjectShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one person's keys.",
    discussion: """
      Example:
        $ custody subject show patient-0017
      """)

  @Argument(help: ArgumentHelp("\(SubjectArgument.help)", valueName: "ID"))
  var subject: String

  @Flag(help: "Show her outside identifier too.")
  var identifiers = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let id: KeyID?
    switch try SubjectArgument.parse(subject) {
    case .key(let key): id = key
    case .identifier(let identifier): id = try store.subjects.id(of: identifier)
    }
    guard let id, let entry = try store.subjects.entry(id) else {
      throw CustodyError(
        .notFound, "There is no such subject. `custody subject list` lists those there are.")
    }
    var writer = RecordWriter(
      output.format,
      [.init("subject"), .init("class"), .init("key"), .init("identifier", detail: !identifiers)])
    let identifier = identifiers ? try await store.subjects.identifier(of: id) : nil
    for key in entry.keys {
      writer.write([
        .text(entry.id.hex), .text(key.dataClass), .text(key.id.hex),
        identifier.map { .text($0) } ?? .absent,
      ])
    }
    writer.finish()
  }
}
