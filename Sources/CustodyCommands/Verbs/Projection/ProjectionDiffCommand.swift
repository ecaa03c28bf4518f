import ArgumentParser
import Custody

struct ProjectionDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say in which tables a projection differs from one computed otherwise.",
    discussion: """
      Where the store has rows of two versions, compares the newest with the one before, in the \
      tables and columns that both have, and says at which event they begin to differ. Else compares \
      the rows with ones computed anew. Changes nothing. Exits 1 when something differs.

      Example:
        $ custody projection diff event-index
      """)

  @Argument(help: ArgumentHelp("A projection.", valueName: "NAME"))
  var name: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let projections = try store.open(for: .contents).projections
    let progress = ProgressBar("computing", in: .events)
    if let versions = try await projections.compareVersions(
      of: name, progress: { progress.update($0, $1) })
    {
      progress.finish()
      Terminal.note(Self.sentence(versions))
      try write(versions.differences, isEqual: versions.firstPosition == nil)
    } else {
      let compared = try await projections.compare([name]) { progress.update($0, $1) }
      progress.finish()
      try write(compared.flatMap(\.differences), isEqual: compared.allSatisfy(\.isEqual))
    }
  }

  private static func sentence(_ versions: Projections.VersionComparison) -> String {
    var text = "version \(versions.new) of \(versions.name) against version \(versions.old), "
    text += "over \(versions.eventCount.counted("event")): "
    if let first = versions.firstPosition {
      text += "they differ from position \(first) on"
    } else if versions.differences.contains(where: { $0.missing + $0.unexpected > 0 }) {
      text += "they differ"
    } else {
      text += "what both have is the same"
    }
    if let reason = versions.haltReason {
      text += "; version \(versions.new) stands still there: \(reason)"
    }
    return text
  }

  private func write(_ tables: [Projections.Difference], isEqual: Bool) throws {
    let isSame = isEqual && !tables.contains { $0.missing + $0.unexpected > 0 }
    Terminal.willAnswer(isSame)
    var writer = RecordWriter(
      output.format,
      [
        .init("table"), .init("missing", right: true), .init("unexpected", right: true),
        .init("first", "first at", right: true), .init("note", long: true),
      ])
    for table in tables {
      writer.write([
        .text(table.table), .number(table.missing), .number(table.unexpected),
        table.firstPosition.map { .number($0.value) } ?? .absent,
        table.note.map { .text($0) } ?? .absent,
      ])
    }
    writer.finish(none: "no differences")
    if !isSame { throw ExitCode(ExitStatus.refused) }
  }
}
