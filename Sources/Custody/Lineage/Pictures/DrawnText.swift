/// Text from data as a drawing may show it.
enum DrawnText {
  /// `text` with a visible sign for each character that has none, or that turns others around.
  ///
  /// A name with a right-to-left override would look like another name, and XML 1.0 cannot have most
  /// control characters. Those of ASCII get their pictures (U+2400 onwards), the others U+FFFD.
  static func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isInvisible) else { return text }
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0..<0x20: out.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
      case 0x7F: out.append("\u{2421}")
      default: out.append(isInvisible(scalar) ? "\u{FFFD}" : scalar)
      }
    }
    return String(out)
  }

  /// ``visible(_:)``, and its direction does not change the order of what stands around it.
  static func isolated(_ text: String) -> String {
    text.utf8.allSatisfy { $0 < 0x80 } ? visible(text) : "\u{2068}\(visible(text))\u{2069}"
  }

  /// `text` with what `replacement` has for some characters in place of them.
  ///
  /// By Unicode scalars: a quotation mark with a combining mark behind it is another `Character`, and
  /// ends a string all the same.
  static func replacing(in text: String, with replacement: (Unicode.Scalar) -> String?) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if let other = replacement(scalar) {
        out += other.unicodeScalars
      } else {
        out.append(scalar)
      }
    }
    return String(out)
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0: true  // C0, DEL, C1
    case 0xAD, 0x61C, 0x180E, 0x200B...0x200C, 0x200E...0x200F: true  // soft, marks of direction
    case 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: true  // breaks, overrides, isolates
    case 0xFFF9...0xFFFB, 0xFFFE, 0xFFFF, 0xE0000...0xE007F: true  // annotations, tags
    default: false
    }
  }
}

/// What XML and HTML both read as the same text.
enum Markup {
  /// `text` for the content of an element or a quoted attribute.
  ///
  /// XML 1.0 §2.2: "Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | …": other control characters cannot
  /// be written at all and become U+FFFD. Line breaks are written as references, which a parser does
  /// not turn into spaces (§3.3.3).
  static func escaped(_ text: String) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;".utf8
      case "<": out += "&lt;".utf8
      case ">": out += "&gt;".utf8
      case "\"": out += "&quot;".utf8
      case "'": out += "&#39;".utf8
      case "\t": out += "&#9;".utf8
      case "\n": out += "&#10;".utf8
      case "\r": out += "&#13;".utf8
      case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{FFFE}", "\u{FFFF}": out += "\u{FFFD}".utf8
      default: out += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
