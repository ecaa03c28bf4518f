import ArgumentParser
import Custody
import CustodyModel

struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "List events.",
    discussion: """
      REF is \(Reference.help). --subject lists what is sealed about a person, alone or with others, \
      in every class of data. Without --content and --subject no secret is needed. Contents that are \
      restricted are not shown, unless --ground states on which ground they are read.

      Examples:
        $ custody log --limit 5
        $ custody log --type emotion.scored --since P30D --content --format ndjson
      """)

  @Option(help: ArgumentHelp("Only this stream.", valueName: "NAME"))
  var stream: String?

  @Option(help: ArgumentHelp("Only this type of event.", valueName: "TYPE"))
  var type: String?

  @Option(help: ArgumentHelp(SubjectArgument.help, valueName: "SUBJECT"))
  var subject: String?

  @Option(help: ArgumentHelp("Only events sealed under this key.", valueName: "KEYID"))
  var key: String?

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

  @OptionGroup var ground: GroundOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--limit is 0 or more.") }
    if ground.ground != nil, !content { throw ValidationError("--ground needs --content.") }
    if key != nil, subject != nil { throw ValidationError("Give --subject or --key, not both.") }
  }

  func run() async throws {
    let store = try store.open(for: content || subject != nil ? .contents : .reading)
    var filter = EventFilter(stream: stream, type: type, keys: try keys(store), isReversed: reverse)
    if let since { try Reference.apply(since, .since, to: &filter, in: store) }
    if let until { try Reference.apply(until, .until, to: &filter, in: store) }
    var writer = RecordWriter(output.format, EventRecord.columns(withContent: content))
    let reader = try content ? store.contents(on: ground.ground) : nil
    var rest = limit ?? Int.max
    var leftOut = 0
    if rest > 0 {
      for try await event in store.events(filter) {
        let shown = try reader?.content(of: event)
        if shown == .restricted { leftOut += 1 }
        writer.write(EventRecord.row(event, shown))
        rest -= 1
        if rest == 0 { break }
      }
    }
    writer.finish(none: "no events")
    GroundOptions.note(leftOut: leftOut, "content")
  }

  private func keys(_ store: Store) throws -> [KeyID]? {
    if let key {
      guard let id = KeyID(hex: key) else {
        throw CustodyError(.usage, "\(key) is no key id: 32 hexadecimal digits.")
      }
      return [id]
    }
    guard let subject else { return nil }
    let entry =
      switch try SubjectArgument.parse(subject) {
      case .key(let id): try store.subjects.entry(id)
      case .identifier(let identifier):
        try store.subjects.id(of: identifier).flatMap { try store.subjects.entry($0) }
      }
    guard let entry else {
      throw CustodyError(.notFound, "There is no such subject, or she was erased.")
    }
    return entry.keys.map(\.id)
  }
}
