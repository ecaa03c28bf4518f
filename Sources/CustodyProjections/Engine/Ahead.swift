import Foundation
import Synchronization

/// Makes the next value on another thread while the last one is being used.
///
/// For one user at a time; so is `make`, which is called for one value after another.
final class Ahead<Value: Sendable>: Sendable {
  private struct Pending: Sendable {
    let isMade = DispatchSemaphore(value: 0)
    let box = Box()
  }

  private final class Box: Sendable {
    let result = Mutex<Result<Value?, any Error>?>(nil)
  }

  private let make: @Sendable () throws -> Value?
  private let pending = Mutex<Pending?>(nil)

  /// - Parameter make: the next value, or nil after the last one.
  init(_ make: @escaping @Sendable () throws -> Value?) { self.make = make }

  // What `make` reads may be closed once this is gone.
  deinit { pending.withLock { $0?.isMade.wait() } }

  /// The next value, or nil after the last one.
  func next() throws -> Value? {
    let made = pending.withLock { $0 } ?? start()
    made.isMade.wait()
    pending.withLock { $0 = nil }
    let value = try made.box.result.withLock { $0 }!.get()
    if value != nil {
      let next = start()
      pending.withLock { $0 = next }
    }
    return value
  }

  private func start() -> Pending {
    let pending = Pending()
    DispatchQueue.global(qos: .userInitiated).async { [make] in
      let result = Result { try make() }
      pending.box.result.withLock { $0 = result }
      pending.isMade.signal()
    }
    return pending
  }
}
