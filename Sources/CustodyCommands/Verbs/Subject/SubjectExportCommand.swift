import ArgumentParser
import Custody

struct SubjectExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write everything that is held about a person, for her.",
    discussion: """
      Answers a request for access: her data with purposes, recipients, sources and how long it is \
      kept, as export.json for programs and index.html for her, and files with what is no text. What \
      is about other people too is left out, with the reason. Her own data is written also while it \
      is restricted. Look it through before it is handed over: texts about her may name others. The \
      ledger records that it was exported, and where, because no erasure reaches there.

      Examples:
        $ custody subject export patient-0017 --to request-2026-014
        $ custody subject export patient-0017 --to request --force --format json
      """)

  @Argument(help: ArgumentHelp("\(SubjectArgument.help)", valueName: "ID"))
  var subject: String

  @Option(
    help: ArgumentHelp("The folder to write.", valueName: "FOLDER"), completion: .directory)
  var to: String

  @Flag(help: "Replace the folder if it is there.")
  var force = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let person = try SubjectArgument.parse(subject)
    try await store.writing { store in
      let progress = ProgressBar("exporting", in: .contents)
      let exported: Subjects.Exported
      do {
        defer { progress.finish() }
        exported = try await store.subjects.export(person, to: to, replacing: force) {
          progress.update($0, $1)
        }
      }
      say(exported)
    }
  }

  private func say(_ exported: Subjects.Exported) {
    guard output.format == .table else {
      var facts = Facts()
      facts.add("subject", "subject", exported.subject.hex)
      facts.add("records", "records", exported.records)
      facts.add("events", "events", exported.events)
      facts.add("files", "files", exported.files)
      facts.add("withheldRecords", "withheld records", exported.withheldRecords)
      facts.add("withheldEvents", "withheld events", exported.withheldEvents)
      facts.add("target", "target", to)
      return facts.write(output.format)
    }
    let withheld = [
      exported.withheldRecords.counted("record"), exported.withheldEvents.counted("event"),
    ]
    Terminal.print(
      "exported \(exported.records.counted("record")) and \(exported.events.counted("event")) to \(to)"
        + (exported.withheld == 0
          ? "" : "; \(withheld.joined(separator: " and ")) left out, about other people too"))
  }
}
