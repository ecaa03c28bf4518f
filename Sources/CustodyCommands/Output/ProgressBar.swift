import Foundation
import Synchronization

/// A line on a terminal's standard error that shows how far long work is; nothing elsewhere.
final class ProgressBar: Sendable {
  private struct State {
    var drawn = 0.0
    var isDrawn = false
  }

  private let label: String
  private let start = ProcessInfo.processInfo.systemUptime
  private let state = Mutex(State())

  init(_ label: String) { self.label = label }

  /// Draws at most ten times a second, and nothing during the first half second.
  func update(_ done: Int, _ total: Int) {
    guard Terminal.isErrorTerminal, total > 0 else { return }
    let now = ProcessInfo.processInfo.systemUptime
    state.withLock { state in
      guard now - start > 0.5, now - state.drawn > 0.1 else { return }
      state.drawn = now
      state.isDrawn = true
      let share = Double(done) / Double(total)
      let width = 30
      let filled = Int(share * Double(width))
      let (full, empty) = Terminal.isUTF8 ? ("\u{2588}", "\u{2591}") : ("#", ".")
      let bar =
        String(repeating: full, count: filled) + String(repeating: empty, count: width - filled)
      let rate = Int(Double(done) / max(0.001, now - start))
      let line = "\(label) \(bar) \(Int(share * 100))%  \(done) of \(total), \(rate)/s"
      FileHandle.standardError.write(Data("\r\u{1b}[K\(line)".utf8))
    }
  }

  /// Removes the line.
  func finish() {
    state.withLock { state in
      guard state.isDrawn else { return }
      state.isDrawn = false
      FileHandle.standardError.write(Data("\r\u{1b}[K".utf8))
    }
  }
}
