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
  /// - Parameter isQuiet: its output is kept only, and not passed through.
  static func run(
    _ path: String, _ command: [String], environment: [String: String], isQuiet: Bool = false
  ) async throws -> Outcome {
    try await withCheckedThrowingContinuation { continuation in
      // Waiting for a child takes a thread of its own.
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            try runBlocking(path, command, environment: environment, isQuiet: isQuiet)
          })
      }
    }
  }

  private static func runBlocking(
    _ path: String, _ command: [String], environment: [String: String], isQuiet: Bool
  ) throws -> Outcome {
    let output = try Pipe(to: isQuiet ? nil : STDOUT_FILENO)
    let errors = try Pipe(to: isQuiet ? nil : STDERR_FILENO)
    let start = DispatchTime.now().uptimeNanoseconds
    let child = try Signals.passing { try spawn(path, command, environment, output, errors) }
    output.startReading()
    errors.startReading()
    var status: Int32 = 0
    var usage = rusage()
    while wait4(child, &status, 0, &usage) < 0 {
      guard errno == EINTR else { throw CustodyError(SystemCallError("wait4"), path: path) }
    }
    let duration = Int((DispatchTime.now().uptimeNanoseconds - start) / 1_000_000)
    Signals.end()
    // Its children may go on and keep the pipes: what they write later is not of this run.
    let tails = [output, errors].map { $0.tail(waiting: 1) }
    func milliseconds(_ time: timeval) -> Int { time.tv_sec * 1000 + Int(time.tv_usec) / 1000 }
    return Outcome(
      end: status & 0x7f == 0 ? .status(status >> 8 & 0xff) : .signal(status & 0x7f),
      usage: ResourceUsage(
        duration: duration, userTime: milliseconds(usage.ru_utime),
        systemTime: milliseconds(usage.ru_stime), peakMemory: usage.ru_maxrss * 1024),
      output: tails[0], errors: tails[1])
  }

  private static func spawn(
    _ path: String, _ command: [String], _ environment: [String: String], _ output: Pipe,
    _ errors: Pipe
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output.writeEnd, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errors.writeEnd, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Custody ignores a closed pipe; a command should be told of it.
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for signal in Signals.passed + [SIGPIPE] { sigaddset(&defaults, signal) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    // Threads of a pool block signals; a command must not inherit that.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var child: pid_t = 0
    let result = posix_spawn(&child, path, &actions, &attributes, &arguments, &variables)
    guard result == 0 else {
      if [ENOENT, EACCES, ENOEXEC].contains(result) {
        throw NotRunnable(name: command[0], isFound: true)
      }
      throw CustodyError(SystemCallError("posix_spawn", errno: result), path: path)
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

/// One of a command's outputs on its way to ours.
private final class Pipe: @unchecked Sendable {
  /// What is kept of its end.
  private static let tailSize = 4096

  private let readEnd: Int32
  private(set) var writeEnd: Int32
  private let target: Int32?
  private let kept = Mutex<[UInt8]>([])
  private let isDone = DispatchSemaphore(value: 0)

  init(to target: Int32?) throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else {
      throw CustodyError(SystemCallError("pipe"), path: "a pipe")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (readEnd, writeEnd) = (ends[0], ends[1])
    self.target = target
  }

  deinit {
    close(readEnd)
    closeWriteEnd()
  }

  func closeWriteEnd() {
    if writeEnd >= 0 { close(writeEnd) }
    writeEnd = -1
  }

  func startReading() {
    Thread.detachNewThread { [self] in
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      var target = target
      while true {
        let count = read(readEnd, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        // Whoever read our output has gone: the command goes on, for its files count.
        if let open = target, !Self.write(buffer[..<count], open) { target = nil }
        kept.withLock { kept in
          kept += buffer[..<count]
          if kept.count > 2 * Self.tailSize { kept.removeFirst(kept.count - Self.tailSize) }
        }
      }
      isDone.signal()
    }
  }

  private static func write(_ bytes: ArraySlice<UInt8>, _ file: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(file, bytes.baseAddress! + done, bytes.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
      }
      return true
    }
  }

  /// The last lines, once everything was read or some seconds have passed.
  func tail(waiting seconds: Double) -> String {
    _ = isDone.wait(timeout: .now() + seconds)
    let bytes = kept.withLock { $0.suffix(Self.tailSize) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Signals that a run passes on to its command instead of ending by them.
private enum Signals {
  static let passed = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

  /// The command that is running; a handler can use nothing else.
  nonisolated(unsafe) private static var child: pid_t = 0
  nonisolated(unsafe) private static var before: [(signal: Int32, action: sigaction)] = []

  /// Starts a child; from then on signals go to it.
  static func passing(_ start: () throws -> pid_t) throws -> pid_t {
    var action = sigaction()
    action.__sigaction_handler.sa_sigaction = { signal, info, _ in
      // From the keyboard it comes to the whole group; sent to us alone, the command lacks it.
      guard Signals.child > 0, let info, info.pointee.si_code <= 0 else { return }
      kill(Signals.child, signal)
    }
    action.sa_flags = SA_SIGINFO | SA_RESTART
    for signal in passed {
      var old = sigaction()
      sigaction(signal, &action, &old)
      before.append((signal, old))
    }
    do {
      child = try start()
    } catch {
      end()
      throw error
    }
    return child
  }

  static func end() {
    child = 0
    for (signal, var action) in before { sigaction(signal, &action, nil) }
    before = []
  }
}
