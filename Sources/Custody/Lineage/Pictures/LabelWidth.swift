/// How wide text is drawn at most, without the font that it will be drawn in.
///
/// Whoever opens a drawing has fonts of their own. The widths are the largest of DejaVu Sans (among the
/// widest that systems use for text), Noto Sans and Liberation Sans (as wide as Arial and Helvetica).
enum LabelWidth {
  /// How heavy the letters are.
  enum Weight { case regular, bold }

  /// The width in pixels, rounded up, of `text` at `size` pixels an em.
  static func of(_ text: String, _ weight: Weight, size: Int) -> Int {
    let thousandths = text.unicodeScalars.reduce(0) { $0 + width(of: $1, weight) }
    return (thousandths * size + 999) / 1000
  }

  /// `text`, or its beginning and end with an ellipsis between them, at most `width` pixels wide.
  ///
  /// The end counts as much as the beginning: names often differ only there. Cuts between characters
  /// as people see them; text of which not even that fits becomes the ellipsis alone.
  static func cut(_ text: String, _ weight: Weight, size: Int, to width: Int) -> String {
    guard of(text, weight, size: size) > width else { return text }
    // A character may have any number of scalars, but what is kept is short.
    let room = width * 1000 / size - Self.width(of: "…", weight)
    var (head, tail) = (0, 0)
    var (start, end) = (text.startIndex, text.endIndex)
    while start < end {
      let isHead = head <= tail
      let next = isHead ? text.index(after: start) : text.index(before: end)
      let scalars = isHead ? text[start..<next] : text[next..<end]
      let more = scalars.unicodeScalars.reduce(0) { $0 + Self.width(of: $1, weight) }
      guard head + tail + more <= room, scalars.unicodeScalars.count <= 16 else { break }
      if isHead {
        (head, start) = (head + more, next)
      } else {
        (tail, end) = (tail + more, next)
      }
    }
    return text[..<start] + "…" + text[end...]
  }

  /// Thousandths of an em.
  private static func width(of scalar: Unicode.Scalar, _ weight: Weight) -> Int {
    if (0x20..<0x7F).contains(scalar.value) {
      return (weight == .bold ? bold : regular)[Int(scalar.value) - 0x20]
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    return switch scalar.value {
    case 0xA0..<0x590: 1100
    case 0x590..<0x600: 760
    case 0xFDFA, 0xFDFB: 5000
    case 0xFDFD: 12_000
    case 0x2026: 1000
    case 0x12000..<0x13460: 3000  // Cuneiform, hieroglyphs
    default: 1400  // CJK is 1000; emoji of some systems are 1360.
    }
  }

  private static let bold = [
    349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 545, 838, 380, 416, 380, 413, 696, 696, 696,
    696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 611, 1000, 774, 763, 734, 831, 684,
    684, 821, 837, 389, 557, 775, 638, 996, 837, 851, 733, 851, 771, 721, 683, 813, 774, 1104, 771,
    725, 726, 458, 413, 458, 838, 557, 500, 675, 716, 593, 716, 679, 436, 716, 712, 343, 343, 666,
    343, 1042, 712, 688, 716, 716, 494, 596, 479, 712, 652, 924, 646, 652, 583, 712, 551, 712, 838,
  ]

  private static let regular = [
    318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 551, 838, 318, 361, 318, 372, 637, 637, 637,
    637, 637, 637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 557, 1016, 685, 687, 723, 771, 667,
    611, 778, 752, 339, 500, 667, 558, 907, 760, 788, 667, 788, 723, 667, 611, 732, 685, 989, 686,
    667, 686, 391, 372, 391, 838, 557, 500, 613, 635, 550, 635, 616, 353, 635, 634, 278, 278, 580,
    278, 975, 634, 612, 635, 635, 413, 521, 393, 634, 592, 818, 592, 592, 525, 637, 551, 637, 838,
  ]
}
