import ArgumentParser

struct HoldCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hold",
    abstract: "Matters that keep data from being destroyed.",
    subcommands: [
      HoldPlaceCommand.self, HoldReleaseCommand.self, HoldListCommand.self, HoldShowCommand.self,
    ])
}
