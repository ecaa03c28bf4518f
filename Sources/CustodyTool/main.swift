import CustodyCommands
import Foundation

// Interrupting is safe at any moment: a commit is whole or not there.
signal(SIGINT) { _ in _exit(130) }
exit(await CustodyCommand.launch(Array(CommandLine.arguments.dropFirst())))
