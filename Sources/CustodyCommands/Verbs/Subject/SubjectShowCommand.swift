import ArgumentParser
import Custody

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
      throw try store.erasures.unknown(id)
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
