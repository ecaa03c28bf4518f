import Foundation
import Testing

/// `Tools/verify-ledger.py`, written from the page Format alone: a second opinion on everything.
enum PageVerifier {
  static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Tools/verify-ledger.py").standardized.path

  struct Answer: Sendable, CustomStringConvertible {
    let status: Int32
    let text: String
    var holds: Bool { status == 0 }
    var description: String { "\(status): \(text.suffix(400))" }
  }

  /// Its words about a file; a program that fails in another way than by its answer is no answer.
  static func ask(_ arguments: [String]) async throws -> Answer {
    let answer = try await withCheckedThrowingContinuation { continuation in
      // Waiting for a child takes a thread of its own.
      Thread.detachNewThread {
        continuation.resume(with: Result { try run(arguments) })
      }
    }
    #expect([0, 1].contains(answer.status) && !answer.text.contains("Traceback"), "\(answer)")
    return answer
  }

  private static func run(_ arguments: [String]) throws -> Answer {
    let process = Process()
    // Debian's Python has Debian's cryptography.
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = [script] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Answer(status: process.terminationStatus, text: text)
  }

  static let isThere: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = ["-c", "import cryptography"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()
}
