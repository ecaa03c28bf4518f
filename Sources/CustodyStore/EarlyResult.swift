import Foundation
import Synchronization

/// The result of work that another thread does meanwhile, or whoever asks for it where none has
/// begun.
///
/// Waiting for a thread to begin could wait for ever: a process has 255 of them at most, and all may
/// wait.
package final class EarlyResult<Value: Sendable, Failure: Error>: Sendable {
  package typealias Work = @Sendable () throws(Failure) -> Value

  private enum State: Sendable {
    case notBegun(Work)
    case begun
    case done(Result<Value, Failure>)
    case abandoned
  }

  private let state: Mutex<State>
  private let isDone = DispatchSemaphore(value: 0)

  package init(_ work: @escaping Work) {
    state = Mutex(.notBegun(work))
    DispatchQueue.global(qos: .userInitiated).async { [self] in workUnlessBegun() }
  }

  private func workUnlessBegun() {
    let work = state.withLock { state -> Work? in
      guard case .notBegun(let work) = state else { return nil }
      state = .begun
      return work
    }
    guard let work else { return }
    let result = Result { () throws(Failure) in try work() }
    state.withLock { $0 = .done(result) }
    isDone.signal()
  }

  /// The same however often it is asked for.
  package func value() throws(Failure) -> Value {
    workUnlessBegun()
    wait()
    guard case .done(let result) = state.withLock({ $0 }) else {
      preconditionFailure("Asked for after it was abandoned.")
    }
    return try result.get()
  }

  private func wait() {
    isDone.wait()
    // For whoever waits next.
    isDone.signal()
  }

  /// Returns when nobody works on it and nobody will; then nobody may ask for it.
  package func abandon() {
    let isUnderWay = state.withLock { state in
      switch state {
      case .notBegun:
        state = .abandoned
        return false
      case .begun: return true
      case .done, .abandoned: return false
      }
    }
    if isUnderWay { wait() }
  }
}
