@_spi(_Unicode) import Swift

/// A stream, an event type or an actor: 1 to 512 bytes of UTF-8, no control character, NFC.
public struct Name: Hashable, Sendable, CustomStringConvertible {
  /// The longest name, in bytes of UTF-8.
  public static let byteCountMax = 512

  /// The name's characters. Compare names rather than texts: equal strings may differ in bytes.
  public let text: String

  /// Takes a text that can be a name; it is kept as it is and never normalized.
  ///
  /// - Throws: ``NameError``, which says what to change.
  public init(_ text: String) throws(NameError) {
    try self.init(stored: text)
    // The stdlib's normalizer rather than Foundation's: the pure targets do without Foundation.
    guard text.utf8.allSatisfy({ $0 < 0x80 }) || text._nfc.elementsEqual(text.unicodeScalars) else {
      throw .notNormalized
    }
  }

  /// A name as it stands in a ledger: verifiers "compare bytes and never normalize".
  package init(stored text: String) throws(NameError) {
    var text = text
    text.makeContiguousUTF8()
    let fault = text.utf8.withContiguousStorageIfAvailable {
      Name.fault(UnsafeRawBufferPointer($0))
    }
    if let fault = fault ?? nil { throw fault }
    self.text = text
  }

  /// The text.
  public var description: String { text }

  /// Whether both have the same bytes. Swift's own comparison of strings takes canonically
  /// equivalent ones as equal.
  public static func == (left: Name, right: Name) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  /// What verifiers check of a string; writers also refuse what is not NFC.
  static func fault(_ bytes: UnsafeRawBufferPointer) -> NameError? {
    if bytes.isEmpty { return .empty }
    if bytes.count > byteCountMax { return .tooLong(byteCount: bytes.count) }
    var previous: UInt8 = 0
    var isASCII = true
    for byte in bytes {
      // Category Cc: U+0000 to U+001F, U+007F, and U+0080 to U+009F (in UTF-8: C2 80 to C2 9F).
      if byte < 0x20 || byte == 0x7f || (previous == 0xc2 && byte < 0xa0) {
        return .controlCharacter
      }
      if byte >= 0x80 { isASCII = false }
      previous = byte
    }
    if !isASCII, String(validating: bytes, as: UTF8.self) == nil { return .notUTF8 }
    return nil
  }
}

/// Why a text cannot be a name.
public enum NameError: Error, Equatable {
  /// It has no byte; give at least one.
  case empty
  /// It has this many bytes of UTF-8; shorten it to ``Name/byteCountMax``.
  case tooLong(byteCount: Int)
  /// It has a character of category Cc, a tab or line end for example; leave it out.
  case controlCharacter
  /// Bytes read from a ledger are not UTF-8. Never thrown for a Swift string.
  case notUTF8
  /// It is not in normalization form C; normalize it, so that one name has one spelling.
  case notNormalized
}
