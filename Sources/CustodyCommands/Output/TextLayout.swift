/// How text takes up room on a terminal.
extension StringProtocol {
  /// The columns that the text fills: East Asian wide characters and emoji fill two each.
  var columnCount: Int {
    utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.columnCount }
  }

  /// The beginning of the text that fits into so many columns.
  func prefix(columns: Int) -> SubSequence {
    var rest = columns
    return prefix {
      rest -= $0.columnCount
      return rest >= 0
    }
  }

  /// Lines of at most so many columns, broken between words; a longer word keeps a line of its own,
  /// and spaces at the beginning stay.
  func wrapped(to width: Int) -> [String] {
    var lines: [String] = []
    var line = String(prefix { $0 == " " })
    var isEmpty = true
    for word in split(separator: " ") {
      if !isEmpty, line.columnCount + 1 + word.columnCount > width {
        lines.append(line)
        line = String(word)
      } else {
        line += isEmpty ? String(word) : " \(word)"
      }
      isEmpty = false
    }
    return lines + [line]
  }
}

extension Character {
  // Unicode Standard Annex #11, East Asian Width: the blocks whose characters are W or F.
  fileprivate var columnCount: Int {
    switch unicodeScalars.first!.value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3,
      0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f,
      0x1f680...0x1f6ff, 0x1f900...0x1faff, 0x20000...0x3fffd:
      2
    default: 1
    }
  }
}
