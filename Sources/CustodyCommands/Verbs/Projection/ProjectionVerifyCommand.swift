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
    var writer = RecordWriter(
      output.format,
      [
        .init("name"), .init("events", right: true), .init("holds"),
        .init("finding", long: true),
      ])
    for entry in compared {
      let rows = entry.differences.reduce(0) { $0 + $1.missing + $1.unexpected }
      var finding = ""
      if let reason = entry.haltReason {
        finding = "stands still: \(reason)"
      } else if rows > 0 {
        finding = "\(rows.counted("row")) differ"
        if let first = entry.firstPosition { finding += ", first at position \(first)" }
      } else if !entry.isDigestRight {
        finding = "the digest kept beside the rows is not theirs"
      }
      writer.write([
        .text(entry.name), .number(entry.eventCount), .flag(entry.isEqual), .text(finding),
      ])
    }
    writer.finish()
    if compared.contains(where: { !$0.isEqual }) { throw ExitCode(ExitStatus.refused) }
  }
}
