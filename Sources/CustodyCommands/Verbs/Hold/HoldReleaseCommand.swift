import ArgumentParser
import Custody

struct HoldReleaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release",
    abstract: "End a matter, and erase what it alone kept from being erased.",
    discussion: """
      Erasures that waited for the matter are carried out, unless another holds the same data; --dry-run \
      names them. Reasons: \
      \(HoldReleaseReason.allCases.map(\.rawValue).joined(separator: ", ")).

      Example:
        $ custody hold release M-2026-014 --reason resolved --approver counsel --yes
      """)

  @Argument(help: ArgumentHelp("What the matter is called.", valueName: "MATTER"))
  var matter: String

  @Option(help: ArgumentHelp("Why, as a code.", valueName: "CODE"))
  var reason: HoldReleaseReason

  @Option(help: ArgumentHelp("Who approved it; not who acts.", valueName: "NAME"))
  var approver: String

  @Flag(help: "Say what would be erased, and do nothing.")
  var dryRun = false

  @OptionGroup var confirmation: ConfirmationOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    if dryRun {
      let store = try store.open(for: .contents)
      return try MatterPrinter(store).print(try store.holds.matter(matter), output.format)
    }
    try await store.writing { store in
      let waiting = try MatterPrinter(store).waiting(for: try store.holds.matter(matter))
      if !waiting.isEmpty {
        try confirmation.ask(
          "\(waiting.count.counted("erasure")) waited for this matter, and what nothing else holds is "
            + "destroyed for good.")
      }
      let erased = try await store.holds.release(matter, reason: reason, approver: approver)
      try MatterPrinter(store).print(try store.holds.matter(matter), output.format, erased: erased)
      if !erased.isEmpty { Terminal.noteKeyBackupIsDue() }
      guard erased.contains(where: { $0.completedPosition == nil }) else { return }
      Terminal.willAnswer(false)
      throw ExitCode(ExitStatus.refused)
    }
  }
}

extension HoldReleaseReason: ExpressibleByArgument {}
