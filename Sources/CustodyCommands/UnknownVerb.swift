import ArgumentParser
import CustodyModel

/// What is said about a verb that does not exist.
enum UnknownVerb {
  /// More letters than this between a word and a verb, and it was not meant.
  private static let distanceMax = 2

  /// The note about the first word that is no verb, or nil when all are.
  static func note(_ arguments: [String], _ root: any ParsableCommand.Type) -> String? {
    var command = root
    var path = [root.configuration.commandName ?? ""]
    for word in arguments {
      let verbs = command.configuration.subcommands
      guard !verbs.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
      if let verb = verbs.first(where: { $0.configuration.commandName == word }) {
        command = verb
        path.append(word)
        continue
      }
      let name = path.joined(separator: " ")
      let near = verbs.compactMap { $0.configuration.commandName }
        .map { (verb: $0, distance: EditDistance.between(word, $0)) }
        .filter { $0.distance <= distanceMax && $0.distance < $0.verb.count }
        .min { $0.distance < $1.distance }
      let question = near.map { " Did you mean `\(name) \($0.verb)`?" } ?? ""
      return """
        Error: There is no verb '\(word)' of \(name).\(question)
          See '\(name) --help' for more information.
        """
    }
    return nil
  }
}
