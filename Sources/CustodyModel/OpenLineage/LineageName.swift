import CustodyLedger

/// What a job or a dataset is called: the naming rules of OpenLineage make it the identity.
///
/// Two names are the same when their bytes are; Swift's own comparison of texts would take "é" in
/// one scalar and in two for the same, and other programs do not.
package struct LineageName: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// In bytes, of the namespace and of the name each: a dataset's name may be a path, and Linux
  /// takes paths up to this (PATH_MAX).
  package static let sizeMax = 4096

  package let namespace: String
  package let name: String

  package init(namespace: String, name: String) {
    self.namespace = namespace
    self.name = name
  }

  package var description: String { "\(namespace) \(name)" }

  /// As people and the command line write it.
  package var whole: String { "\(namespace)/\(name)" }

  package static func == (left: LineageName, right: LineageName) -> Bool {
    left.namespace.utf8.elementsEqual(right.namespace.utf8)
      && left.name.utf8.elementsEqual(right.name.utf8)
  }

  package static func < (left: LineageName, right: LineageName) -> Bool {
    left.namespace.utf8.elementsEqual(right.namespace.utf8)
      ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
      : left.namespace.utf8.lexicographicallyPrecedes(right.namespace.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    for byte in namespace.utf8 { hasher.combine(byte) }
    hasher.combine(UInt8(0))
    for byte in name.utf8 { hasher.combine(byte) }
  }

  /// The namespace and name of an object whose schema has both.
  init?(_ value: JSONValue) {
    guard let namespace = value["namespace"]?.string, let name = value["name"]?.string else {
      return nil
    }
    let plain = Self.withoutUser(Array(namespace.utf8)[...])
    self.init(namespace: String(decoding: plain, as: UTF8.self), name: name)
  }

  /// Why a text can be neither namespace nor name; nil when it can.
  static func fault(_ text: ArraySlice<UInt8>) -> String? {
    if text.isEmpty { return "is empty" }
    if text.count > sizeMax { return "has more than \(sizeMax) bytes" }
    return hasControl(text) ? "has a control character" : nil
  }

  /// Whether a character of Unicode's category Cc is in it: U+0000 to U+001F, U+007F to U+009F.
  private static func hasControl(_ text: ArraySlice<UInt8>) -> Bool {
    text.withUnsafeBufferPointer { text in
      for (index, byte) in text.enumerated() {
        if byte < 0x20 || byte == 0x7f { return true }
        // U+0080 to U+009F are C2 80 to C2 9F; C2 never follows within a character.
        if byte == 0xc2, index + 1 < text.count, text[index + 1] < 0xa0 { return true }
      }
      return false
    }
  }

  /// A namespace without the user and the password that a URL may have: they are no part of what a
  /// dataset is called, and names are kept for ever.
  static func withoutUser(_ namespace: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard hasUserInfo(namespace) else { return namespace }
    if let plain = LineageURI.masked(namespace) { return plain }
    let slashes = zip(namespace.indices, namespace.indices.dropFirst()).first {
      namespace[$0] == UInt8(ascii: "/") && namespace[$1] == UInt8(ascii: "/")
    }
    guard let start = slashes?.1, let at = namespace.lastIndex(of: UInt8(ascii: "@")) else {
      return namespace
    }
    return namespace[...start] + namespace[namespace.index(after: at)...]
  }

  /// Whether a namespace looks like a URL that has a user or a password in it.
  static func hasUserInfo(_ namespace: ArraySlice<UInt8>) -> Bool {
    guard let at = namespace.firstIndex(of: UInt8(ascii: "@")) else { return false }
    return LineageURI.hasAuthority(namespace[..<at])
  }
}

/// The id of a run: a UUID of any version.
package struct LineageRunID: Identifier {
  /// 16, those of a UUID.
  package static let byteCount = 16
  private var a: UInt64 = 0
  private var b: UInt64 = 0
  package init() {}
  package var description: String { uuid }

  static let rule = "a UUID is expected"

  /// Five groups of hexadecimal digits of either case, with their hyphens (RFC 9562 §4).
  static func isUUID(_ text: ArraySlice<UInt8>) -> Bool {
    guard text.count == 36 else { return false }
    return text.withUnsafeBufferPointer { text in
      for (index, byte) in text.enumerated() {
        switch index {
        case 8, 13, 18, 23: if byte != UInt8(ascii: "-") { return false }
        default:
          let isHex = ASCII.isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
          if !isHex { return false }
        }
      }
      return true
    }
  }

  init?(_ value: JSONValue?) {
    guard let value, let text = value.string, Self.isUUID(value.document.text(value.node)) else {
      return nil
    }
    self.init(uuid: text)
  }
}
