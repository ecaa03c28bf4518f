import ArgumentParser
import Custody

struct ProjectionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "projection",
    abstract: "What is computed from the events, and can be computed again.",
    subcommands: [
      ProjectionListCommand.self, ProjectionStatusCommand.self, ProjectionRebuildCommand.self,
      ProjectionVerifyCommand.self, ProjectionDiffCommand.self,
    ])
}

struct ProjectionListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List projections and what they are for.",
    discussion: """
      Example:
        $ custody projection list
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .reading)
    var writer = RecordWriter(
      output.format, [.init("name"), .init("version", right: true), .init("summary", long: true)])
    for status in try store.projections.status() {
      writer.write([.text(status.name), .number(status.version), .text(status.summary)])
    }
    writer.finish()
  }
}

struct ProjectionStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say how far each projection has read.",
    discussion: """
      A projection that is behind catches up with the next query. One that stands still met an \
      event that it cannot apply; others go on. Needs no secret.

      Example:
        $ custody projection status
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .reading)
    var writer = RecordWriter(
      output.format,
      [
        .init("name"), .init("version", right: true), .init("events", right: true),
        .init("behind", right: true), .init("state", long: true),
      ])
    for status in try store.projections.status() {
      let behind = max(0, status.ledgerSize - status.eventCount)
      let state = status.haltReason.map { "stands still: \($0)" }
      writer.write([
        .text(status.name), .number(status.version), .number(status.eventCount), .number(behind),
        .text(state ?? (behind == 0 ? "current" : "behind")),
      ])
    }
    writer.finish()
  }
}

struct ProjectionRebuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild",
    abstract: "Compute projections anew from the events.",
    discussion: """
      Builds beside the ones in use and switches when done; says whether anything differed. \
      Nothing is lost: projections hold only what the events give.

      Example:
        $ custody projection rebuild
      """)

  @Argument(help: ArgumentHelp("Projections; all by default.", valueName: "NAME"))
  var names: [String] = []

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let progress = ProgressBar("rebuilding", in: .events)
    let rebuilt = try await store.projections.rebuild(names) { progress.update($0, $1) }
    progress.finish()
    var writer = RecordWriter(
      output.format, [.init("name"), .init("events", right: true), .init("result", long: true)])
    for entry in rebuilt {
      let result =
        entry.haltReason.map { "stands still at position \(entry.eventCount): \($0)" }
        ?? entry.wasEqual.map { $0 ? "the same rows as before" : "other rows than before" }
        ?? "rebuilt"
      writer.write([.text(entry.name), .number(entry.eventCount), .text(result)])
    }
    writer.finish()
    if rebuilt.contains(where: { $0.haltReason != nil }) { throw ExitCode(ExitStatus.refused) }
  }
}

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

struct ProjectionDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say in which tables a projection differs from one computed anew.",
    discussion: """
      Lists each table with rows that only one of the two has, and the first event that such a row \
      comes from. Exits 1 when there is one.

      Example:
        $ custody projection diff event-index
      """)

  @Argument(help: ArgumentHelp("A projection.", valueName: "NAME"))
  var name: String

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let progress = ProgressBar("computing", in: .events)
    let compared = try await store.projections.compare([name]) { progress.update($0, $1) }
    progress.finish()
    var writer = RecordWriter(
      output.format,
      [
        .init("table"), .init("missing", right: true), .init("unexpected", right: true),
        .init("first", "first at", right: true),
      ])
    for table in compared.flatMap(\.differences) {
      writer.write([
        .text(table.table), .number(table.missing), .number(table.unexpected),
        table.firstPosition.map { .number($0.value) } ?? .absent,
      ])
    }
    writer.finish(none: "no differences")
    if compared.contains(where: { !$0.isEqual }) { throw ExitCode(ExitStatus.refused) }
  }
}
