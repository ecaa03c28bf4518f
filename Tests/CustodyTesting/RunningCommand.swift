import Foundation
import Synchronization

/// A program that runs: its output goes into files, so that nobody has to read along.
package final class RunningCommand: Sendable {
  private let process: pid_t
  private let streams: String
  /// The writing end of the program's standard input; -1 when there is none or it was closed.
  private let input = Mutex<Int32>(-1)

  // A program that ends early shows as an error of write, not as a signal.
  private static let ignoringPipeSignals: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

  init(
    program: String, arguments: [String], environment: [String: String], folder: String,
    input source: CommandFolder.Input, streams: String
  ) throws {
    Self.ignoringPipeSignals
    self.streams = streams
    let output = try Self.open("\(streams).out", O_WRONLY | O_CREAT | O_EXCL)
    defer { close(output) }
    let complaint = try Self.open("\(streams).err", O_WRONLY | O_CREAT | O_EXCL)
    defer { close(complaint) }
    let writing: Int32
    (process, writing) = try Self.spawning.withLock { _ in
      let ends = try Self.ends(of: source, in: folder)
      defer { close(ends.reading) }
      // `env` gives its place to the program once it has changed the folder.
      let process = try Self.spawn(
        ["/usr/bin/env", "-C", folder, program] + arguments,
        environment.map { "\($0)=\($1)" }, [ends.reading, output, complaint])
      return (process, ends.writing)
    }
    guard case .pipe(let bytes) = source else {
      input.withLock { $0 = writing }
      return
    }
    // A pipe holds 64 KiB: more would wait for the program to read.
    DispatchQueue.global().async {
      Self.write(bytes, to: writing)
      close(writing)
    }
  }

  /// One program at a time is started, so that none inherits the pipe of another: it would not end
  /// before both had.
  private static let spawning = Mutex(())

  private static func ends(
    of source: CommandFolder.Input, in folder: String
  ) throws -> (reading: Int32, writing: Int32) {
    switch source {
    case .nothing: return (try open("/dev/null", O_RDONLY), -1)
    case .file(let name): return (try open("\(folder)/\(name)", O_RDONLY), -1)
    case .pipe, .open:
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw CommandFailure(what: "no pipe: \(errno)") }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      return (ends[0], ends[1])
    }
  }

  private static func open(_ path: String, _ flags: Int32) throws -> Int32 {
    let file = Foundation.open(path, flags | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw CommandFailure(what: "\(path) cannot be opened: \(errno)") }
    return file
  }

  /// Foundation's `Process` asks every 50 ms whether a program has ended; this is as fast as it.
  private static func spawn(
    _ arguments: [String], _ environment: [String], _ files: [Int32]
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, file) in files.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, file, Int32(number))
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // What this process ignores, the program need not.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { for text in argv + envp { free(text) } }
    var process = pid_t()
    let result = posix_spawn(&process, arguments[0], &actions, &attributes, &argv, &envp)
    guard result == 0 else {
      throw CommandFailure(
        what: "\(arguments[0]) cannot be run: \(String(cString: strerror(result)))")
    }
    return process
  }

  // MARK: - While it runs

  /// Writes to its standard input; what a program that has ended does not read is dropped.
  package func write(_ bytes: [UInt8]) {
    Self.write(bytes, to: input.withLock { $0 })
  }

  private static func write(_ bytes: [UInt8], to file: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      guard count >= 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  package func write(_ text: String) { write(Array(text.utf8)) }

  package func closeInput() {
    input.withLock { file in
      if file >= 0 { close(file) }
      file = -1
    }
  }

  package func send(_ signal: Int32) { kill(process, signal) }

  /// Standard output so far.
  package var output: [UInt8] { Self.contents("\(streams).out") }

  private static func contents(_ path: String) -> [UInt8] {
    [UInt8](FileManager.default.contents(atPath: path) ?? Data())
  }

  /// Waits for the end.
  ///
  /// - Throws: when it takes longer than `timeout` seconds; the program is killed then.
  package func finish(timeout: Double = 60) async throws -> CommandResult {
    let start = ProcessInfo.processInfo.systemUptime
    var status: Int32 = 0
    while waitpid(process, &status, WNOHANG) == 0 {
      guard ProcessInfo.processInfo.systemUptime - start < timeout else {
        kill(process, SIGKILL)
        waitpid(process, &status, 0)
        closeInput()
        throw CommandFailure(
          what: "no end after \(timeout) seconds: "
            + String(decoding: Self.contents("\(streams).err"), as: UTF8.self))
      }
      try await Task.sleep(for: .milliseconds(2))
    }
    closeInput()
    let signal = status & 0x7f
    return CommandResult(
      status: signal == 0 ? status >> 8 & 0xff : 128 + signal, output: output,
      complaint: String(decoding: Self.contents("\(streams).err"), as: UTF8.self))
  }
}
