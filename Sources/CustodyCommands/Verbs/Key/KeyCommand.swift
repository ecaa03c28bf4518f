import ArgumentParser

struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "The keyring: data keys, and the epoch key that wraps them.",
    subcommands: [
      KeyListCommand.self, KeyShowCommand.self, KeyRotateCommand.self, KeyBackupCommand.self,
      KeyDestroyCommand.self,
    ])
}
