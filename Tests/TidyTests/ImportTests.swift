import Foundation
import Testing

/// Arrows point down only, and what is pure stays pure.
@Suite("Imports")
struct ImportTests {
  /// What each target may import of the package, of others, and of the system.
  ///
  /// A new target stands here, below everything it uses.
  private static let allowed: [(target: String, imports: Set<String>)] = [
    ("CustodyLedger", ["COpenSSL", "CDeflate", "Swift"]),
    ("CustodyModel", ["CustodyLedger"]),
    (
      "CustodyStore",
      [
        "COpenSSL", "CSQLiteShim", "CustodyLedger", "CustodyMigrations", "CustodyModel",
        "Foundation", "GRDB", "Synchronization", "Yams",
      ]
    ),
    (
      "CustodyProjections",
      [
        "CSQLiteShim", "CustodyLedger", "CustodyMigrations", "CustodyModel", "CustodyStore",
        "Foundation", "GRDB", "Synchronization",
      ]
    ),
    (
      "Custody",
      [
        "CustodyLedger", "CustodyModel", "CustodyProjections", "CustodyStore", "Foundation",
        "Synchronization", "Yams",
      ]
    ),
    (
      "CustodyCommands",
      [
        "ArgumentParser", "Custody", "CustodyLedger", "CustodyModel", "CustodyProjections",
        "CustodyStore", "Foundation", "Synchronization",
      ]
    ),
    ("CustodyTool", ["CMalloc", "CustodyCommands", "Foundation"]),
  ]

  @Test("of each target are those it may have")
  func arrows() {
    for file in SourceTree.sources {
      guard let target = Self.allowed.first(where: { $0.target == file.target }) else {
        Issue.record("\(file.path): no target of this name stands in the list above")
        continue
      }
      for module in file.imports {
        #expect(target.imports.contains(module), "\(file.path) imports \(module)")
      }
    }
  }

  @Test("of targets in that list point to targets above them")
  func acyclic() {
    var above: Set<String> = []
    let targets = Set(Self.allowed.map(\.target))
    for (target, imports) in Self.allowed {
      #expect(imports.intersection(targets).isSubset(of: above), "\(target)")
      above.insert(target)
    }
  }

  @Test("every folder of Sources is a target, or the tiny edge to a C library")
  func everyFolder() {
    let edges = ["COpenSSL", "CDeflate", "CMalloc", "CSQLiteShim"]
    let known = Set(Self.allowed.map(\.target)).union(edges)
    #expect(Set(SourceTree.folders(in: "Sources")).isSubset(of: known))
    for edge in edges {
      let files = SourceTree.files(below: "Sources/\(edge)").map(\.name)
      #expect(Set(files) == ["module.modulemap", "shim.h"], "\(edge)")
    }
  }

  @Test(
    "of the pure targets bring neither files nor clock nor chance",
    arguments: ["CustodyLedger", "CustodyModel"])
  func pure(target: String) throws {
    let files = SourceTree.sources.filter { $0.target == target }
    #expect(files.count > 3)
    let forbidden = [
      // Clocks and chance of the standard library.
      "ContinuousClock", "SuspendingClock", "SystemRandomNumberGenerator", ".random(",
      ".randomElement(", ".shuffle(", ".shuffled(", "Task.sleep",
      // Their likes in C, and OpenSSL's own.
      "RAND_", "getentropy", "getrandom", "arc4random", "clock_gettime", "gettimeofday",
      "time(nil)",
      // Files and processes.
      "fopen", "BIO_new_file", "FileManager", "FileHandle", "getenv", "print(", "readLine",
    ]
    for file in files {
      for word in forbidden {
        let lines = file.lines(with: word).filter { line in
          // In a comment, a word does nothing.
          line.range(of: word)!.lowerBound < (line.range(of: "//")?.lowerBound ?? line.endIndex)
        }
        #expect(lines.isEmpty, "\(word)")
      }
    }
    // The shims are C, where a linter would not look.
    for header in ["Sources/COpenSSL/shim.h", "Sources/CDeflate/shim.h"] {
      let text = try String(contentsOf: SourceTree.root.appending(path: header), encoding: .utf8)
      #expect(!text.contains("rand.h"), "\(header)")
      #expect(!text.contains("stdio.h"), "\(header)")
    }
  }

  @Test("of tests reach into nothing that a test target does not name")
  func testable() {
    for file in SourceTree.tests {
      #expect(file.lines(with: "@testable" + " import").isEmpty, "use package access")
    }
  }

  @Test("are read as they are written")
  func parsing() {
    let text = """
      import A
      public import B
      @_exported import struct C.D
      @preconcurrency import E
      // import F
        import G.H
      let important = 1
      """
    #expect(SourceFile(path: "a", text: text).imports == ["A", "B", "C", "E", "G"])
  }
}
