import ArgumentParser

struct RestrictionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restriction",
    abstract: "People whose data is kept and not processed.",
    subcommands: [
      RestrictionPlaceCommand.self, RestrictionLiftCommand.self, RestrictionListCommand.self,
    ])
}
