import CustodyModel

/// How one text differs from another, line by line, as a unified diff shows it.
public struct TextDifference: Sendable {
  /// A line of one text or of both.
  public struct Line: Sendable, Equatable {
    /// Which of the texts has it.
    public enum Kind: String, Sendable {
      /// Both.
      case kept = " "
      /// The older alone.
      case removed = "-"
      /// The newer alone.
      case added = "+"
    }

    /// Which of the texts has it.
    public let kind: Kind
    /// Without the line feed at its end.
    public let text: String
    /// False for the last line of a text that does not end with a line feed.
    public let hasLineEnd: Bool

    /// A line of these parts.
    public init(kind: Kind, text: String, hasLineEnd: Bool) {
      self.kind = kind
      self.text = text
      self.hasLineEnd = hasLineEnd
    }
  }

  /// Lines that differ, with up to three that do not before and after them.
  public struct Hunk: Sendable, Equatable {
    /// The first line of the older text in it, from 1; the line before when it has none.
    public let oldStart: Int
    /// How many lines of the older text it has.
    public let oldCount: Int
    /// The same of the newer text.
    public let newStart: Int
    /// How many lines of the newer text it has.
    public let newCount: Int
    /// The lines, what is removed before what stands in its place.
    public let lines: [Line]
  }

  /// In the order of the texts; none when they are the same.
  public let hunks: [Hunk]

  /// Lines around those that differ.
  private static let contextCount = 3

  /// Compares two texts.
  ///
  /// Cost: time that grows with the lines and with how many of them differ; about 100 bytes of
  /// memory a line.
  public init(_ old: String, _ new: String) {
    self.init(Array(old.utf8), Array(new.utf8))
  }

  init(_ old: [UInt8], _ new: [UInt8]) {
    let (old, new) = (Self.lines(of: old), Self.lines(of: new))
    let difference = SequenceDifference(old, new)
    var builder = HunkBuilder(old: old, new: new, contextCount: Self.contextCount)
    var (x, y) = (0, 0)
    while x < old.count || y < new.count {
      if x < old.count, difference.isRemoved[x] {
        builder.differ(.removed, x, y)
        x += 1
      } else if y < new.count, difference.isAdded[y] {
        builder.differ(.added, x, y)
        y += 1
      } else {
        builder.keep(x, y)
        x += 1
        y += 1
      }
    }
    hunks = builder.finish()
  }

  /// How many line feeds there are.
  static func lineCount(of text: [UInt8]) -> Int { text.count { $0 == 0x0a } }

  /// A line with its line feed, compared byte for byte.
  fileprivate struct RawLine: Hashable {
    let bytes: ArraySlice<UInt8>

    func hash(into hasher: inout Hasher) {
      bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    func line(_ kind: Line.Kind) -> Line {
      let hasLineEnd = bytes.last == 0x0a
      return Line(
        kind: kind, text: String(decoding: hasLineEnd ? bytes.dropLast() : bytes, as: UTF8.self),
        hasLineEnd: hasLineEnd)
    }
  }

  private static func lines(of text: [UInt8]) -> [RawLine] {
    var lines: [RawLine] = []
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: 0x0a).map { $0 + 1 } ?? text.count
      lines.append(RawLine(bytes: text[start..<end]))
      start = end
    }
    return lines
  }
}

/// Puts lines that differ near each other into one hunk.
private struct HunkBuilder {
  private let old: [TextDifference.RawLine]
  private let new: [TextDifference.RawLine]
  private let contextCount: Int
  private var hunks: [TextDifference.Hunk] = []
  private var lines: [TextDifference.Line] = []
  private var start = (old: 0, new: 0)
  /// Lines of both since the last that differs.
  private var keptCount = 0

  init(old: [TextDifference.RawLine], new: [TextDifference.RawLine], contextCount: Int) {
    (self.old, self.new, self.contextCount) = (old, new, contextCount)
  }

  /// A line that differs; `x` and `y` are where both texts have got to.
  mutating func differ(_ kind: TextDifference.Line.Kind, _ x: Int, _ y: Int) {
    if lines.isEmpty {
      // Both texts have the lines right before the first that differs.
      let before = min(contextCount, keptCount)
      start = (x - before, y - before)
      for index in x - before..<x { lines.append(old[index].line(.kept)) }
    }
    keptCount = 0
    lines.append(kind == .removed ? old[x].line(kind) : new[y].line(kind))
  }

  /// A line of both.
  mutating func keep(_ x: Int, _ y: Int) {
    keptCount += 1
    guard !lines.isEmpty else { return }
    lines.append(old[x].line(.kept))
    // A change within twice the context would show the same lines again.
    if keptCount > 2 * contextCount { end() }
  }

  private mutating func end() {
    lines.removeLast(max(0, keptCount - contextCount))
    let counts = lines.reduce(into: (old: 0, new: 0)) { counts, line in
      if line.kind != .added { counts.old += 1 }
      if line.kind != .removed { counts.new += 1 }
    }
    // POSIX diff -u: "If a range is empty, its beginning line number shall be the number of the
    // line just before the range".
    hunks.append(
      .init(
        oldStart: counts.old == 0 ? start.old : start.old + 1, oldCount: counts.old,
        newStart: counts.new == 0 ? start.new : start.new + 1, newCount: counts.new, lines: lines))
    lines = []
  }

  mutating func finish() -> [TextDifference.Hunk] {
    if !lines.isEmpty { end() }
    return hunks
  }
}
