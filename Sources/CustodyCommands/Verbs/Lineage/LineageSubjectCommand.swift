import ArgumentParser
import Custody
import CustodyModel

struct LineageSubjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subject",
    abstract: "List every version, run and model that the data of one person reached.",
    discussion: """
      \(SubjectArgument.help)

      holds: records about her are in it; derived: it was made from such records, as a run said \
      record by record; possible: it was made from something that has her data, and nobody said \
      from which records. What other tools report in OpenLineage is followed as possible.

      Examples:
        $ custody lineage subject patient-0017
        $ custody lineage subject patient-0017 --format json
      """)

  @Argument(help: ArgumentHelp("Whose data.", valueName: "ID"))
  var id: String

  @OptionGroup var moment: MomentOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let subject = try SubjectArgument.parse(id)
    let found = try moment.lineage(of: try store.open(for: .contents)).reach(of: subject)
    var writer = RecordWriter(
      output.format,
      [
        .init("kind"), .init("label", "name", long: true), .init("namespace", detail: true),
        .init("name", detail: true), .init("version"), .init("run", detail: true),
        .init("records", right: true), .init("evidence"), .init("state"), .init("time"),
      ])
    for entry in found.entries {
      let node = entry.node
      writer.write([
        .text(node.kind.rawValue), .text(node.label), .text(node.namespace), .text(node.name),
        (node.version ?? node.shortID).map { .text($0) } ?? .absent,
        node.id.map { .text($0) } ?? .absent, entry.records.map { .number($0) } ?? .absent,
        .text(entry.evidence.rawValue),
        node.state.map { .text(output.format == .table ? $0.text : $0.rawValue) } ?? .absent,
        node.beginning,
      ])
    }
    writer.finish(none: "no dataset has records about her")
    func count(_ kind: LineagePicture.Kind, _ noun: String) -> String {
      found.entries.count { $0.node.kind == kind }.counted(noun)
    }
    let summary =
      "\(count(.version, "version")), \(count(.run, "run")), \(count(.model, "model")); "
      + (found.isComplete ? "complete" : "not complete")
      + "; visited \(found.visited.counted("node")); \(found.moment)"
    output.format == .table ? Terminal.print(summary) : Terminal.note(summary)
  }
}
