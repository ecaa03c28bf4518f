import ArgumentParser
import Custody

struct SubjectListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List people by key id.",
    discussion: """
      --identifiers also opens what your pipeline calls them, --facts whose law is for them and when \
      they were born; such output belongs in no log. What is restricted of that is not shown, unless \
      --ground states on which ground it is read.

      Example:
        $ custody subject list
      """)

  @Flag(help: "Show outside identifiers too.")
  var identifiers = false

  @Flag(help: "Show jurisdictions and dates of birth too.")
  var facts = false

  @OptionGroup var ground: GroundOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if ground.ground != nil, !facts { throw ValidationError("--ground needs --facts.") }
  }

  func run() async throws {
    let store = try store.open(for: .contents)
    var columns: [RecordWriter.Column] = [.init("subject"), .init("classes")]
    if identifiers { columns.append(.init("identifier")) }
    if facts { columns += [.init("jurisdiction"), .init("birthDate", "birth date")] }
    var writer = RecordWriter(output.format, columns)
    let reader = try facts ? store.contents(on: ground.ground) : nil
    var leftOut = 0
    for entry in try store.subjects.all() {
      var row: [Cell] = [
        .text(entry.id.hex), .text(entry.keys.map(\.dataClass).joined(separator: " ")),
      ]
      if identifiers {
        row.append(try await store.subjects.identifier(of: entry.id).map { .text($0) } ?? .absent)
      }
      if let reader {
        let facts = try store.subjects.facts(of: entry.id, by: reader)
        row += [Cell(facts.shownJurisdiction), Cell(facts.shownBirthDate)]
        leftOut += facts.restricted
      }
      writer.write(row)
    }
    writer.finish(none: "no subjects")
    GroundOptions.note(leftOut: leftOut, "fact")
  }
}
