import CustodyModel
import CustodyStore
import Foundation
import Synchronization

/// A command being run: its output passed through and its last lines kept, signals passed on, and
/// what it took.
enum RunProcess {
  struct Outcome: Sendable {
    let end: RunResult.End
    let usage: ResourceUsage
    let output: String
    let errors: String
  }

  /// Where a command is found.
  ///
  /// - Throws: ``NotRunnable``.
  static func executable(_ name: String, in folder: String) throws -> String {
    guard !name.isEmpty else { throw NotRunnable(name: name, isFound: false) }
    let candidates =
      name.contains("/")
      ? [name.hasPrefix("/") ? name : "\(folder)/\(name)"]
      : (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        .split(separator: ":").map { "\($0)/\(name)" }
    var isFound = false
    for candidate in candidates where FileIO.exists(candidate) && !FileIO.isFolder(candidate) {
      if access(candidate, X_OK) == 0 { return candidate }
      isFound = true
    }
    throw NotRunnable(name: name, isFound: isFound || candidates.contains(where: FileIO.isFolder))
  }

  /// Runs a command to its end.
  ///
  /// - Parameters:
  ///   - isQuiet: its output is kept only, and not passed through; it has nothing to read, and
  ///     signals are not passed on to it.
  ///   - descriptor: an open file that the command has too, under the same number.
  static func run(
    _ path: String, _ command: [String], environment: [String: String], isQuiet: Bool = false,
    inheriting descriptor: Int32? = nil
  ) async throws -> Outcome {
    let command = Command(
      path: path, arguments: command, environment: environment, isQuiet: isQuiet,
      inherited: descriptor)
    return try await withCheckedThrowingContinuation { continuation in
      // Waiting for a child takes a thread of its own.
      Thread.detachNewThread {
        continuation.resume(with: Result { try runBlocking(command) })
      }
    }
  }

  /// What is run, and what it has of ours.
  private struct Command: Sendable {
    let path: String
    let arguments: [String]
    let environment: [String: String]
    let isQuiet: Bool
    let inherited: Int32?
  }

  /// One command at a time is started, so that none inherits the pipes of another: they would not
  /// end before both had.
  private static let starting = Mutex(())

  /// Seconds for which what a command's children still write is waited for.
  private static let childrenWait = 1.0

  private static func runBlocking(_ command: Command) throws -> Outcome {
    let start = DispatchTime.now().uptimeNanoseconds
    let (output, errors, child) = try starting.withLock { _ in
      let output = try PassedOutput(to: command.isQuiet ? nil : STDOUT_FILENO)
      let errors = try PassedOutput(to: command.isQuiet ? nil : STDERR_FILENO)
      let child = try begin(command, output, errors)
      return (output, errors, child)
    }
    output.startReading()
    errors.startReading()
    waitForEnd(of: child)
    // A signal that came later would go to whatever has its number by then.
    if !command.isQuiet { PassedSignals.end(child) }
    var status: Int32 = 0
    var usage = rusage()
    while wait4(child, &status, 0, &usage) < 0 {
      guard errno == EINTR else {
        throw CustodyError(SystemCallError("wait4"), path: command.path)
      }
    }
    let end = DispatchTime.now()
    let duration = Int((end.uptimeNanoseconds - start) / 1_000_000)
    output.commandHasEnded()
    errors.commandHasEnded()
    // Its children may go on and keep the pipes: what they write later is not of this run.
    let deadline = end + childrenWait
    let tails = [output, errors].map { $0.tail(waitingUntil: deadline) }
    func milliseconds(_ time: timeval) -> Int { time.tv_sec * 1000 + Int(time.tv_usec) / 1000 }
    return Outcome(
      end: status & 0x7f == 0 ? .status(status >> 8 & 0xff) : .signal(status & 0x7f),
      usage: ResourceUsage(
        duration: duration, userTime: milliseconds(usage.ru_utime),
        systemTime: milliseconds(usage.ru_stime), peakMemory: usage.ru_maxrss * 1024),
      output: tails[0], errors: tails[1])
  }

  /// The child is not reaped: until then its number is its own.
  private static func waitForEnd(of child: pid_t) {
    var information = siginfo_t()
    while waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
  }

  private static func begin(
    _ command: Command, _ output: PassedOutput, _ errors: PassedOutput
  ) throws -> pid_t {
    // A signal that went to what only prepares a run would not keep the run from beginning.
    guard !command.isQuiet else { return try spawn(command, output, errors) }
    return try PassedSignals.start { try spawn(command, output, errors) }
  }

  private static func spawn(
    _ command: Command, _ output: PassedOutput, _ errors: PassedOutput
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // What there is to read is for the command that we were asked to run.
    if command.isQuiet {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, output.writeEnd, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errors.writeEnd, STDERR_FILENO)
    // Onto itself: since glibc 2.29 that keeps it open in the child, whose flag alone it clears.
    if let file = command.inherited { posix_spawn_file_actions_adddup2(&actions, file, file) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Custody ignores a closed pipe; a command should be told of it.
    var defaults = sigset_t()
    sigemptyset(&defaults)
    if !PassedSignals.keepsIgnoringClosedPipes { sigaddset(&defaults, SIGPIPE) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    // Threads of a pool block signals; a command must not inherit that.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments: [UnsafeMutablePointer<CChar>?] = command.arguments.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
      command.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var child: pid_t = 0
    let result = posix_spawn(&child, command.path, &actions, &attributes, &arguments, &variables)
    guard result == 0 else {
      if [ENOENT, EACCES, ENOEXEC].contains(result) {
        throw NotRunnable(name: command.arguments[0], isFound: true)
      }
      throw CustodyError(SystemCallError("posix_spawn", errno: result), path: command.path)
    }
    output.closeWriteEnd()
    errors.closeWriteEnd()
    return child
  }
}

/// A command that there is not, or that cannot be executed.
public struct NotRunnable: Error {
  /// As it was given.
  public let name: String
  /// Whether there is such a file.
  public let isFound: Bool
}
