import Custody
import Foundation

/// A person as the command line names her: `ID`, `KEYID`, `@FILE` or `-`.
///
/// Argument lists can be read by every process of a machine; the last three keep an identifier
/// out of them.
enum SubjectArgument {
  static let help = """
    A person: an identifier, a key id, @FILE or - for standard input. identifier:TEXT is an \
    identifier whatever it looks like.
    """

  static func parse(_ argument: String) throws -> Subject {
    var text = argument
    if argument == "-" {
      guard let line = readLine(strippingNewline: true) else {
        throw CustodyError(.usage, "Standard input holds no subject.")
      }
      text = line
    } else if argument.hasPrefix("@") {
      text = try lines(of: argument).first ?? ""
    }
    guard !text.isEmpty else { throw CustodyError(.usage, "The subject is empty.") }
    return of(try checked(text))
  }

  /// People who are known already: arguments as they are, `@FILE` and `-` one a line.
  static func subjects(_ arguments: [String]) throws -> [Subject] {
    try arguments.flatMap { argument -> [Subject] in
      guard argument == "-" || argument.hasPrefix("@") else { return [try parse(argument)] }
      let lines = try lines(of: argument)
      guard !lines.isEmpty else {
        throw CustodyError(.invalidInput, "The list of subjects is empty.")
      }
      return lines.map(of)
    }
  }

  /// Identifiers to register: arguments as they are, `@FILE` and `-` one a line.
  static func identifiers(_ arguments: [String]) throws -> [String] {
    try arguments.flatMap { argument -> [String] in
      guard argument == "-" || argument.hasPrefix("@") else {
        return [withoutPrefix(try checked(argument))]
      }
      let lines = try lines(of: argument)
      guard !lines.isEmpty else {
        throw CustodyError(.invalidInput, "The list of identifiers is empty.")
      }
      return lines.map(withoutPrefix)
    }
  }

  /// The lines of `@FILE`, or of standard input for `-`.
  private static func lines(of argument: String) throws -> [String] {
    let bytes = try InputFile.read(argument == "-" ? "-" : String(argument.dropFirst()))
    // Some editors put a byte-order mark before the first.
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    guard
      let text = String(
        validating: bytes.starts(with: mark) ? bytes[3...] : bytes[...], as: UTF8.self)
    else {
      throw CustodyError(.invalidInput, "The list of identifiers is not UTF-8.")
    }
    return try text.split(whereSeparator: \.isNewline).map { try checked(String($0)) }
  }

  /// Two people must not become one, nor one become two because of what nobody sees.
  private static func checked(_ text: String) throws -> String {
    // What stands for bytes of an argument that are not UTF-8: any of them.
    guard !text.contains("\u{fffd}") else {
      throw CustodyError(
        .invalidInput, "An identifier is not UTF-8: it could not be told from another. Write it so."
      )
    }
    guard text.first?.isWhitespace != true, text.last?.isWhitespace != true else {
      throw CustodyError(
        .invalidInput, "An identifier begins or ends with a space. Write it without.")
    }
    return text
  }

  /// 32 hexadecimal digits are a key id, everything else is an identifier; `identifier:` before it
  /// makes it one whatever its shape.
  static func of(_ text: String) -> Subject {
    if text.utf8.count == 32, let id = KeyID(hex: text) { return .key(id) }
    return .identifier(withoutPrefix(text))
  }

  private static func withoutPrefix(_ text: String) -> String {
    text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
  }

  private static let prefix = "identifier:"
}
