import ArgumentParser
import Custody
import Foundation

struct LineageImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take in what other tools report in OpenLineage.",
    discussion: """
      FILE has events of runs, jobs or datasets: one JSON object, an array of them or one a line, \
      also compressed with gzip. Of a folder, the files that end in .json, .jsonl or .ndjson are \
      taken in the order of their names, with or without .gz. The specification is 2-0-2; older \
      events are taken as well.

      Each event becomes two of the ledger: the original, byte for byte, under a key of its run; \
      and what the graph needs of it without what may be about somebody (literals in SQL, \
      messages, code, values), under the operations key. An event that is there already is not \
      appended again.

      An event that cannot be used is refused with its line and JSON path, and nothing of any \
      FILE is appended; --keep-going takes the others. A facet that is not as the specification \
      asks is kept and named, and the rest of its event is taken.

      Examples:
        $ custody lineage import events.ndjson
        $ custody lineage import --keep-going airflow
      """)

  @Argument(
    help: ArgumentHelp("Files or folders with events; - for standard input.", valueName: "FILE"),
    completion: .file())
  var files: [String]

  @Flag(help: "Go on past events that are refused, and report each.")
  var keepGoing = false

  @Flag(help: "Check the events, and append none.")
  var dryRun = false

  @OptionGroup var output: FormatOptions

  @OptionGroup var store: StoreOptions

  func validate() throws {
    if files.count(where: { $0 == "-" }) > 1 {
      throw ValidationError("Standard input can be named once.")
    }
  }

  func run() async throws {
    let refused = try await store.writing { store in
      let importing = LineageImporting(store, keepGoing: keepGoing, isDry: dryRun)
      do {
        try await importing.run(files)
      } catch {
        // What stands in the ledger is said before what went wrong.
        if importing.summary.imported > 0 { importing.say(output.format) }
        throw error
      }
      importing.say(output.format)
      return importing.summary.refused
    }
    if refused > 0 { throw ExitCode(ExitStatus.of(.invalidInput)) }
  }
}
