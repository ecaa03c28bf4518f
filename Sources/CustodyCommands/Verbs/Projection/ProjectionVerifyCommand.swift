import ArgumentParser
import Custody

struct ProjectionVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compare projections with ones computed anew.",
    discussion: """
      Changes nothing. Exits 1 when one differs or stands still: `custody projection diff` says \
      where, `custody projection rebuild` mends it.

      Example:
        $ custody projection verify
      """)

  @Argument(help: ArgumentHelp("Projections; all by default.", valueName: "NAME"))
  var names: [String] = []

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let progress = ProgressBar("computing", in: .events)
    let compared = try await store.projections.compare(names) { progress.update($0, $1) }
    progress.finish()
    let holds = compared.allSatisfy(\.isEqual)
    Terminal.willAnswer(holds)
    var writer = RecordWriter(
      output.format,
      [
        .init("name"), .init("version", right: true), .init("events", right: true),
        .init("holds"), .init("finding", long: true),
      ])
    for entry in compared {
      writer.write([
        .text(entry.name), .number(entry.version), .number(entry.eventCount),
        .flag(entry.isEqual), .text(Self.finding(entry)),
      ])
    }
    writer.finish()
    if !holds { throw ExitCode(ExitStatus.refused) }
  }

  private static func finding(_ entry: Projections.Comparison) -> String {
    if let reason = entry.haltReason { return "stands still: \(reason)" }
    let rows = entry.differences.reduce(0) { $0 + $1.missing + $1.unexpected }
    if rows > 0 {
      let first = entry.firstPosition.map { ", first at position \($0)" } ?? ""
      return "\(rows == 1 ? "1 row differs" : "\(rows) rows differ")\(first)"
    }
    return entry.isDigestRight ? "" : "the digest kept beside the rows is not theirs"
  }
}
