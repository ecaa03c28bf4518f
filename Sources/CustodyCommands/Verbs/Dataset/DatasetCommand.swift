import ArgumentParser
import Custody
import Foundation

extension Datasets.Kind: ExpressibleByArgument {}

struct DatasetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Sets of records, every version of which can be brought back.",
    subcommands: [
      DatasetCreateCommand.self, DatasetListCommand.self, DatasetShowCommand.self,
      DatasetCommitCommand.self, DatasetLogCommand.self, DatasetStatusCommand.self,
      DatasetDiffCommand.self, DatasetCatCommand.self, DatasetRestoreCommand.self,
      DatasetTagCommand.self,
    ])

  /// `NAME@REF`, or `NAME` for the newest version.
  static func parse(_ text: String) -> (name: String, reference: String) {
    guard let at = text.firstIndex(of: "@") else { return (text, "head") }
    return (String(text[..<at]), String(text[text.index(after: at)...]))
  }
}
