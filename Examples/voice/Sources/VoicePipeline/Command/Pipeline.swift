import Foundation

/// The command `voice`.
package enum Pipeline {
  /// In the order in which they run. A new step is a file of Steps and a word here.
  static let steps: [Step] = [
    .ingest, .quality, .segment, .transcribe, .features, .curate, .score,
  ]

  /// Runs a step.
  ///
  /// - Returns: the exit status: 0, or one of ``Failure/Status``.
  package static func main(_ words: [String]) -> Int32 {
    guard let word = words.first else {
      report("Which step? See: voice help")
      return Failure.Status.usage.rawValue
    }
    do {
      if ["help", "--help", "-h"].contains(word) {
        print(help)
        return 0
      }
      guard let step = steps.first(where: { $0.name == word }) else {
        let known = steps.map(\.name).joined(separator: ", ")
        throw Arguments.wrong("\(word) is not a step; the steps are \(known).")
      }
      if words.dropFirst().contains(where: { ["--help", "-h"].contains($0) }) {
        print(step.usage)
        return 0
      }
      try run(step, Array(words.dropFirst()))
      return 0
    } catch let failure as Failure {
      report(failure.message)
      return failure.status.rawValue
    } catch {
      report("\(error)")
      return Failure.Status.surroundings.rawValue
    }
  }

  private static func run(_ step: Step, _ words: [String]) throws {
    let arguments = try Arguments(words, for: step.options)
    do {
      try step.run(arguments)
    } catch let failure as Failure {
      StepRun.record(failure, of: step.name)
      throw failure
    }
  }

  private static var help: String {
    let status = """
      Exit status: 0 done, 1 the answer is no, 2 wrong command line, 6 input refused,
      7 the surroundings (a missing model, a full disk).

      When CUSTODY_EVENTS names a file, what each step measured is appended to it as JSON lines.
      """
    return
      (["voice STEP OPTIONS: a pipeline from recordings of speech to a set of transcripts."]
      + steps.map(\.usage) + [status]).joined(separator: "\n\n")
  }

  /// Says something that is not a result.
  static func report(_ message: String) {
    FileHandle.standardError.write(Data("voice: \(message)\n".utf8))
  }
}
