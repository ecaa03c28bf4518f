import Custody
import CustodyTesting
import Testing

@Suite("The difference of two texts")
struct TextDifferenceTests {
  /// The newer text, made from the older and the hunks alone.
  private static func applied(_ difference: TextDifference, to old: String) -> String {
    // By bytes: CR LF is one character in Swift.
    var lines = old.utf8.split(separator: 0x0a, omittingEmptySubsequences: false)
      .map { String(Substring($0)) }
    for index in lines.indices.dropLast() { lines[index] += "\n" }
    if lines.last == "" { lines.removeLast() }
    var (text, at) = ("", 0)
    for hunk in difference.hunks {
      let start = hunk.oldCount == 0 ? hunk.oldStart : hunk.oldStart - 1
      text += lines[at..<start].joined()
      at = start + hunk.oldCount
      for line in hunk.lines where line.kind != .removed {
        text += line.text + (line.hasLineEnd ? "\n" : "")
      }
    }
    return text + lines[at...].joined()
  }

  @Test("makes the newer text of the older, either way", arguments: 0..<200)
  func laws(seed: Int) {
    var random = SeededGenerator(seed)
    func text() -> String {
      let lines = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        ["a", "b", "", "c\r", "ü"].randomElement(using: &random)!
      }
      return lines.joined(separator: "\n") + (Bool.random(using: &random) ? "\n" : "")
    }
    let (old, new) = (text(), text())
    let difference = TextDifference(old, new)
    #expect(Self.applied(difference, to: old).utf8.elementsEqual(new.utf8), "\(old) \(new)")
    let reverse = TextDifference(new, old)
    #expect(Self.applied(reverse, to: new).utf8.elementsEqual(old.utf8))
    for hunk in difference.hunks {
      #expect(hunk.oldCount == hunk.lines.count { $0.kind != .added })
      #expect(hunk.newCount == hunk.lines.count { $0.kind != .removed })
      #expect(hunk.lines.prefix { $0.kind == .kept }.count <= 3)
      #expect(hunk.lines.reversed().prefix { $0.kind == .kept }.count <= 3)
    }
    #expect(difference.hunks.isEmpty == (old.utf8.elementsEqual(new.utf8)))
  }

  @Test("shows three lines before and after, and joins what is near")
  func context() {
    let old = (1...40).map { "\($0)\n" }.joined()
    let new = old.replacing("\n10\n", with: "\nten\n").replacing("\n14\n", with: "\nfourteen\n")
      .replacing("\n30\n", with: "\n")
    let hunks = TextDifference(old, new).hunks
    #expect(
      hunks.map { [$0.oldStart, $0.oldCount, $0.newStart, $0.newCount] } == [
        [7, 11, 7, 11], [27, 7, 27, 6],
      ])
    #expect(
      hunks[1].lines.map { $0.kind.rawValue + $0.text } == [
        " 27", " 28", " 29", "-30", " 31", " 32", " 33",
      ])
  }

  @Test("joins what has at most six lines between it", arguments: 1..<12)
  func near(distance: Int) {
    let old = (1...40).map { "\($0)\n" }.joined()
    let new = old.replacing("\n10\n", with: "\nten\n")
      .replacing("\n\(11 + distance)\n", with: "\nother\n")
    #expect(TextDifference(old, new).hunks.count == (distance <= 6 ? 1 : 2))
  }

  @Test("tells a line end that is missing, and texts that only look alike")
  func ends() {
    let hunk = TextDifference("a\nb", "a\nb\n").hunks[0]
    #expect(hunk.lines.map(\.hasLineEnd) == [true, false, true])
    #expect(TextDifference("\u{fc}\n", "u\u{308}\n").hunks.count == 1)
    #expect(TextDifference("", "").hunks.isEmpty)
    let added = TextDifference("", "a\n").hunks[0]
    #expect([added.oldStart, added.oldCount, added.newStart, added.newCount] == [0, 0, 1, 1])
  }
}
