import Foundation
import Testing

/// `Tools/verify-ledger.py`, written from the page Format alone: a second opinion on everything.
package enum PageVerifier {
  package static let script = PythonTool.path("verify-ledger.py")
  /// Debian's Python has Debian's cryptography.
  private static let python = "/usr/bin/python3"

  /// What it said, and whether that was yes.
  package struct Answer: Sendable, Decodable, CustomStringConvertible {
    package let status: Int32
    package let text: String

    package var holds: Bool { status == 0 }
    /// The first event that a finding is about.
    package var firstEvent: Int? {
      text.split(separator: "\n").compactMap { line in
        line.prefixMatch(of: /position ([0-9]+):/).flatMap { Int($0.1) }
      }.min()
    }
    package var description: String { "\(status): \(text.prefix(400))" }
  }

  /// Its words about a file; a program that fails in another way than by its answer is no answer.
  package static func ask(_ arguments: [String]) async throws -> Answer {
    try await Gate.shared.enter()
    defer { Task { await Gate.shared.leave() } }
    let (status, text) = try await PythonTool.run([python, script] + arguments)
    let answer = Answer(status: status, text: text)
    #expect([0, 1].contains(answer.status) && !answer.text.contains("Traceback"), "\(answer)")
    return answer
  }

  /// Its words about many files, from one process.
  package static func ask(each: [[String]]) async throws -> [Answer] {
    let (status, text) = try await PythonTool.run(
      [python, PythonTool.path("verify-many.py")],
      lines: try each.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) })
    #expect(status == 0, "\(text)")
    let answers = try text.split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
    try #require(answers.count == each.count, "\(text.suffix(2000))")
    return answers
  }

  package static let isThere: Bool = {
    (try? PythonTool.runHere([python, "-c", "import cryptography"]))?.status == 0
  }()
}

extension Trait where Self == ConditionTrait {
  /// Skips a test or suite where the page verifier cannot run.
  package static var needsPageVerifier: Self {
    .enabled(if: PageVerifier.isThere, "Debian's python3-cryptography is not installed.")
  }
}
