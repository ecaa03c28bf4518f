import ArgumentParser

struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Record models, and exactly what each was trained on.",
    subcommands: [ModelAddCommand.self, ModelListCommand.self, ModelShowCommand.self])
}
