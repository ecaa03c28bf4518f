extension AgeStanza {
  /// age.md: "full-line = 64base64char LF", "final-line = *63base64char LF".
  private static let lineCharacterCount = 64

  /// Reads a stanza from its first line and, after it, the lines of its body.
  ///
  /// Throws `AgeError.malformedHeader` and `truncated`. A stanza of a known kind has the arguments
  /// and the body of that kind; one of another kind need only keep to the grammar.
  init(opening line: ArraySlice<UInt8>, followedBy lines: inout AgeLines) throws(AgeError) {
    let malformed = lines.malformed
    guard let arguments = Self.arguments(in: line) else { throw malformed }
    let body = try Self.body(in: &lines)
    guard arguments[0] == AgeX25519Stanza.kind else {
      self = .other(kind: arguments[0])
      return
    }
    // age.md: "The identity implementation [...] MUST otherwise reject any stanza that has more or
    // less than two arguments, or where the second argument is not a canonical base64 encoding of a
    // 32-byte value."
    guard arguments.count == 2, let share = AgeBase64.decode(arguments[1].utf8),
      let stanza = AgeX25519Stanza(share: share, body: body)
    else { throw malformed }
    self = .x25519(stanza)
  }

  /// age.md: "arg-line = "-> " argument *(SP argument) LF", "argument = 1*VCHAR".
  private static func arguments(in line: ArraySlice<UInt8>) -> [String]? {
    let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard fields.count >= 2, fields[0].elementsEqual("->".utf8),
      fields.dropFirst().allSatisfy(isArgument)
    else { return nil }
    return fields.dropFirst().map { String(decoding: $0, as: UTF8.self) }
  }

  /// RFC 5234 §B.1: "VCHAR = %x21-7E".
  private static func isArgument(_ field: ArraySlice<UInt8>) -> Bool {
    !field.isEmpty && field.allSatisfy { (0x21...0x7e).contains($0) }
  }

  /// age.md: "The body MUST end with a line shorter than 64 characters, which MAY be empty."
  private static func body(in lines: inout AgeLines) throws(AgeError) -> [UInt8] {
    var body: [UInt8] = []
    while true {
      let line = try lines.next()
      guard line.count <= lineCharacterCount, let bytes = AgeBase64.decode(line) else {
        throw lines.malformed
      }
      body += bytes
      if line.count < lineCharacterCount { return body }
    }
  }
}
