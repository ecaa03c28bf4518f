import CustodyStore
import Foundation

/// A pipe of ours: a command has of it only what it gets as a stream.
final class PrivatePipe: @unchecked Sendable {
  let reading: Int32
  /// -1 once it is closed. Only who made the pipe closes it, before another thread has it.
  private(set) var writing: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else {
      throw CustodyError(SystemCallError("pipe"), path: "a pipe")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reading, writing) = (ends[0], ends[1])
  }

  deinit {
    close(reading)
    closeWriting()
  }

  func closeWriting() {
    if writing >= 0 { close(writing) }
    writing = -1
  }
}
