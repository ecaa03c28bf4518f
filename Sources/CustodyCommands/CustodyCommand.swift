import ArgumentParser
import Custody
import Foundation

/// `custody`: the root of every verb.
public struct CustodyCommand: AsyncParsableCommand {
  /// The version of the program.
  public static let version = "0.1.0"

  /// Name, help and verbs; a new verb is a file of `Verbs` and an entry here.
  public static let configuration = CommandConfiguration(
    commandName: "custody",
    abstract: "An encrypted, hash-chained record of a data pipeline that a stranger can verify.",
    discussion: """
      Start with `custody init --organization example.org`, then `custody append --help`.
      Results go to standard output, everything else to standard error.

      Exit status: 0 done; 1 the answer is no (verification found something); 2 the command line \
      was wrong; 3 not found; 4 conflict; 5 the store is damaged or needs recovery; 6 the input was \
      refused; 7 the surroundings (disk full, permission, passphrase, newer store); 70 a fault of ours; \
      130 interrupted. `run` returns its command's: see its help.
      """,
    version: version,
    subcommands: [
      InitCommand.self, StatusCommand.self, AppendCommand.self, LogCommand.self, ShowCommand.self,
      HeadCommand.self, VerifyCommand.self, RunCommand.self, PipelineCommand.self, WhyCommand.self,
      LineageCommand.self, ModelCommand.self,
      ProveCommand.self, ReceiptCommand.self, DiscloseCommand.self, CheckpointCommand.self,
      SubjectCommand.self, ConsentCommand.self, RestrictionCommand.self, HoldCommand.self,
      KeyCommand.self, DatasetCommand.self,
      ProjectionCommand.self, ExportCommand.self, BackupCommand.self, StatsCommand.self,
      DoctorCommand.self,
      RecoverCommand.self,
    ])

  /// The command as the argument parser makes it, with nothing given yet.
  public init() {}

  /// Parses the arguments, runs the verb and returns the exit status.
  public static func launch(_ arguments: [String]) async -> Int32 {
    PassedSignals.ignoreClosedPipes()
    if let note = UnknownVerb.note(arguments, Self.self) {
      Terminal.note(note)
      return ExitStatus.usage
    }
    do {
      var command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      return ExitStatus.done
    } catch {
      return report(error)
    }
  }

  private static func report(_ error: any Error) -> Int32 {
    switch error {
    case let error as CustodyError:
      Terminal.complain("\(error)")
      if ProcessInfo.processInfo.environment["CUSTODY_DEBUG"] != nil, let cause = error.cause {
        Terminal.note("  cause: \(cause)")
      }
      return ExitStatus.of(error.code)
    case let code as ExitCode:
      return code.rawValue
    default:
      let code = exitCode(for: error)
      guard code != .success else {
        // Help, the version and completion scripts come as errors.
        Terminal.print(fullMessage(for: error))
        return ExitStatus.done
      }
      guard code == .validationFailure else {
        Terminal.note("custody: a fault of Custody itself: \(error)")
        return 70
      }
      Terminal.note(fullMessage(for: error))
      return ExitStatus.usage
    }
  }
}
