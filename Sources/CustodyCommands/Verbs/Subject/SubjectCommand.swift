import ArgumentParser

struct SubjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subject",
    abstract: "People that data is about, and their keys.",
    subcommands: [
      SubjectAddCommand.self, SubjectListCommand.self, SubjectShowCommand.self,
      SubjectEventCommand.self, SubjectExportCommand.self, SubjectEraseCommand.self,
      SubjectCertificateCommand.self,
    ])
}
