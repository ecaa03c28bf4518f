import ArgumentParser
import Custody
import CustodyModel

struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "List events.",
    discussion: """
      REF is \(Reference.help). Without --content no secret is needed.

      Examples:
        $ custody log --limit 5
        $ custody log --type emotion.scored --since P30D --content --format ndjson
      """)

  @Option(help: ArgumentHelp("Only this stream.", valueName: "NAME"))
  var stream: String?

  @Option(help: ArgumentHelp("Only this type of event.", valueName: "TYPE"))
  var type: String?

  @Option(help: ArgumentHelp("From here on.", valueName: "REF"))
  var since: String?

  @Option(help: ArgumentHelp("Up to here, included.", valueName: "REF"))
  var until: String?

  @Option(help: ArgumentHelp("At most so many events.", valueName: "N"))
  var limit: Int?

  @Flag(help: "Newest first.")
  var reverse = false

  @Flag(help: "Open contents and show them.")
  var content = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--limit is 0 or more.") }
  }

  func run() async throws {
    let store = try store.open(for: content ? .contents : .reading)
    var filter = EventFilter(stream: stream, type: type, isReversed: reverse)
    if let since { try Reference.apply(since, .since, to: &filter, in: store) }
    if let until { try Reference.apply(until, .until, to: &filter, in: store) }
    var writer = RecordWriter(output.format, EventRecord.columns(withContent: content))
    var rest = limit ?? Int.max
    if rest > 0 {
      for try await event in store.events(filter) {
        writer.write(
          EventRecord.row(event, content: content ? try store.content(of: event) : nil, content))
        rest -= 1
        if rest == 0 { break }
      }
    }
    writer.finish(none: "no events")
  }
}
