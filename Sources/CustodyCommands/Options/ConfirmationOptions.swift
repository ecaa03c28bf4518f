import ArgumentParser
import Custody
import Foundation

/// What a verb that destroys asks before it does.
struct ConfirmationOptions: ParsableArguments {
  @Flag(help: "Do not ask.")
  var yes = false

  /// Asks on the terminal; without one, `--yes` has to be there.
  func ask(_ what: String) throws {
    if yes { return }
    guard isatty(STDIN_FILENO) == 1, Terminal.isErrorTerminal else {
      throw CustodyError(.usage, "\(what) Repeat the command with --yes.")
    }
    Terminal.prompt("\(what) Go on? [y/N] ")
    guard readLine()?.lowercased().hasPrefix("y") == true else {
      throw CustodyError(.usage, "Nothing was done.")
    }
  }
}
