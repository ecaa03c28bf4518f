/// The textual header of an age file: who can open it, and a MAC that proves it whole.
///
/// What is parsed is sound in its form only. Trust it after `verify(fileKey:)`.
package struct AgeHeader: Sendable {
  /// No header may be larger: room for two thousand stanzas, and a bound to the work that a hostile
  /// file can cause. The format itself has no limit.
  package static let byteCountMax = 256 * 1024

  /// Bytes of the MAC.
  package static let macByteCount = 32

  /// age.md: "v1-line = %s"age-encryption.org/v1" LF".
  private static let formatName = Array("age-encryption.org/".utf8)
  private static let version = Array("v1".utf8)

  /// age.md, "Header MAC": "The final header line starts with ---".
  private static let endMark = Array("---".utf8)

  /// Stanzas in their order; never none.
  package let stanzas: [AgeStanza]

  /// Where the payload begins in the file.
  package let byteCount: Int

  /// age.md: "The MAC is computed with HMAC-SHA-256 [...] over the whole header up to and including
  /// the --- mark (excluding the space following it)."
  private let covered: [UInt8]
  private let mac: [UInt8]

  /// Reads the header at the beginning of a file.
  ///
  /// Throws `AgeError.notAge`, `unsupportedVersion`, `malformedHeader` or `truncated`. The cost
  /// grows with the header, whatever the payload.
  package init(parsing file: [UInt8]) throws(AgeError) {
    guard file.starts(with: Self.formatName) else { throw .notAge }
    var lines = AgeLines(file)
    guard try lines.next().elementsEqual(Self.formatName + Self.version) else {
      throw .unsupportedVersion
    }

    var stanzas: [AgeStanza] = []
    var start = lines.offset
    var line = try lines.next()
    while !line.starts(with: Self.endMark) {
      stanzas.append(try AgeStanza(opening: line, followedBy: &lines))
      start = lines.offset
      line = try lines.next()
    }
    // age.md: "header = v1-line 1*stanza end".
    guard !stanzas.isEmpty, let mac = Self.mac(of: line), Self.canStandTogether(stanzas) else {
      throw lines.malformed
    }
    self.stanzas = stanzas
    self.byteCount = lines.offset
    self.covered = Array(lines.prefix(upTo: start + Self.endMark.count))
    self.mac = mac
  }

  /// Makes sure that the header is the one that the owner of the file key wrote.
  ///
  /// Throws `AgeError.headerMismatch` when it is another one, and `openSSL`.
  package func verify(fileKey: [UInt8]) throws(AgeError) {
    guard AgeCrypto.areEqual(try Self.mac(over: covered, fileKey: fileKey), mac) else {
      throw .headerMismatch
    }
  }

  /// The header of a new file, with the line feed that ends it.
  ///
  /// Throws `AgeError.openSSL`.
  package static func text(
    of stanzas: [AgeX25519Stanza], fileKey: [UInt8]
  ) throws(AgeError) -> [UInt8] {
    let covered =
      formatName + version + [AgeLines.lineFeed] + stanzas.flatMap(\.text) + endMark
    let mac = try mac(over: covered, fileKey: fileKey)
    return covered + [UInt8(ascii: " ")] + AgeBase64.encode(mac) + [AgeLines.lineFeed]
  }
}

extension AgeHeader {
  /// age.md: "HMAC key = HKDF-SHA-256(ikm = file key, salt = empty, info = "header")".
  private static func mac(over covered: [UInt8], fileKey: [UInt8]) throws(AgeError) -> [UInt8] {
    var key = try AgeCrypto.hkdf(
      ikm: fileKey, salt: [], info: Array("header".utf8), count: AgeCrypto.keyByteCount)
    defer { AgeCrypto.wipe(&key) }
    return try AgeCrypto.hmac(key: key, message: covered)
  }

  /// age.md: "end = "--- " 43base64char LF".
  private static func mac(of line: ArraySlice<UInt8>) -> [UInt8]? {
    let mark = endMark + [UInt8(ascii: " ")]
    guard line.starts(with: mark), let mac = AgeBase64.decode(line.dropFirst(mark.count)),
      mac.count == macByteCount
    else { return nil }
    return mac
  }

  /// age.md: "An scrypt stanza, if present, MUST be the only stanza in the header."
  private static func canStandTogether(_ stanzas: [AgeStanza]) -> Bool {
    stanzas.count == 1 || !stanzas.contains(.other(kind: "scrypt"))
  }
}
