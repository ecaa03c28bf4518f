/// Addresses of producers, schemas and sources: checked loosely, and masked.
enum LineageURI {
  static let rule = "a URI is expected"

  /// RFC 3986 §3.1: a scheme and a colon; then anything without white space or control characters,
  /// because producers write much that the RFC would not take.
  static func isURI(_ text: ArraySlice<UInt8>) -> Bool {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), let first = text.first,
      ASCII.isLetter(first)
    else { return false }
    return text[..<colon].allSatisfy { ASCII.isWord($0) || "+-.".utf8.contains($0) }
      && text[colon...].allSatisfy { $0 > 0x20 && $0 != 0x7f }
  }

  /// A URI without user, password and query; nil when what it holds is unclear.
  static func masked(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard isURI(text), let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let isJDBC = isJDBC(text)
    let end = text.firstIndex { endsPath($0, isJDBC: isJDBC) } ?? text.endIndex
    let scheme = text[...colon]
    let plain = text[text.index(after: colon)..<end]
    let rest = withoutUser(plain)
    return (rest.count == plain.count ? text[..<end] : scheme + rest) + pointer(text[end...])
  }

  /// Whether two slashes are in it, behind which a user may stand.
  static func hasAuthority(_ text: ArraySlice<UInt8>) -> Bool {
    zip(text, text.dropFirst()).contains { $0 == UInt8(ascii: "/") && $1 == UInt8(ascii: "/") }
  }

  /// A switch, because every facet has two URIs.
  private static func endsPath(_ byte: UInt8, isJDBC: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "?"), UInt8(ascii: ";"), UInt8(ascii: "#"): true
    case UInt8(ascii: "("), UInt8(ascii: "&"), UInt8(ascii: "="): isJDBC
    default: false
    }
  }

  /// Behind `jdbc:` each database has a form of its own, with `;user=`, `:user=` or `(user=`.
  private static func isJDBC(_ text: ArraySlice<UInt8>) -> Bool {
    text.prefix(5).elementsEqual("jdbc:".utf8) { $0 | 0x20 == $1 | 0x20 }
  }

  /// What stands before an `@` may be a user and a password, and a password may have a slash in it.
  /// Only behind a plain host, as in `https://example.com/@name`, it is a path without doubt.
  private static func withoutUser(_ rest: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let last = rest.lastIndex(of: UInt8(ascii: "@")) else { return rest }
    let slashes = rest.prefix { $0 == UInt8(ascii: "/") }.count
    let authority = rest.dropFirst(slashes).prefix { $0 != UInt8(ascii: "/") }
    let isHost =
      slashes == 2 && !authority.isEmpty && !authority.contains { $0 == 0x40 || $0 == 0x3a }
    if isHost { return rest }
    return rest.prefix(slashes) + rest[rest.index(after: last)...]
  }

  /// A fragment that is a JSON pointer, as those of schemas are; empty for any other.
  private static func pointer(_ tail: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let hash = tail.firstIndex(of: UInt8(ascii: "#")) else { return [] }
    let fragment = tail[hash...]
    let isPointer =
      fragment.dropFirst().first == UInt8(ascii: "/")
      && fragment.dropFirst().allSatisfy { ASCII.isWord($0) || "/$-.".utf8.contains($0) }
    return isPointer ? fragment : []
  }
}
