import Foundation

/// Programs of the folder Tools: second opinions, in another language.
enum PythonTool {
  private static let folder = URL(filePath: #filePath)  // PACKAGE/Tests/CustodyTesting/…
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Tools")

  static func path(_ name: String) -> String { folder.appending(path: name).path }

  /// Runs `command`, which reads `lines`, and waits on a thread of its own.
  ///
  /// - Returns: its status, and standard output and error as one text.
  static func run(
    _ command: [String], lines: [String] = []
  ) async throws -> (status: Int32, text: String) {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try runHere(command, lines: lines) })
      }
    }
  }

  static func runHere(
    _ command: [String], lines: [String] = []
  ) throws -> (status: Int32, text: String) {
    // A file rather than a pipe: nobody has to write while somebody reads.
    let input = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try lines.map { $0 + "\n" }.joined().write(to: input, atomically: false, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: input) }
    let process = Process()
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = try FileHandle(forReadingFrom: input)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
