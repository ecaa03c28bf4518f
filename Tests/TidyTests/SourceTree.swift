import Foundation

/// A file of this package, as the tests of its order read it.
struct SourceFile: Sendable {
  /// From the package's folder: `Sources/Custody/Store.swift`.
  let path: String
  let text: String

  var name: String { String(path.split(separator: "/").last!) }
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// The target's folder: `Custody`.
  var target: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }

  /// The modules that it imports, whichever way: `@_exported public import struct A.B` is `A`.
  var imports: [String] {
    guard has("import ") else { return [] }
    return lines.compactMap { line in
      let words = line.split { $0 == " " || $0 == "." }
      guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
        words[..<at].allSatisfy({ $0.hasPrefix("@") || Self.access.contains($0) })
      else { return nil }
      let isKind = Self.kinds.contains(words[at + 1]) && at + 2 < words.count
      return String(words[at + (isKind ? 2 : 1)])
    }
  }

  private static let access: Set<Substring> = [
    "public", "package", "internal", "fileprivate", "private",
  ]
  private static let kinds: Set<Substring> = [
    "struct", "class", "enum", "protocol", "typealias", "func", "var", "let",
  ]

  /// Whether the text has these bytes in it; Swift's own search compares characters and is slow.
  func has(_ bytes: String) -> Bool { strstr(text, bytes) != nil }

  /// The lines that have these bytes in them, as `path:number line`.
  func lines(with bytes: String) -> [String] {
    guard has(bytes) else { return [] }
    return lines.enumerated().filter { $0.element.contains(bytes) }
      .map { "\(path):\($0.offset + 1) \($0.element)" }
  }
}

enum SourceTree {
  static let root = URL(filePath: #filePath)  // PACKAGE/Tests/TidyTests/SourceTree.swift
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Files below `folder`, those of folders with a leading point left out; sorted by path.
  static func files(below folder: String, endingIn suffix: String = "") -> [SourceFile] {
    let base = root.appending(path: folder)
    guard let found = FileManager.default.enumerator(atPath: base.path) else { return [] }
    return found.compactMap { $0 as? String }
      .filter { path in
        path.hasSuffix(suffix) && !path.split(separator: "/").contains { $0.hasPrefix(".") }
      }
      .sorted()
      .compactMap { path in
        guard let text = try? String(contentsOf: base.appending(path: path), encoding: .utf8)
        else { return nil }
        return SourceFile(path: "\(folder)/\(path)", text: text)
      }
  }

  static let sources = files(below: "Sources", endingIn: ".swift")
  static let tests = files(below: "Tests", endingIn: ".swift")

  /// What people read and run beside the Swift.
  static let others = ["migrations", "Scripts", "Tools", "Benchmarks", "policies", "Examples"]
    .flatMap { files(below: $0) }

  static func folders(in folder: String) -> [String] {
    let base = root.appending(path: folder).path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(base)/\(name)", isDirectory: &isFolder)
        && isFolder.boolValue && !name.hasPrefix(".")
    }.sorted()
  }
}
