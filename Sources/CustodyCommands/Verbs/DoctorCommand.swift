import ArgumentParser
import Custody

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check a store and its surroundings, and say what to do.",
    discussion: """
      Versions, permissions, where secrets and guard are, the speed of the disk, the clock, free \
      space, and how to back this store up. --deep also reads everything: SQLite's own check of each \
      database, and verification at level bodies. Exits 1 when something has to be mended.

      Example:
        $ custody doctor
      """)

  @Flag(help: "Also check every page, event and object.")
  var deep = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .reading)
    let checks = try await checks(of: store)
    let isWell = !checks.contains { $0.verdict == .bad }
    Terminal.willAnswer(isWell)
    if output.format == .table {
      for check in checks {
        let mark: String =
          switch check.verdict {
          case .good: Terminal.styled("ok  ", .green)
          case .advice: Terminal.styled("note", .yellow)
          case .bad: Terminal.styled("bad ", .red)
          }
        Terminal.print("\(mark)  \(check.subject): \(check.finding)")
        if let advice = check.advice { Terminal.printWrapped(advice, indent: 6) }
      }
    } else {
      var writer = RecordWriter(
        output.format, [.init("subject"), .init("verdict"), .init("finding"), .init("advice")])
      for check in checks {
        writer.write([
          .text(check.subject), .text(check.verdict.rawValue), .text(check.finding),
          check.advice.map { .text($0) } ?? .absent,
        ])
      }
      writer.finish()
    }
    if !isWell { throw ExitCode(ExitStatus.refused) }
  }

  private func checks(of store: Store) async throws -> [Diagnosis] {
    guard deep else { return store.diagnose(programVersion: CustodyCommand.version) }
    let progress = ProgressBar("verifying", in: .events)
    defer { progress.finish() }
    return try await store.diagnoseDeeply(programVersion: CustodyCommand.version) {
      progress.update($0, $1)
    }
  }
}
