import Foundation
import Testing

/// `Tools/verify-ledger.py`, written from the page Format alone: a second opinion on everything.
package enum PageVerifier {
  private static let tools = URL(filePath: #filePath)  // PACKAGE/Tests/CustodyTesting/…
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Tools")
  package static let script = tools.appending(path: "verify-ledger.py").path
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
    let (status, text) = try await run([script] + arguments)
    let answer = Answer(status: status, text: text)
    #expect([0, 1].contains(answer.status) && !answer.text.contains("Traceback"), "\(answer)")
    return answer
  }

  /// Its words about many files, from one process.
  package static func ask(each: [[String]]) async throws -> [Answer] {
    let questions = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: questions) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    try each.map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }.joined()
      .write(to: questions, atomically: false, encoding: .utf8)
    let (status, text) = try await run(
      [tools.appending(path: "verify-many.py").path], input: questions)
    #expect(status == 0, "\(text)")
    let answers = try text.split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
    try #require(answers.count == each.count, "\(text.suffix(2000))")
    return answers
  }

  private static func run(
    _ arguments: [String], input: URL? = nil
  ) async throws -> (Int32, String) {
    try await withCheckedThrowingContinuation { continuation in
      // Waiting for a child takes a thread of its own.
      Thread.detachNewThread {
        continuation.resume(with: Result { try runHere(arguments, input: input) })
      }
    }
  }

  private static func runHere(_ arguments: [String], input: URL?) throws -> (Int32, String) {
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput =
      try input.map { try FileHandle(forReadingFrom: $0) }
      ?? FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  package static let isThere: Bool = {
    (try? runHere(["-c", "import cryptography"], input: nil))?.0 == 0
  }()
}

extension Trait where Self == ConditionTrait {
  /// Skips a test or suite where the page verifier cannot run.
  package static var needsPageVerifier: Self {
    .enabled(if: PageVerifier.isThere, "Debian's python3-cryptography is not installed.")
  }
}
