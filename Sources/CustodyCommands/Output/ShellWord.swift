/// A word as a shell takes it.
enum ShellWord {
  /// - Parameter plain: what needs no quotes besides letters and digits of ASCII.
  static func quoted(_ word: String, plain: (UInt8) -> Bool) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: plain(byte)
      }
    }
    return isPlain && !word.isEmpty ? word : "'\(word.replacing("'", with: "'\\''"))'"
  }
}
