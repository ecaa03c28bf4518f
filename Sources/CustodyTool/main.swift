import CustodyCommands
import Foundation

exit(await CustodyCommand.launch(Array(CommandLine.arguments.dropFirst())))
