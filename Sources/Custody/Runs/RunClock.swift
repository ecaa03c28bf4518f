import CustodyModel
import CustodyStore
import Foundation

/// When a run of Custody's own began, and what it has taken since.
struct RunClock {
  let id: EventID
  private let start: Timestamp
  private let before: rusage

  init(_ store: Store) {
    start = store.folder.environment.now()
    id = store.folder.environment.eventID(at: start)
    before = Self.spent()
  }

  func usage(_ store: Store) -> ResourceUsage {
    let (now, end) = (Self.spent(), store.folder.environment.now())
    return ResourceUsage(
      duration: Int(max(0, end.microseconds - start.microseconds) / 1000),
      userTime: Self.milliseconds(now.ru_utime) - Self.milliseconds(before.ru_utime),
      systemTime: Self.milliseconds(now.ru_stime) - Self.milliseconds(before.ru_stime),
      peakMemory: now.ru_maxrss * 1024)
  }

  private static func spent() -> rusage {
    var usage = rusage()
    getrusage(Int32(truncatingIfNeeded: RUSAGE_SELF.rawValue), &usage)
    return usage
  }

  private static func milliseconds(_ time: timeval) -> Int {
    Int(time.tv_sec) * 1000 + Int(time.tv_usec) / 1000
  }
}
