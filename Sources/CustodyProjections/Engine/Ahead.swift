import CustodyStore
import Synchronization

/// Makes the next value on another thread while the last one is being used.
///
/// For one user at a time; so is `make`, which is called for one value after another.
final class Ahead<Value: Sendable>: Sendable {
  private let make: @Sendable () throws -> Value?
  private let pending = Mutex<EarlyResult<Value?, any Error>?>(nil)

  /// - Parameter make: the next value, or nil after the last one.
  init(_ make: @escaping @Sendable () throws -> Value?) { self.make = make }

  // What `make` reads may be closed once this is gone.
  deinit { pending.withLock { $0?.abandon() } }

  /// The next value, or nil after the last one.
  func next() throws -> Value? {
    let made = pending.withLock { pending in
      defer { pending = nil }
      return pending
    }
    let value = try made?.value() ?? make()
    if value != nil {
      let next = EarlyResult(make)
      pending.withLock { $0 = next }
    }
    return value
  }
}
