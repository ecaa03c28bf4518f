import ArgumentParser
import Custody

struct SubjectEventCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "event",
    abstract: "Record what happened to people, where clocks of retention start.",
    discussion: """
      KIND is \(SubjectEventKind.known.map(\.name).joined(separator: ", ")), or another name that \
      policies know: words in lower case with hyphens between them. What happened and when is sealed \
      under the key of each person; anybody sees that something was recorded of a key id.

      --on is a date, or an RFC 3339 time; it may lie ahead, but for death and last-interaction. Somebody \
      of whom the same was recorded last stays as she is. One that was wrong is recorded again with the \
      right date: custody subject show lists both, with the times at which they were recorded.

      ID is what your pipeline calls the person, the key id that names her, or @FILE or -: many people, \
      one a line.

      Examples:
        $ custody subject event patient-0017 contract-end --on 2026-01-31
        $ echo patient-0017 | custody subject event - last-interaction
      """)

  @Argument(help: ArgumentHelp("An identifier, a key id, @FILE or -.", valueName: "ID"))
  var subject: String

  @Argument(
    help: ArgumentHelp("What happened.", valueName: "KIND"),
    completion: .list(SubjectEventKind.known.map(\.name)))
  var kind: String

  @Option(help: ArgumentHelp("When; now by default.", valueName: "DATE|TIME"))
  var on: String?

  @Option(
    name: .customLong("class"),
    help: ArgumentHelp("The class of data whose key seals it.", valueName: "CLASS"))
  var dataClass = Subject.defaultClass

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    guard let kind = SubjectEventKind(kind) else {
      throw CustodyError(
        .usage,
        "The second word is no kind of event: at most \(SubjectEventKind.byteCountMax) lower-case "
          + "letters and digits, with hyphens between words, as in contract-end.")
    }
    let on = try on.map { text in
      guard let on = DateOrTime(text) else {
        throw CustodyError(
          .usage,
          "--on is no date and no time: give for example 2026-01-31 or 2026-01-31T08:00:00Z."
        )
      }
      return on
    }
    let wanted = try SubjectArgument.subjects([subject])
    try await store.writing { store in
      let recorded = try await store.subjects.observe(
        kind, on: on, about: wanted, dataClass: dataClass)
      var writer = RecordWriter(output.format, [.init("subject"), .init("kind"), .init("on")])
      for id in recorded.subjects {
        writer.write([.text(id.hex), .text(kind.name), Cell(recorded.on)])
      }
      writer.finish()
      let known = recorded.subjects.count - recorded.newCount
      if known > 0 {
        Terminal.note("recorded already: \(known) of \(recorded.subjects.count)")
      }
    }
  }
}
