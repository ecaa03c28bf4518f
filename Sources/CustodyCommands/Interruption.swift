import Custody
import CustodyStore
import Foundation

/// Ends the program on a signal: at any moment safe for the store, where a commit is whole or not
/// there; what is being made outside of it is removed.
package enum Interruption {
  nonisolated(unsafe) private static var ends: [Int32] = [0, 0]

  package static func install() {
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // A handler may do next to nothing: a thread does the rest.
    Thread.detachNewThread {
      var signal: UInt8 = 0
      while read(ends[0], &signal, 1) != 1 {}
      UnfinishedFiles.removeAll()
      _exit(128 + Int32(signal))
    }
    // What is ignored stays so: `nohup` and a shell's background rely on it.
    for number in [SIGINT, SIGTERM, SIGHUP] where !PassedSignals.isIgnored(number) {
      _ = Foundation.signal(number) { number in
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(Interruption.ends[1], &byte, 1)
      }
    }
  }
}
