import Foundation
import Synchronization

/// Signals that a run passes on to its command instead of ending by them.
///
/// All runs of a process share the handlers: the first installs them, the last puts back what was
/// there, and a signal goes to every command.
package enum PassedSignals {
  private static let passed = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

  private struct State {
    /// Those that run; one is taken out before another process can have its number.
    var commands: Set<pid_t> = []
    /// What the signals did before the first of them.
    var before: [(signal: Int32, action: sigaction)] = []
  }

  private static let state = Mutex(State())
  /// Whether a command is being started: what the keyboard sends it may get or not.
  private static let isStarting = Atomic(false)
  /// Where a handler writes a signal's number; -1 before there is a thread that reads it.
  nonisolated(unsafe) private static var noticeEnd: Int32 = -1

  /// Starts a command; from then on signals go to it.
  ///
  /// One that comes before the command is there waits for it: it is passed on under the same lock.
  static func start(_ spawn: () throws -> pid_t) throws -> pid_t {
    try state.withLock { state in
      try startThread()
      isStarting.store(true, ordering: .sequentiallyConsistent)
      defer { isStarting.store(false, ordering: .sequentiallyConsistent) }
      if state.commands.isEmpty { state.before = takeOver() }
      defer {
        if state.commands.isEmpty { putBack(&state.before) }
      }
      let command = try spawn()
      state.commands.insert(command)
      return command
    }
  }

  /// To be called when a command has ended, and before it is reaped.
  static func end(_ command: pid_t) {
    state.withLock { state in
      state.commands.remove(command)
      if state.commands.isEmpty { putBack(&state.before) }
    }
  }

  // MARK: - What is ignored

  /// Whether nothing happens on a signal, as after `nohup`.
  package static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    // SIG_IGN is the number 1 in the place of a function.
    return withUnsafeBytes(of: action.__sigaction_handler) { $0.load(as: Int.self) } == 1
  }

  /// Whether SIGPIPE was ignored before we did so; nil when we did not.
  private static let closedPipesBefore = Mutex<Bool?>(nil)

  /// Makes a reader that goes away show as an error of write, not as a signal.
  package static func ignoreClosedPipes() {
    closedPipesBefore.withLock { $0 = $0 ?? isIgnored(SIGPIPE) }
    signal(SIGPIPE, SIG_IGN)
  }

  /// Whether a command is to ignore a closed pipe because whoever started us does.
  static var keepsIgnoringClosedPipes: Bool { closedPipesBefore.withLock { $0 ?? false } }

  // MARK: - Passing on

  /// A handler may do next to nothing: a thread does the rest.
  private static func startThread() throws {
    guard noticeEnd < 0 else { return }
    let notices = try PrivatePipe()
    // A handler never waits, for it may have interrupted whoever holds the lock.
    _ = fcntl(notices.writing, F_SETFL, O_NONBLOCK)
    noticeEnd = notices.writing
    Thread.detachNewThread {
      var number: UInt8 = 0
      while true {
        let count = read(notices.reading, &number, 1)
        if count == 1 {
          pass(Int32(number))
        } else if errno != EINTR {
          return
        }
      }
    }
  }

  private static func pass(_ signal: Int32) {
    state.withLock { state in
      for command in state.commands { kill(command, signal) }
    }
  }

  private static func takeOver() -> [(signal: Int32, action: sigaction)] {
    var action = sigaction()
    action.__sigaction_handler.sa_sigaction = { signal, info, _ in
      // From the keyboard it comes to the whole group; sent to us alone, a command lacks it.
      let isSent = (info?.pointee.si_code ?? 0) <= 0
      let isStarting = PassedSignals.isStarting.load(ordering: .sequentiallyConsistent)
      guard isSent || isStarting else { return }
      let errorBefore = errno
      var number = UInt8(truncatingIfNeeded: signal)
      _ = write(PassedSignals.noticeEnd, &number, 1)
      errno = errorBefore
    }
    action.sa_flags = SA_SIGINFO | SA_RESTART
    var before: [(signal: Int32, action: sigaction)] = []
    // What is ignored stays so. A command inherits that, and the default of what is handled.
    for signal in passed where !isIgnored(signal) {
      var old = sigaction()
      sigaction(signal, &action, &old)
      before.append((signal, old))
    }
    return before
  }

  private static func putBack(_ before: inout [(signal: Int32, action: sigaction)]) {
    for (signal, var action) in before { sigaction(signal, &action, nil) }
    before = []
  }
}
