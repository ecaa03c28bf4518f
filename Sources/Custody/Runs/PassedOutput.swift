import Foundation
import Synchronization

/// One of a command's outputs on its way to ours; its last lines are kept.
///
/// What the command itself wrote is passed on however slow our output is. What its children write
/// after its end is passed on for as long as we are there, but nobody waits for it.
final class PassedOutput: @unchecked Sendable {
  /// What is kept of its end.
  private static let tailSize = 4096

  private let source: PrivatePipe
  /// A byte in it tells the reading thread that the command has ended; polling finds it.
  private let notice: PrivatePipe
  private let kept = Mutex<[UInt8]>([])
  /// What the command itself wrote has been passed on.
  private let isDrained = DispatchSemaphore(value: 0)
  private let isAtEnd = DispatchSemaphore(value: 0)

  // Only the reading thread uses them once it has begun.
  private var target: Int32?
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  /// - Parameter target: where it goes to; nil keeps it only.
  init(to target: Int32?) throws {
    source = try PrivatePipe()
    notice = try PrivatePipe()
    self.target = target
  }

  /// What the command writes to.
  var writeEnd: Int32 { source.writing }

  func closeWriteEnd() { source.closeWriting() }

  // MARK: - The thread that runs the command

  func startReading() {
    Thread.detachNewThread { [self] in
      if passUntilNotice() { passPresent() }
      isDrained.signal()
      while pass() > 0 {}
      isAtEnd.signal()
    }
  }

  func commandHasEnded() {
    var byte: UInt8 = 1
    _ = Foundation.write(notice.writing, &byte, 1)
  }

  /// The last lines, once the command's output was passed on, and that of its children up to their
  /// end or the deadline.
  func tail(waitingUntil deadline: DispatchTime) -> String {
    isDrained.wait()
    _ = isAtEnd.wait(timeout: deadline)
    let bytes = kept.withLock { $0.suffix(Self.tailSize) }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: - The thread that reads

  /// Passes on what comes while the command runs.
  ///
  /// - Returns: false when nothing more can come.
  private func passUntilNotice() -> Bool {
    var files = [notice.reading, source.reading].map { file in
      pollfd(fd: file, events: Int16(POLLIN), revents: 0)
    }
    while true {
      // It returns early for a signal, too.
      guard poll(&files, 2, -1) > 0 else { continue }
      if files[0].revents != 0 { return true }
      if pass() == 0 { return false }
    }
  }

  /// Passes on what is in the pipe, and no more: a child may write for ever.
  private func passPresent() {
    var left: Int32 = 0
    guard ioctl(source.reading, UInt(FIONREAD), &left) == 0 else { return }
    while left > 0 {
      let count = pass(atMost: Int(left))
      guard count > 0 else { return }
      left -= Int32(count)
    }
  }

  /// Waits for something to read and passes it on.
  ///
  /// - Returns: how many bytes; 0 at the end.
  private func pass(atMost limit: Int = 1 << 16) -> Int {
    let size = min(limit, buffer.count)
    var count = 0
    repeat { count = read(source.reading, &buffer, size) } while count < 0 && errno == EINTR
    guard count > 0 else { return 0 }
    let bytes = buffer[..<count]
    kept.withLock { kept in
      kept += bytes
      if kept.count > 2 * Self.tailSize { kept.removeFirst(kept.count - Self.tailSize) }
    }
    // Whoever read our output has gone: the command goes on, for its files count.
    if let open = target, !Self.write(bytes, open) { target = nil }
    return count
  }

  private static func write(_ bytes: ArraySlice<UInt8>, _ file: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(file, bytes.baseAddress! + done, bytes.count - done)
        if count > 0 {
          done += count
        } else if count < 0, errno == EAGAIN {
          // Our output is shared with a program that does not want to wait; we do.
          var output = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
          _ = poll(&output, 1, -1)
        } else if count == 0 || errno != EINTR {
          return false
        }
      }
      return true
    }
  }
}
