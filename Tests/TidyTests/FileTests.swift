import Foundation
import Testing

@Suite("Files")
struct FileTests {
  private static let all = SourceTree.sources + SourceTree.tests + SourceTree.others
  private static let swift = SourceTree.sources + SourceTree.tests

  @Test("have at most 500 lines")
  func length() {
    for file in Self.swift {
      #expect(file.lines.count <= 500, "\(file.path) has \(file.lines.count) lines")
    }
  }

  @Test("are named after what is in them")
  func names() {
    for file in Self.swift {
      for vague in ["Utilit", "Util.", "Utils", "Helper", "Common", "Misc", "Stuff", "Manager"] {
        #expect(!file.name.contains(vague), "\(file.path)")
      }
    }
  }

  @Test("point nowhere outside the package, but to test data that may be missing")
  func nothingOutside() {
    for file in Self.all {
      // The words are put together, so that this file has none of them.
      #expect(file.lines(with: "shared/" + "design").isEmpty)
      guard !file.path.hasPrefix("Tests/") else { continue }
      #expect(file.lines(with: "../" + "shared").isEmpty)
    }
  }

  @Test("name no place of somebody's machine")
  func noMachinePaths() {
    let before: Set<Character> = ["\"", "'", "=", " ", "(", "`"]
    for file in Self.all {
      for place in ["home", "root", "Users", "work", "opt", "mnt"] {
        for line in file.lines(with: "/\(place)/") {
          let start = line.range(of: "/\(place)/").map { line[..<$0.lowerBound].last } ?? nil
          #expect(!(start.map { before.contains($0) } ?? true), "\(line)")
        }
      }
    }
  }

  @Test("do not try with an exclamation mark, and force a cast nowhere")
  func noForcedTries() {
    for file in Self.swift {
      for word in ["try" + "!", " as" + "! "] { #expect(file.lines(with: word).isEmpty) }
    }
  }

  @Test("leave nothing undone")
  func nothingUndone() {
    for file in Self.all {
      for word in ["TO" + "DO", "FIX" + "ME", "HA" + "CK"] {
        #expect(file.lines(with: word).isEmpty)
      }
    }
  }

  @Test("of verbs stand in the room of verbs, one a noun")
  func verbs() {
    let verbs = SourceTree.sources.filter { $0.path.hasPrefix("Sources/CustodyCommands/Verbs/") }
    #expect(verbs.count > 10)
    for file in verbs { #expect(file.name.hasSuffix("Command.swift"), "\(file.path)") }
    for file in SourceTree.sources where file.has(": AsyncParsableCommand {") {
      let isRoot = file.name == "CustodyCommand.swift"
      #expect(isRoot || file.path.contains("/Verbs/"), "\(file.path)")
    }
  }

  @Test("of events are all in the catalog")
  func events() throws {
    let folder = "Sources/CustodyModel/Events/"
    let files = SourceTree.sources.filter { $0.path.hasPrefix(folder) }
    let catalog = try #require(files.first { $0.name == "EventCatalog.swift" })
    let list = try #require(
      catalog.text.firstMatch(of: /all: \[any ModelEvent\.Type\] = \[([^\]]*)\]/))
    let listed = Set(
      list.1.split { ", \n".contains($0) }.map { String($0).replacing(".self", with: "") })
    let declared = files.flatMap { file in
      file.text.matches(of: /(?:struct|enum|class) (\w+): (?:Model|Versioned|Former)Event\b/).map {
        String($0.1)
      }
    }
    #expect(Set(declared) == listed)
    #expect(Set(declared).count == declared.count)
    for file in files where file.name != "EventCatalog.swift" {
      #expect(declared.contains(file.name.replacing(".swift", with: "")), "\(file.path)")
    }
  }
}
