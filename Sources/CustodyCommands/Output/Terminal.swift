import Foundation
import Synchronization

/// What standard output and standard error are connected to, and how to write to them.
enum Terminal {
  static let isOutputTerminal = isatty(STDOUT_FILENO) == 1
  static let isErrorTerminal = isatty(STDERR_FILENO) == 1

  /// https://no-color.org: "when present and not an empty string (regardless of its value)".
  private static let isColorWanted =
    ProcessInfo.processInfo.environment["NO_COLOR"].map(\.isEmpty) ?? true

  /// Whether the locale prints more than ASCII.
  static let isUTF8: Bool = {
    let environment = ProcessInfo.processInfo.environment
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy
      .compactMap { environment[$0] }.first { !$0.isEmpty }
    return locale?.lowercased().replacingOccurrences(of: "-", with: "").contains("utf8") ?? false
  }()

  /// Columns of the terminal, or nil when output goes elsewhere.
  static var width: Int? { isOutputTerminal ? columns(STDOUT_FILENO) : nil }

  /// The same of standard error.
  static var errorWidth: Int? { isErrorTerminal ? columns(STDERR_FILENO) : nil }

  private static func columns(_ file: Int32) -> Int {
    var size = winsize()
    guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  /// `text` in a style where standard output shows it.
  static func styled(_ text: String, _ style: Style) -> String {
    isOutputTerminal && isColorWanted ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
  }

  static func styledError(_ text: String, _ style: Style) -> String {
    isErrorTerminal && isColorWanted ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
  }

  private static let statusUnread = Mutex(ExitStatus.done)

  /// Says what the command is going to answer, before it prints why: whoever reads only the first
  /// lines gets the same status.
  static func willAnswer(_ isYes: Bool) {
    statusUnread.withLock { $0 = isYes ? ExitStatus.done : ExitStatus.refused }
  }

  /// Writes bytes to standard output. A reader that has gone away ends the program quietly.
  static func write(_ bytes: [UInt8]) {
    let error = put(bytes, STDOUT_FILENO)
    if error == EPIPE { exit(statusUnread.withLock { $0 }) }
    guard error == 0 else {
      noteUnwritable(error)
      exit(ExitStatus.surroundings)
    }
  }

  /// Writes bytes to standard output, for work that goes on without a reader.
  ///
  /// - Returns: false when nobody reads any more.
  static func writeIfRead(_ bytes: [UInt8]) -> Bool {
    let error = put(bytes, STDOUT_FILENO)
    if error != 0, error != EPIPE { noteUnwritable(error) }
    return error == 0
  }

  private static func noteUnwritable(_ error: Int32) {
    note("custody: standard output cannot be written: \(String(cString: strerror(error))).")
  }

  static func print(_ line: String) { write(Array("\(line)\n".utf8)) }

  /// A sentence on standard output; at a terminal, in lines that end between words.
  static func printWrapped(_ text: String, indent: Int = 0) {
    let margin = String(repeating: " ", count: indent)
    let lines = width.map { text.wrapped(to: max(20, $0 - indent)) } ?? [text]
    for line in lines { print(margin + line) }
  }

  /// A title and its lines after an empty one; nothing without lines.
  static func printSection(_ title: String, _ lines: [String]) {
    guard !lines.isEmpty else { return }
    print("")
    print(styled(title, .dim))
    for line in lines { printWrapped(visible(line), indent: 2) }
  }

  /// A line on standard error; at a terminal, lines that end between words.
  static func note(_ line: String) {
    let lines = errorWidth.map { width in
      line.split(separator: "\n", omittingEmptySubsequences: false)
        .flatMap { $0.wrapped(to: width) }.joined(separator: "\n")
    }
    prompt("\(lines ?? line)\n")
  }

  /// What follows when older key backups open nothing any more, or not what they should.
  static func noteKeyBackupIsDue() {
    note("A new key backup is due: custody key backup --recipient age1... --expires DATE --to FILE")
  }

  /// Text on standard error without a line end. One that nobody reads changes no answer.
  static func prompt(_ text: String) { _ = put(Array(text.utf8), STDERR_FILENO) }

  /// Writes all of `bytes`; returns the errno of a failure, else 0.
  private static func put(_ bytes: [UInt8], _ file: Int32) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return errno
      }
      rest = rest.dropFirst(count)
    }
    return 0
  }

  /// Between what was and what is.
  static var arrow: String { isUTF8 ? "\u{2192}" : "->" }

  /// For what is left out.
  static var ellipsis: String { isUTF8 ? "\u{2026}" : "..." }

  /// Says on standard error what went wrong.
  static func complain(_ text: String) {
    note("\(styledError("custody:", .red)) \(visible(text))")
  }

  /// `text` without what would move the cursor, change colors or turn the direction of reading:
  /// contents and names come from elsewhere.
  ///
  /// - Parameter keepingTabs: for text whose columns nobody counts.
  static func visible(_ text: String, keepingTabs: Bool = false) -> String {
    func speaks(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.value {
      case 0x09: !keepingTabs
      case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069: true
      default: false
      }
    }
    guard text.unicodeScalars.contains(where: speaks) else { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
      shown.unicodeScalars.append(speaks(scalar) ? isUTF8 ? "\u{fffd}" : "?" : scalar)
    }
    return shown
  }
}
