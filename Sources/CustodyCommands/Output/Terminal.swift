import Foundation

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
  static var width: Int? {
    guard isOutputTerminal else { return nil }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
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

  /// Writes bytes to standard output. A reader that has gone away ends the program quietly.
  static func write(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        exit(errno == EPIPE ? 0 : ExitStatus.surroundings)
      }
      rest = rest.dropFirst(count)
    }
  }

  static func print(_ line: String) { write(Array("\(line)\n".utf8)) }

  /// A line on standard error.
  static func note(_ line: String) {
    FileHandle.standardError.write(Data("\(line)\n".utf8))
  }
}
