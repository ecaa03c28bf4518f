import CustodyLedger
import Foundation

/// Where time and chance come from: the system, or what a test says.
package struct Environment: Sendable {
  package var now: @Sendable () -> Timestamp
  /// Random bytes fit for keys.
  package var random: @Sendable (Int) -> [UInt8]

  package init(
    now: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable (Int) -> [UInt8]
  ) {
    self.now = now
    self.random = random
  }

  /// The system clock and the kernel's random source.
  package static let system = Environment(
    now: {
      var time = timespec()
      clock_gettime(CLOCK_REALTIME, &time)
      return Timestamp(
        microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    },
    random: { count in
      [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        // getentropy(3): "The maximum permitted value for the length argument is 256."
        for start in stride(from: 0, to: count, by: 256) {
          let result = getentropy(buffer.baseAddress! + start, min(256, count - start))
          precondition(result == 0, "the kernel has no random source")
        }
        initialized = count
      }
    })

  package func secret(_ count: Int = 32) -> SecretBytes {
    var bytes = random(count)
    return SecretBytes(wiping: &bytes)
  }

  package func value<T: FixedBytes>(_ type: T.Type) -> T { T(random(T.byteCount))! }
}
