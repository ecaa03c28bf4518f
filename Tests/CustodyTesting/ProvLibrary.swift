import Testing

/// A second opinion on PROV documents: the Python library `prov`.
///
/// Nothing needs it. Where `python3` finds it, tests let it load what Custody writes; where it does
/// not, they are skipped and say so.
package enum ProvLibrary {
  private static let python = ["/usr/bin/env", "python3"]

  /// How many records it finds in each document, which stands on one line.
  package static func recordCounts(of documents: [String]) async throws -> [Int] {
    let (status, text) = try await PythonTool.run(
      python + [PythonTool.path("prov-load.py")], lines: documents)
    try #require(status == 0, "\(text)")
    return text.split(separator: "\n").compactMap { Int($0) }
  }

  fileprivate static let isThere: Bool = {
    let check = "import prov, lxml"
    return (try? PythonTool.runHere(python + ["-c", check]))?.status == 0
  }()
}

extension Trait where Self == ConditionTrait {
  /// Skips a test or suite where Python does not find prov and lxml.
  package static var needsProvLibrary: Self {
    .enabled(if: ProvLibrary.isThere, "python3 has no prov with lxml; nothing needs it.")
  }
}
