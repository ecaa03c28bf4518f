import ArgumentParser
import Custody

struct ExportEventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Write the headers of a range, with the proof that none was left out.",
    discussion: """
      A text: positions, hashes, the newest checkpoint, and a line for each header. No body and no \
      content is in it. With times, the events before and after the range are in it too, because they \
      show where it begins and ends. `custody verify FILE --vkey VKEY` checks it without store and keys.

      Example:
        $ custody export events --since 2026-01-01 --until 2026-12-31 --to year.events
      """)

  @Option(help: ArgumentHelp("From \(Reference.help), inclusive.", valueName: "REF"))
  var since: String?

  @Option(help: ArgumentHelp("Until the same, inclusive.", valueName: "REF"))
  var until: String?

  @Option(help: ArgumentHelp("The file to write.", valueName: "FILE"), completion: .file())
  var to: String

  @Flag(help: "Replace the file if it is there.")
  var force = false

  @OptionGroup var checkpoint: CheckpointOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    guard to != "-" else { throw CustodyError(.usage, "Write a range to a file with --to FILE.") }
    let store = try store.open(for: .reading)
    var filter = EventFilter()
    if let since { try Reference.apply(since, .since, to: &filter, in: store) }
    if let until { try Reference.apply(until, .until, to: &filter, in: store) }
    let progress = ProgressBar("exporting", in: .events)
    let export: Evidence.EventExport
    do {
      defer { progress.finish() }
      export = try store.evidence.exportEvents(
        filter, under: try checkpoint.note(), to: to, replacing: force
      ) { progress.update($0, $1) }
    }
    Terminal.print(
      "exported \(export.count.counted("event")) to \(to), under the checkpoint of "
        + export.checkpointSize.counted("event"))
  }
}
