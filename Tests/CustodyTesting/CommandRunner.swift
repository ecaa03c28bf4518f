import Foundation

/// A folder of one test's own in which the built `custody` runs, removed when the test lets go.
///
/// The command sees an environment of its own: home, state and passphrases of whoever runs the
/// tests stay out of it.
package final class CommandFolder: Sendable {
  private let root: String
  /// Where commands run.
  package var path: String { "\(root)/work" }
  package var home: String { "\(root)/home" }

  /// An empty folder; no store yet.
  package init() throws {
    root = NSTemporaryDirectory() + "custody-command-\(UUID().uuidString)"
    for folder in [path, home, "\(root)/streams"] {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }
  }

  deinit {
    LeftLedgers.keep(below: root)
    try? FileManager.default.removeItem(atPath: root)
  }

  /// A folder with a store in `.custody`.
  package static func withStore() async throws -> CommandFolder {
    let folder = try CommandFolder()
    try await folder.run("init", "--organization", "example.org").succeeded()
    return folder
  }

  // MARK: - Files

  package func file(_ name: String) -> String { "\(path)/\(name)" }

  package func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: file(name))
  }

  package func write(_ name: String, _ bytes: some Sequence<UInt8>, mode: Int = 0o600) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file(name))
  }

  package func write(_ name: String, _ text: String, mode: Int = 0o600) throws {
    try write(name, text.utf8, mode: mode)
  }

  package func read(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: file(name))))
  }

  /// A file of NDJSON.
  package func objects(in name: String) throws -> [[String: Any]] {
    try CommandResult.objects(String(decoding: try read(name), as: UTF8.self))
  }

  // MARK: - Running

  /// What a command reads.
  package enum Input: Sendable {
    case nothing
    /// A file of the folder, as `< FILE` gives it.
    case file(String)
    /// A pipe that holds these bytes and ends.
    case pipe([UInt8])
    /// A pipe that the test writes to.
    case open

    package static func text(_ text: String) -> Input { .pipe(Array(text.utf8)) }
  }

  /// Runs `custody` and waits for its end.
  @discardableResult
  package func run(
    _ arguments: String..., input: Input = .nothing, environment: [String: String] = [:],
    timeout: Double = 60
  ) async throws -> CommandResult {
    try await run(arguments, input: input, environment: environment, timeout: timeout)
  }

  @discardableResult
  package func run(
    _ arguments: [String], input: Input = .nothing, environment: [String: String] = [:],
    timeout: Double = 60
  ) async throws -> CommandResult {
    try await waiting(Self.custody, arguments, input, environment, timeout)
  }

  /// Runs a line in bash; `custody` is on its path.
  @discardableResult
  package func shell(
    _ line: String, input: Input = .nothing, environment: [String: String] = [:],
    timeout: Double = 60
  ) async throws -> CommandResult {
    try await waiting("/bin/bash", ["-c", line], input, environment, timeout)
  }

  /// Starts `custody`, for a test that talks with it while it runs.
  package func start(
    _ arguments: String..., input: Input = .open, environment: [String: String] = [:]
  ) throws -> RunningCommand {
    try start(arguments, input: input, environment: environment)
  }

  package func start(
    _ arguments: [String], input: Input = .open, environment: [String: String] = [:]
  ) throws -> RunningCommand {
    try spawn(Self.custody, arguments, input, environment)
  }

  private func waiting(
    _ program: String, _ arguments: [String], _ input: Input, _ environment: [String: String],
    _ timeout: Double
  ) async throws -> CommandResult {
    try await Gate.shared.enter()
    do {
      let command = try spawn(program, arguments, input, environment)
      let result = try await command.finish(timeout: timeout)
      await Gate.shared.leave()
      return result
    } catch {
      await Gate.shared.leave()
      throw error
    }
  }

  private func spawn(
    _ program: String, _ arguments: [String], _ input: Input, _ environment: [String: String]
  ) throws -> RunningCommand {
    let inherited = ProcessInfo.processInfo.environment
    var variables = [
      "PATH": "\(Self.products):\(inherited["PATH"] ?? "/usr/bin:/bin")",
      "HOME": home, "XDG_STATE_HOME": "\(home)/state", "LANG": "C.UTF-8",
      // A crash is an answer too, but its register dump is not.
      "SWIFT_BACKTRACE": "enable=no",
    ]
    variables["LD_LIBRARY_PATH"] = inherited["LD_LIBRARY_PATH"]
    variables.merge(environment) { $1 }
    return try RunningCommand(
      program: program, arguments: arguments, environment: variables, folder: path,
      input: input, streams: "\(root)/streams/\(UUID().uuidString)")
  }

  /// Where the package's products are: beside the tests that run.
  private static let products =
    Bundle.main.executableURL!.resolvingSymlinksInPath().deletingLastPathComponent().path

  /// The command under test: the one built with the tests, or what `CUSTODY_COMMAND` names.
  package static let custody =
    ProcessInfo.processInfo.environment["CUSTODY_COMMAND"] ?? "\(products)/custody"
}

/// What a command said, and how it ended.
package struct CommandResult: Sendable, CustomStringConvertible {
  /// The exit status, or 128 and the signal that ended it.
  package let status: Int32
  package let output: [UInt8]
  /// Standard error.
  package let complaint: String

  /// Standard output as text.
  package var text: String { String(decoding: output, as: UTF8.self) }
  package var lines: [String] { text.split(separator: "\n").map(String.init) }

  package var description: String { "status \(status)\n\(text.prefix(4000))\n\(complaint)" }

  /// For steps on the way to what a test is about.
  ///
  /// - Throws: when the status is not 0.
  @discardableResult
  package func succeeded() throws -> CommandResult {
    guard status == 0 else { throw CommandFailure(what: "the command failed: \(self)") }
    return self
  }

  /// The output as one JSON value.
  package func json() throws -> Any {
    try JSONSerialization.jsonObject(with: Data(output), options: .fragmentsAllowed)
  }

  /// The output as one JSON object.
  package func object() throws -> [String: Any] {
    guard let object = try json() as? [String: Any] else {
      throw CommandFailure(what: "no JSON object: \(self)")
    }
    return object
  }

  /// The output as lines of JSON objects.
  package func objects() throws -> [[String: Any]] { try Self.objects(text) }

  fileprivate static func objects(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map { line in
      guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      else { throw CommandFailure(what: "no JSON object: \(line)") }
      return object
    }
  }
}

package struct CommandFailure: Error, CustomStringConvertible {
  let what: String
  package var description: String { what }
}

/// Lets as many commands run at once as there are cores: more would only wait for each other.
actor Gate {
  static let shared = Gate()

  private var free = max(2, ProcessInfo.processInfo.activeProcessorCount)
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func enter() async throws {
    if free > 0 { return free -= 1 }
    await withCheckedContinuation { waiting.append($0) }
  }

  func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
