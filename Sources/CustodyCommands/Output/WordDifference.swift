import CustodyModel

/// How one long line differs from another, word by word: `I felt [-alone-]{+lonely+} at night`.
struct WordDifference {
  /// Words that stand together, in both lines or in one.
  private enum Piece {
    case kept([Substring])
    case removed(Substring)
    case added(Substring)
  }

  private var pieces: [Piece] = []

  /// Words that are shown before and after what differs.
  private static let contextCount = 6

  init(_ old: String, _ new: String) {
    let (older, newer) = (Self.words(of: old), Self.words(of: new))
    let difference = SequenceDifference(
      older.map { Array($0.utf8) }, newer.map { Array($0.utf8) })
    var (x, y) = (0, 0)
    while x < older.count || y < newer.count {
      let (startX, startY) = (x, y)
      while x < older.count, difference.isRemoved[x] { x += 1 }
      while y < newer.count, difference.isAdded[y] { y += 1 }
      if x > startX {
        pieces.append(.removed(old[older[startX].startIndex..<older[x - 1].endIndex]))
      }
      if y > startY {
        pieces.append(.added(new[newer[startY].startIndex..<newer[y - 1].endIndex]))
      }
      let kept = x
      while x < older.count, y < newer.count, !difference.isRemoved[x], !difference.isAdded[y] {
        x += 1
        y += 1
      }
      if x > kept { pieces.append(.kept(Array(older[kept..<x]))) }
    }
  }

  /// Words, each with the white space after it.
  private static func words(of text: String) -> [Substring] {
    var words: [Substring] = []
    var rest = text[...]
    while !rest.isEmpty {
      let word = rest.prefix { !$0.isWhitespace }
      let space = rest[word.endIndex...].prefix { $0.isWhitespace }
      words.append(rest[..<space.endIndex])
      rest = rest[space.endIndex...]
    }
    return words
  }

  /// As a terminal shows it; what both have is cut short far from what differs.
  var shown: String {
    pieces.indices.map { index in
      switch pieces[index] {
      case .removed(let text): Terminal.styled("[-\(Terminal.visible(String(text)))-]", .red)
      case .added(let text): Terminal.styled("{+\(Terminal.visible(String(text)))+}", .green)
      case .kept(let words):
        Terminal.visible(
          Self.cut(words, isFirst: index == 0, isLast: index == pieces.count - 1))
      }
    }.joined()
  }

  private static func cut(_ words: [Substring], isFirst: Bool, isLast: Bool) -> String {
    let before = isFirst ? 0 : contextCount
    let after = isLast ? 0 : contextCount
    guard words.count > before + after + 1 else { return words.joined() }
    return words.prefix(before).joined() + Terminal.ellipsis + words.suffix(after).joined()
  }
}
