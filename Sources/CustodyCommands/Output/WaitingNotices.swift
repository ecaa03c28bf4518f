import Synchronization

/// Says whom an erasure waits for, once for each set of processes.
final class WaitingNotices: Sendable {
  private let last = Mutex<[String]?>(nil)

  func add(_ processes: [String]) {
    let isNew = last.withLock { last in
      defer { last = processes }
      return last != processes
    }
    guard isNew else { return }
    let who = processes.isEmpty ? "a program" : "process \(processes.joined(separator: ", "))"
    Terminal.note(
      "custody: waiting for \(who), which still reads an older state of the store ...")
  }
}
