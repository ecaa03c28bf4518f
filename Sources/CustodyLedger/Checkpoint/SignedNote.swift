/// A C2SP signed note: text, a blank line, signature lines.
///
/// "The text MUST be ... valid UTF-8 ... MUST NOT contain any ASCII control characters (those below
/// U+0020) other than newline", and ends in one.
public struct SignedNote: Hashable, Sendable {
  /// The most signature lines that are read.
  public static let signatureCountMax = 100
  /// The longest note, in bytes.
  public static let byteCountMax = 1 << 20

  /// What is signed, with its last newline.
  public let text: String
  /// The signature lines in the order of the note: at least one, at most ``signatureCountMax``.
  public internal(set) var signatures: [Signature]

  /// One signature line, of a known key or not; unknown ones are kept as they are.
  public struct Signature: Hashable, Sendable {
    /// Who signed: for a ledger its origin, for a witness the name it chose.
    public let name: String
    /// The first four bytes: which key of that name.
    public let keyID: UInt32
    /// What follows the key id.
    public let bytes: [UInt8]

    /// A line of these parts; nothing is verified.
    public init(name: String, keyID: UInt32, bytes: [UInt8]) {
      self.name = name
      self.keyID = keyID
      self.bytes = bytes
    }

    /// "— <key name> base64(32-bit key ID || signature)" and a newline.
    public var line: String {
      var writer = ByteWriter(capacity: 4 + bytes.count)
      writer.write(keyID)
      writer.write(bytes)
      return "\u{2014} \(name) \(Base64.encode(writer.bytes))\n"
    }
  }

  init(text: String, signatures: [Signature]) {
    self.text = text
    self.signatures = signatures
  }

  /// Reads a note; nothing is verified.
  ///
  /// - Throws: ``NoteError`` at the first thing that is not as the format says.
  public init(parsing note: String) throws(NoteError) {
    let bytes = Array(note.utf8)
    guard bytes.count <= Self.byteCountMax else { throw .tooLong }
    guard bytes.allSatisfy({ $0 >= 0x20 || $0 == 0x0a }) else { throw .controlCharacter }
    // "the last blank line": text may have blank lines of its own.
    guard let blank = Self.lastBlankLine(bytes) else { throw .noSignatures }
    let text = String(decoding: bytes[...blank], as: UTF8.self)
    let lines = bytes[(blank + 2)...]
    guard lines.last == 0x0a else { throw .malformedSignature }
    var signatures: [Signature] = []
    for line in lines.dropLast().split(separator: 0x0a, omittingEmptySubsequences: false) {
      guard signatures.count < Self.signatureCountMax else { throw .tooManySignatures }
      signatures.append(try Self.signature(String(decoding: line, as: UTF8.self)))
    }
    guard !text.utf8.elementsEqual([0x0a]) else { throw .emptyText }
    self.init(text: text, signatures: signatures)
  }

  /// Where the newline that ends the text stands, when a blank line and more follow.
  private static func lastBlankLine(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 3 else { return nil }
    return (0...bytes.count - 3).last { bytes[$0] == 0x0a && bytes[$0 + 1] == 0x0a }
  }

  private static func signature(_ line: String) throws(NoteError) -> Signature {
    let parts = line.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "\u{2014}", isKeyName(parts[1]),
      let bytes = Base64.decode(parts[2]), bytes.count > 4
    else { throw .malformedSignature }
    let keyID = bytes[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return Signature(name: String(parts[1]), keyID: keyID, bytes: Array(bytes[4...]))
  }

  /// "The key name MUST be non-empty, ... and MUST NOT contain any Unicode spaces or plus".
  static func isKeyName(_ name: some StringProtocol) -> Bool {
    !name.isEmpty
      && name.unicodeScalars.allSatisfy {
        $0 != "+" && !$0.properties.isWhitespace && $0.properties.generalCategory != .control
      }
  }

  /// The note as text, signature lines in their order.
  public var encoded: String { text + "\n" + signatures.map(\.line).joined() }

  /// The signatures whose name and key id are those of `key`.
  func signatures(by key: VerifierKey) -> [Signature] {
    signatures.filter { $0.keyID == key.keyID && $0.name.utf8.elementsEqual(key.name.utf8) }
  }
}

/// Why a text is not a signed note. Get it again: it was cut, changed, or is something else.
public enum NoteError: Error, Equatable {
  /// More than ``SignedNote/byteCountMax`` bytes.
  case tooLong
  /// A character below U+0020 that is no newline; a file with line ends of Windows has them.
  case controlCharacter
  /// Nothing stands before the blank line.
  case emptyText
  /// No blank line, and so nothing after it.
  case noSignatures
  /// What follows the last blank line is not whole lines of `— name base64`.
  case malformedSignature
  /// More than ``SignedNote/signatureCountMax`` signature lines.
  case tooManySignatures
}
