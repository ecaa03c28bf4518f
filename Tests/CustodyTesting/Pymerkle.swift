import CustodyLedger
import Testing

/// pymerkle (PyPI), by others: RFC 6962's tree once more, where it is installed.
///
/// Nothing needs it. To have it asked: `python3 -m venv FOLDER`, `FOLDER/bin/pip install pymerkle`,
/// and `PATH=FOLDER/bin:$PATH Scripts/test`.
package enum Pymerkle {
  private static let python = ["/usr/bin/env", "python3"]

  /// The root of each list of entries, as hexadecimal digits.
  package static func roots(of lists: [[[UInt8]]]) async throws -> [String] {
    let (status, text) = try await PythonTool.run(
      python + [PythonTool.path("merkle-roots.py")],
      lines: lists.map { entries in
        "[" + entries.map { "\"\(Hex.encode($0))\"" }.joined(separator: ",") + "]"
      })
    try #require(status == 0, "\(text)")
    return text.split(separator: "\n").map(String.init)
  }

  fileprivate static let isThere: Bool = {
    let check = "import pymerkle; assert pymerkle.__version__.startswith('7.')"
    return (try? PythonTool.runHere(python + ["-c", check]))?.status == 0
  }()
}

extension Trait where Self == ConditionTrait {
  /// Skips a test or suite where Python does not find pymerkle.
  package static var needsPymerkle: Self {
    .enabled(if: Pymerkle.isThere, "python3 has no pymerkle 7; nothing needs it.")
  }
}
