import Foundation
import Synchronization

/// A line on a terminal's standard error that shows how far long work is; nothing elsewhere.
final class ProgressBar: Sendable {
  private struct State {
    var drawn = 0.0
    var isDrawn = false
  }

  /// What is counted.
  enum Unit { case bytes, events, contents }

  private let label: String
  private let unit: Unit
  private let start = ProcessInfo.processInfo.systemUptime
  private let state = Mutex(State())

  init(_ label: String, in unit: Unit) {
    self.label = label
    self.unit = unit
  }

  /// Draws at most ten times a second, and nothing during the first half second.
  func update(_ done: Int, _ total: Int) {
    guard Terminal.isErrorTerminal, total > 0 else { return }
    let now = ProcessInfo.processInfo.systemUptime
    state.withLock { state in
      guard now - start > 0.5, now - state.drawn > 0.1 else { return }
      state.drawn = now
      state.isDrawn = true
      // A file may grow while it is read.
      let share = min(1, Double(done) / Double(total))
      let rate = Int(Double(done) / max(0.001, now - start))
      let figures =
        switch unit {
        case .bytes: "\(done.asBytes) of \(total.asBytes), \(rate.asBytes)/s"
        case .events: "\(done) of \(total.counted("event")), \(rate)/s"
        case .contents: "\(done) of \(total.counted("content")), \(rate)/s"
        }
      let text = "\(Int(share * 100))%  \(figures)"
      let columns = Terminal.errorWidth ?? 80
      let width = max(0, min(30, columns - label.count - text.count - 3))
      let filled = Int(share * Double(width))
      let (full, empty) = Terminal.isUTF8 ? ("\u{2588}", "\u{2591}") : ("#", ".")
      let bar =
        String(repeating: full, count: filled) + String(repeating: empty, count: width - filled)
      Terminal.prompt("\r\u{1b}[K\("\(label) \(bar) \(text)".prefix(columns - 1))")
    }
  }

  /// Removes the line.
  func finish() {
    state.withLock { state in
      guard state.isDrawn else { return }
      state.isDrawn = false
      Terminal.prompt("\r\u{1b}[K")
    }
  }
}
