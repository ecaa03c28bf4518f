import Foundation
import Synchronization

/// Work that is the same for many things, on all cores.
package enum Parallel {
  /// Asking the system reads several files: once is enough.
  package static let coreCount = ProcessInfo.processInfo.activeProcessorCount

  /// The results of `body` over ranges that make up `0..<count`, joined in order.
  package static func map<Element: Sendable, Failure: Error>(
    _ count: Int, _ body: @Sendable (Range<Int>) throws(Failure) -> [Element]
  ) throws(Failure) -> [Element] {
    let parts = try parts(count, body)
    var joined: [Element] = []
    joined.reserveCapacity(count)
    for part in parts { joined.append(contentsOf: part) }
    return joined
  }

  /// The results of `body` over ranges that make up `0..<count`, in order: joining many costs as much
  /// as making some of them.
  package static func parts<Element: Sendable, Failure: Error>(
    _ count: Int, _ body: @Sendable (Range<Int>) throws(Failure) -> [Element]
  ) throws(Failure) -> [[Element]] {
    let size = (count + coreCount - 1) / coreCount
    let results = Mutex<[Int: Result<[Element], Failure>]>([:])
    DispatchQueue.concurrentPerform(iterations: coreCount) { part in
      let range = min(part * size, count)..<min((part + 1) * size, count)
      let result = Result { () throws(Failure) in try body(range) }
      results.withLock { $0[part] = result }
    }
    let made = results.withLock { $0 }
    var parts: [[Element]] = []
    for part in 0..<coreCount { parts.append(try made[part]!.get()) }
    return parts
  }
}
