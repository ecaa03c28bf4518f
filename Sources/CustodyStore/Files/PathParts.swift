/// The parts of a path. Foundation's `NSString` ends the program when it is asked for the folder of a
/// relative path of one character (Swift 6.3.1, Linux).
package enum PathParts {
  /// The last part, without slashes; `/` of the root.
  package static func name(of path: String) -> String {
    let whole = withoutSlashesAtEnd(path)
    guard whole != "/", let slash = whole.utf8.lastIndex(of: UInt8(ascii: "/")) else {
      return whole
    }
    return String(whole[whole.utf8.index(after: slash)...])
  }

  /// The path without its last part; empty when there is nothing before it, `/` below the root.
  package static func folder(of path: String) -> String {
    let whole = withoutSlashesAtEnd(path)
    guard let slash = whole.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
    return withoutSlashesAtEnd(String(whole[...slash]))
  }

  /// What follows the last dot of the name, in small letters; empty without one.
  package static func fileExtension(of path: String) -> String {
    let name = name(of: path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  private static func withoutSlashesAtEnd(_ path: String) -> String {
    var rest = path[...]
    while rest.utf8.count > 1, rest.utf8.last == UInt8(ascii: "/") { rest = rest.dropLast() }
    return String(rest)
  }
}
