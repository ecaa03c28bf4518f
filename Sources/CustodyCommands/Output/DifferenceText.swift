import Custody
import CustodyModel

/// How contents differ, as lines for people.
struct DifferenceText {
  /// Columns before each line.
  let indent: Int

  /// Longer values, and those of several lines, are not shown side by side.
  private static let shortCountMax = 60

  func print(_ difference: Datasets.ContentDifference) {
    switch difference {
    case .text(let text): print(text)
    case .fields(let fields):
      if fields.isEmpty { line("the same values, written otherwise") }
      for field in fields { print(field) }
    case .sizes(let old, let new, let reason):
      let sizes = [old, new].compactMap { $0?.asBytes }.joined(separator: " \(Terminal.arrow) ")
      line(reason == .binary ? "no text: \(sizes)" : "too large to compare: \(sizes)")
    case .gone: line("one side is gone: a person was erased")
    case .restricted: line("restricted")
    }
  }

  private var margin: String { String(repeating: " ", count: indent) }

  private func line(_ text: String, _ style: Terminal.Style? = nil) {
    let shown = Terminal.visible(text, keepingTabs: true)
    Terminal.print(margin + (style.map { Terminal.styled(shown, $0) } ?? shown))
  }

  private func print(_ text: TextDifference) {
    for hunk in text.hunks {
      line(
        "@@ -\(hunk.oldStart),\(hunk.oldCount) +\(hunk.newStart),\(hunk.newCount) @@", .dim)
      let lines = hunk.withoutReturns
      var index = 0
      while index < lines.count {
        if let new = Self.longCounterpart(of: index, in: lines) {
          Terminal.print(margin + "~" + WordDifference(lines[index].text, new.text).shown)
          index += 2
        } else {
          for text in lines[index].unified { line(text, Self.style(of: text)) }
          index += 1
        }
      }
    }
  }

  /// The line that stands in the place of one removed line, when one of them is so long that only
  /// their words can be compared by eye.
  private static func longCounterpart(
    of index: Int, in lines: [TextDifference.Line]
  ) -> TextDifference.Line? {
    func kind(_ index: Int) -> TextDifference.Line.Kind {
      lines.indices.contains(index) ? lines[index].kind : .kept
    }
    guard kind(index) == .removed, kind(index + 1) == .added, kind(index - 1) != .removed,
      kind(index + 2) != .added
    else { return nil }
    let (old, new) = (lines[index], lines[index + 1])
    return max(old.text.utf8.count, new.text.utf8.count) > longCount
      && old.hasLineEnd == new.hasLineEnd ? new : nil
  }

  /// A line with more bytes is compared word by word.
  private static let longCount = 160

  private static func style(of line: String) -> Terminal.Style? {
    switch line.first {
    case "+": .green
    case "-": .red
    case "\\": .dim
    default: nil
    }
  }

  private func print(_ field: Datasets.ContentDifference.Field) {
    let values = [field.old, field.new].compactMap { $0 }
    let isShort = values.allSatisfy {
      $0.count <= Self.shortCountMax && !$0.contains(where: \.isNewline)
    }
    switch (field.old, field.new) {
    case (let old?, let new?) where isShort:
      line("\(field.name): \(old) \(Terminal.arrow) \(new)")
    case (let old?, let new?):
      line("\(field.name):")
      let inner = DifferenceText(indent: indent + 2)
      if values.contains(where: { $0.contains(where: \.isNewline) }) {
        inner.print(TextDifference(old, new))
      } else {
        Terminal.print(inner.margin + WordDifference(old, new).shown)
      }
    case (let old?, nil): oneSided("-", field.name, old, .red)
    case (nil, let new?): oneSided("+", field.name, new, .green)
    case (nil, nil): break
    }
  }

  /// A value that one side alone has, on as many lines as it has itself.
  private func oneSided(_ sign: String, _ name: String, _ value: String, _ style: Terminal.Style) {
    let lines = value.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, text) in lines.enumerated() {
      line(index == 0 ? "\(sign) \(name): \(text)" : "\(sign)   \(text)", style)
    }
  }
}

extension TextDifference.Line {
  /// As a unified diff has it: a line, and another when nothing ends it.
  var unified: [String] {
    ["\(kind.rawValue)\(text)"] + (hasLineEnd ? [] : ["\\ No newline at end of file"])
  }
}

extension TextDifference.Hunk {
  /// Its lines; where all end with a carriage return, without it.
  var withoutReturns: [TextDifference.Line] {
    guard lines.allSatisfy({ !$0.hasLineEnd || $0.text.utf8.last == 0x0d }) else { return lines }
    return lines.map { line in
      guard line.hasLineEnd else { return line }
      return .init(kind: line.kind, text: String(line.text.dropLast()), hasLineEnd: true)
    }
  }
}

extension Datasets.ContentDifference {
  /// For programs.
  var json: String {
    var writer = JSONWriter()
    switch self {
    case .text(let text):
      writer.member("kind", "text")
      let hunks = text.hunks.map { hunk in
        var writer = JSONWriter()
        writer.member("oldStart", hunk.oldStart)
        writer.member("oldCount", hunk.oldCount)
        writer.member("newStart", hunk.newStart)
        writer.member("newCount", hunk.newCount)
        writer.member("lines", strings: hunk.lines.flatMap(\.unified))
        return writer.object
      }
      writer.member("hunks", json: "[\(hunks.joined(separator: ","))]")
    case .fields(let fields):
      writer.member("kind", "fields")
      let objects = fields.map { field in
        var writer = JSONWriter()
        writer.member("name", field.name)
        writer.member("old", field.old)
        writer.member("new", field.new)
        return writer.object
      }
      writer.member("fields", json: "[\(objects.joined(separator: ","))]")
    case .sizes(let old, let new, let reason):
      writer.member("kind", reason.rawValue)
      writer.member("oldBytes", old)
      writer.member("newBytes", new)
    case .gone: writer.member("kind", "gone")
    case .restricted: writer.member("kind", "restricted")
    }
    return writer.object
  }
}
