import ArgumentParser

struct ConsentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "consent",
    abstract: "What people allow of their data, for which purpose, and what was done without.",
    subcommands: [
      ConsentGrantCommand.self, ConsentWithdrawCommand.self, ConsentListCommand.self,
      ConsentShowCommand.self, ConsentGapsCommand.self,
    ])
}
