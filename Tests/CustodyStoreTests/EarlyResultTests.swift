import CustodyStore
import Foundation
import Synchronization
import Testing

@Suite("A result that another thread works on")
struct EarlyResultTests {
  @Test("comes where every thread of the process waits for one")
  func manyWaiters() async {
    // More than the 255 threads that Dispatch starts.
    let sum = await withTaskGroup(of: Int.self) { group in
      for number in 0..<400 {
        group.addTask {
          await withCheckedContinuation { continuation in
            // A queue of its own has a thread of its own, as stores do.
            DispatchQueue(label: "waiter").async {
              Thread.sleep(forTimeInterval: 0.2)
              continuation.resume(returning: EarlyResult { number }.value())
            }
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(sum == 400 * 399 / 2)
  }

  @Test("is worked on once and is the same for all who ask, error or value")
  func once() throws {
    let count = Mutex(0)
    let value = EarlyResult { () throws -> Int in
      count.withLock {
        $0 += 1; return $0
      }
    }
    for _ in 0..<3 { #expect(try value.value() == 1) }
    let failure = EarlyResult { () throws -> Int in throw CustodyError(.locked, "no") }
    for _ in 0..<3 { #expect(throws: CustodyError.self) { try failure.value() } }
    #expect(count.withLock { $0 } == 1)
  }

  @Test("is at rest once it is abandoned")
  func abandoned() {
    let isAtRest = Mutex(false)
    let workedAfterwards = Mutex(0)
    for _ in 0..<200 {
      isAtRest.withLock { $0 = false }
      let work = EarlyResult { () -> Void in
        if isAtRest.withLock({ $0 }) { workedAfterwards.withLock { $0 += 1 } }
      }
      work.abandon()
      isAtRest.withLock { $0 = true }
      usleep(100)
    }
    #expect(workedAfterwards.withLock { $0 } == 0)
  }
}
